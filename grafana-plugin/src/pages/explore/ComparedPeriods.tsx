import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useMemo } from 'react';
import { useApi } from '../../api/use-api.ts';
import { count } from '../../figures/format.ts';
import { dimensionLabel } from '../../filters/dimensions.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { ChangeTable } from '../../panels/ChangeTable.tsx';
import { DeletedEventsNote } from '../../panels/EventsPeriodNote.tsx';
import { Nothing } from '../../panels/Nothing.tsx';
import { Panel, PanelGrid } from '../../panels/Panel.tsx';
import { PeriodsCompared } from '../../panels/PeriodsCompared.tsx';
import { QueryContent, QueryPanel } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { BreakdownChart, CHARTED } from './BreakdownChart.tsx';
import { MEASURES } from './measures.ts';
import type { ExploreState } from './use-explore.ts';
import { useMemberLinks } from './use-member-links.ts';

/** The period beside another one: who changed the total, and both over time. */
export function ComparedPeriods({ state }: { state: ExploreState }) {
  const styles = useStyles2(getStyles);
  const { query } = usePeriod();
  const { query: filters } = useFilters();
  const { drillLink, eventsLink } = useMemberLinks(state);
  const { dimensions, limit, chart, comparison, compareStart, compareEnd } = state;
  // What is compared is a change of sums: means have no parts.
  const measure = MEASURES[state.order].isSum ? state.order : 'total_cost_usd';
  const { label, unit, increaseIs } = MEASURES[measure];
  const isComplete = comparison !== 'custom' || (compareStart !== '' && compareEnd !== '');
  const answer = useApi(
    '/v1/analytics/usage/compare',
    {
      query: {
        ...query,
        ...filters,
        dimension: dimensions,
        measure,
        limit,
        ...(comparison === 'custom'
          ? { compare_start: compareStart, compare_end: compareEnd }
          : { compare_with: comparison }),
      },
    },
    { enabled: isComplete },
  );
  if (!isComplete)
    return (
      <Panel title="Two periods">
        <Nothing>Choose the first and the last day of the other period.</Nothing>
      </Panel>
    );
  return (
    <>
      <QueryPanel
        title={`${label} in two periods`}
        description="Those that changed the total most come first. A contribution is the part of the total's change that a member made: more than 100 % where others went against it."
        query={answer}
        height={420}
        empty={({ total }) =>
          total.current.total_requests + total.previous.total_requests === 0 && (
            <Nothing>No calls in either period.</Nothing>
          )
        }
      >
        {(compared) => (
          <>
            <PeriodsCompared answer={compared} />
            {measure !== state.order && (
              <p className={styles.note}>
                {MEASURES[state.order].label} is a mean, which members do not add up to: cost is compared
                instead.
              </p>
            )}
            {compared.total.members && (
              <p className={styles.note}>
                {count(compared.total.members.new)} new and {count(compared.total.members.gone)} gone of{' '}
                {count(compared.total.members.all)}.
              </p>
            )}
            <ChangeTable
              label={`${label} by ${dimensions.map(dimensionLabel).join(' and ').toLowerCase()}, two periods`}
              answer={compared}
              measure={measure}
              unit={unit}
              increaseIs={increaseIs}
              to={(member) => ({ search: drillLink(member) })}
              does={(name) => `Look into ${name}`}
              events={eventsLink}
              fileName={`compare-${dimensions.join('-')}`}
            />
            <DeletedEventsNote
              calls={
                (compared.period.requests_only_in_rollups ?? 0) +
                (compared.compared_to.requests_only_in_rollups ?? 0)
              }
            />
          </>
        )}
      </QueryPanel>
      {chart !== 'none' && answer.data && (
        <div className={styles.below}>
          <TwoCharts
            state={state}
            measure={measure}
            kind={chart}
            current={answer.data.period}
            previous={answer.data.compared_to}
          />
        </div>
      )}
    </>
  );
}

interface Range {
  start: string;
  end: string;
}

/** Both periods over time, beside each other and with the same colours. */
function TwoCharts({
  state: { dimensions },
  measure,
  kind,
  current,
  previous,
}: {
  state: ExploreState;
  measure: keyof typeof MEASURES;
  kind: 'bars' | 'lines';
  current: Range;
  previous: Range;
}) {
  const { groupBy, timeZone } = usePeriod();
  const { query: filters } = useFilters();
  const question = ({ start, end }: Range) => ({
    query: {
      start_date: start,
      end_date: end,
      timezone: timeZone,
      ...filters,
      dimension: dimensions,
      order_by: measure,
      limit: CHARTED,
      group_by: groupBy,
    },
  });
  const now = useApi('/v1/analytics/usage/breakdown', question(current));
  const before = useApi('/v1/analytics/usage/breakdown', question(previous));
  const colorsFor = useColorOrder(now.data?.members, before.data?.members);
  const { label } = MEASURES[measure];
  return (
    <PanelGrid>
      {(
        [
          ['before', before],
          ['now', now],
        ] as const
      ).map(([when, query]) => (
        <Panel key={when} title={`${label}, ${when}`} span={6}>
          <QueryContent query={query} height={260}>
            {(answer) => (
              <BreakdownChart
                label={`${label} over time, ${when}`}
                answer={answer}
                measure={measure}
                kind={kind}
                colorsFor={colorsFor}
                height={260}
              />
            )}
          </QueryContent>
        </Panel>
      ))}
    </PanelGrid>
  );
}

/** All members of both, each once: the place of a member is its colour. */
function useColorOrder(now: { label: string }[] = NOBODY, before: { label: string }[] = NOBODY): string[] {
  return useMemo(() => [...new Set([...now, ...before].map(({ label }) => label))], [now, before]);
}
const NOBODY: { label: string }[] = [];

const getStyles = (theme: GrafanaTheme2) => ({
  note: css({ color: theme.colors.text.secondary, margin: theme.spacing(0, 0, 1) }),
  below: css({ marginTop: theme.spacing(2) }),
});
