import { useTheme2 } from '@grafana/ui';
import type { UseQueryResult } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ApiProblem } from '../../api/problem.ts';
import type { ChartAnnotation } from '../../charts/chart-types.ts';
import { seriesColors } from '../../charts/colors.ts';
import { TimeSeriesChart } from '../../charts/TimeSeriesChart.tsx';
import { type Unit } from '../../figures/format.ts';
import { visibleLabel } from '../../filters/dimensions.ts';
import { useChoice } from '../../navigation/use-choice.ts';
import type { Breakdown } from '../../panels/breakdown-rows.ts';
import { Choice } from '../../panels/Choice.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { costPerThousandCalls, errorRate, knownCost, type UsageFigures } from '../../panels/usage-rates.ts';
import { usePeriod } from '../../period/use-period.ts';
import { seen } from './first-seen.ts';

interface Figures extends UsageFigures {
  average_response_time_ms: number | null;
}

interface Shown {
  label: string;
  unit: Unit;
  stacked: boolean;
  of: (figures: Figures) => number | null;
}

const CHARTS = {
  per_call: { label: 'Cost per 1,000 calls', unit: 'usd', stacked: false, of: costPerThousandCalls },
  cost: { label: 'Cost', unit: 'usd', stacked: true, of: knownCost },
  requests: { label: 'Requests', unit: 'count', stacked: true, of: ({ total_requests }) => total_requests },
  errors: { label: 'Error rate', unit: 'percent', stacked: false, of: errorRate },
  time: {
    label: 'Response time, mean',
    unit: 'ms',
    stacked: false,
    of: ({ average_response_time_ms }) => average_response_time_ms,
  },
} satisfies Record<string, Shown>;
type ChartName = keyof typeof CHARTS;
const NAMES = Object.keys(CHARTS) as ChartName[];
/** Lines that can still be told apart. */
const MAX_VERSIONS = 8;

/** One figure over time by version; a dashed line stands where a version was called for the first time. */
export function VersionsOverTime({ answer }: { answer: UseQueryResult<Breakdown, ApiProblem> }) {
  const [name, setName] = useChoice<ChartName>('figure', NAMES, 'per_call');
  return (
    <QueryPanel
      title="Versions over time"
      description={`The ${MAX_VERSIONS} versions that cost most. A dashed line stands where a version was called for the first time within the period.`}
      actions={
        <Choice
          label="Figure"
          value={name}
          onChange={setName}
          options={NAMES.map((value) => ({ value, label: CHARTS[value].label }))}
        />
      }
      query={answer}
      height={320}
      empty={({ total }) => total.total_requests === 0 && <Nothing>No calls in this period.</Nothing>}
    >
      {(data) => <Chart data={data} shown={CHARTS[name]} />}
    </QueryPanel>
  );
}

function Chart({ data, shown }: { data: Breakdown; shown: Shown }) {
  const theme = useTheme2();
  const { groupBy, timeZone, zoomTo } = usePeriod();
  const { times, series, annotations } = useMemo(() => {
    const versions = data.members.slice(0, MAX_VERSIONS);
    const colors = seriesColors(theme, versions.length);
    return {
      times: (versions[0]?.time_series ?? []).map(({ timestamp }) => timestamp),
      series: versions.map(({ label, time_series = [] }, index) => ({
        label: `Version ${visibleLabel(label)}`,
        color: colors[index] ?? theme.colors.text.secondary,
        values: time_series.map((point) =>
          point.total_requests === 0 ? (shown.stacked ? 0 : null) : shown.of(point),
        ),
      })),
      annotations: versions.flatMap(({ label, time_series = [] }, index): ChartAnnotation[] => {
        const when = seen(time_series);
        return when?.beganInPeriod === true
          ? [
              {
                time: Date.parse(when.first),
                text: `Version ${label}: first called`,
                color: colors[index] ?? theme.colors.text.secondary,
              },
            ]
          : [];
      }),
    };
  }, [data, shown, theme]);
  return (
    <TimeSeriesChart
      label={`${shown.label} over time by version`}
      times={times}
      series={series}
      annotations={annotations}
      unit={shown.unit}
      groupBy={groupBy}
      timeZone={timeZone}
      kind={shown.stacked ? 'bars' : 'lines'}
      stacked={shown.stacked}
      legend={shown.stacked ? 'sum' : 'last'}
      onZoom={zoomTo}
    />
  );
}
