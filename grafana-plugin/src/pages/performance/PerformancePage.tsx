import { useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { useApi } from '../../api/use-api.ts';
import { dimensionLabel } from '../../filters/dimensions.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { Choice, Choices } from '../../panels/Choice.tsx';
import { Freshness } from '../../panels/Freshness.tsx';
import { EVENT_DAYS, PeriodTooLong } from '../../panels/EventsPeriodNote.tsx';
import { Panel, PanelGrid } from '../../panels/Panel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { ErrorKinds, ErrorRate, ErrorSources } from './ErrorPanels.tsx';
import { annotationsOf } from './incident-annotations.ts';
import { Incidents } from './Incidents.tsx';
import { FirstToken, LatencyHeatmap, ResponseTimes } from './LatencyCharts.tsx';
import { LatencyByMember } from './LatencyByMember.tsx';
import { SameTimeLastWeek } from './SameTimeLastWeek.tsx';
import { SystemPanel } from './SystemPanel.tsx';
import { useGrain } from './use-grain.ts';
import { LATENCY_DIMENSIONS, useLatencyDimension } from './use-latency-dimension.ts';

/** How long calls took, how many failed, and whether the collector itself is well. */
export default function PerformancePage() {
  const theme = useTheme2();
  const { query, days } = usePeriod();
  const { query: filters } = useFilters();
  const grain = useGrain();
  const [dimension, choose] = useLatencyDimension();
  const asked = { ...query, ...filters, group_by: grain };
  const latency = useApi('/v1/analytics/usage/latency', { query: { ...asked, heatmap: true } });
  // Read from the events themselves, which a longer period is refused for.
  const canReadEvents = days <= EVENT_DAYS;
  const firstToken = useApi(
    '/v1/analytics/usage/latency',
    { query: { ...asked, measure: 'time_to_first_token' } },
    { enabled: canReadEvents },
  );
  const errors = useApi('/v1/analytics/usage/errors', { query: asked });
  const incidents = errors.data?.incidents;
  const annotations = useMemo(
    () => annotationsOf(incidents ?? [], theme.visualization.getColorByName('red')),
    [incidents, theme],
  );

  return (
    <AnalyticsPage title="Performance" subTitle="How long calls take, what fails, and since when">
      <Choices label="How latency is told apart">
        <Choice
          label="By"
          value={dimension}
          options={LATENCY_DIMENSIONS.map((value) => ({ value, label: dimensionLabel(value) }))}
          onChange={choose}
        />
      </Choices>
      <PanelGrid>
        <SameTimeLastWeek />
        <ResponseTimes answer={latency} annotations={annotations} />
        <LatencyHeatmap answer={latency} />
        {canReadEvents ? (
          <FirstToken answer={firstToken} annotations={annotations} />
        ) : (
          <Panel title="Time to first token" span={6}>
            <PeriodTooLong what="Times to the first token" />
          </Panel>
        )}
        <LatencyByMember annotations={annotations} />
        <ErrorRate answer={errors} annotations={annotations} />
        <Incidents answer={errors} />
        <ErrorKinds answer={errors} />
        <ErrorSources answer={errors} />
        <SystemPanel freshness={latency.data?.freshness} />
      </PanelGrid>
      <Freshness of={latency.data?.freshness} />
    </AnalyticsPage>
  );
}
