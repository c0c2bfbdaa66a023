import { useApi } from '../../api/use-api.ts';
import { dimensionLabel } from '../../filters/dimensions.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import {
  DeletedEventsNote,
  EVENT_DAYS,
  isReadFromEvents,
  PeriodTooLong,
} from '../../panels/EventsPeriodNote.tsx';
import { Freshness } from '../../panels/Freshness.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { Panel, PanelGrid } from '../../panels/Panel.tsx';
import { QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { Breadcrumbs } from './Breadcrumbs.tsx';
import { BreakdownChart, CHARTED } from './BreakdownChart.tsx';
import { BreakdownTable } from './BreakdownTable.tsx';
import { ComparedPeriods } from './ComparedPeriods.tsx';
import { ExploreControls } from './ExploreControls.tsx';
import { MEASURES } from './measures.ts';
import { useExplore, type ExploreState } from './use-explore.ts';

/** Usage by any dimension: who makes it, how it went over time, what changed; a click goes one step further down. */
export default function ExplorePage() {
  const state = useExplore();
  const { days } = usePeriod();
  const { filters } = useFilters();
  const fromEvents = [...state.dimensions, ...filters.map(({ dimension }) => dimension)].find(
    isReadFromEvents,
  );
  return (
    <AnalyticsPage title="Explore" subTitle="Break usage down, step by step">
      <Breadcrumbs state={state} />
      <ExploreControls state={state} />
      {fromEvents !== undefined && days > EVENT_DAYS ? (
        <Panel title="The period is too long">
          <PeriodTooLong what={`Figures by ${dimensionLabel(fromEvents).toLowerCase()}`} />
        </Panel>
      ) : state.comparison === 'off' ? (
        <OnePeriod state={state} />
      ) : (
        <ComparedPeriods state={state} />
      )}
    </AnalyticsPage>
  );
}

function OnePeriod({ state }: { state: ExploreState }) {
  const { query, groupBy, timeZone } = usePeriod();
  const { query: filters } = useFilters();
  const { dimensions, order, limit, chart } = state;
  const question = { ...query, ...filters, dimension: dimensions, order_by: order };
  const table = useApi('/v1/analytics/usage/breakdown', { query: { ...question, limit } });
  const series = useApi(
    '/v1/analytics/usage/breakdown',
    { query: { ...question, limit: Math.min(limit, CHARTED), group_by: groupBy } },
    { enabled: chart !== 'none' },
  );
  const name = dimensions.map(dimensionLabel).join(' and ').toLowerCase();
  const { label } = MEASURES[order];
  const empty = ({ total }: { total: { total_requests: number } }) =>
    total.total_requests === 0 && <Nothing>No calls in this period with these filters.</Nothing>;
  return (
    <>
      <PanelGrid>
        {chart !== 'none' && (
          <QueryPanel
            title={`${label} over time by ${name}`}
            description={`The ${Math.min(limit, CHARTED)} with the most, and everything else as one. Points are a ${groupBy} of ${timeZone}. Drag over it to zoom.`}
            query={series}
            height={340}
            empty={empty}
          >
            {(answer) => (
              <BreakdownChart
                label={`${label} over time by ${name}`}
                answer={answer}
                measure={order}
                kind={chart}
              />
            )}
          </QueryPanel>
        )}
        <QueryPanel
          title={`${label} by ${name}`}
          description="A click on a name adds it as a filter and goes on with the next dimension. Members and other add up to the total exactly."
          query={table}
          height={420}
          empty={empty}
        >
          {(answer) => (
            <>
              <BreakdownTable answer={answer} state={state} />
              <DeletedEventsNote calls={answer.requests_only_in_rollups} />
            </>
          )}
        </QueryPanel>
      </PanelGrid>
      <Freshness of={table.data?.freshness} />
    </>
  );
}
