import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { RadioButtonGroup, useStyles2, useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { Link } from 'react-router-dom';
import { useApi, type Answer } from '../../../api/use-api.ts';
import { TimeSeriesChart } from '../../../charts/TimeSeriesChart.tsx';
import { changePercent, count, toNumber, usd } from '../../../figures/format.ts';
import { signedUsd } from '../../../figures/signed.ts';
import { pointTime } from '../../../figures/time.ts';
import { dimensionLabel } from '../../../filters/dimensions.ts';
import { useFilters } from '../../../filters/use-filters.ts';
import { pageAbout } from '../../../navigation/page-about.ts';
import { useChoice } from '../../../navigation/use-choice.ts';
import { usePageLink } from '../../../navigation/use-page-link.ts';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel } from '../../../panels/Panel.tsx';
import { QueryContent, QueryPanel } from '../../../panels/QueryPanel.tsx';
import { usePeriod } from '../../../period/use-period.ts';
import { breakdownSeries } from '../../../usage/breakdown-series.ts';
import { BY } from './by.ts';

type Incident = Answer<'/v1/analytics/usage/anomalies'>['incidents'][number];

/** The anomalies of longer periods are not asked for: that many days the collector judges at once. */
const MOST_DAYS = 35;

/** Cost over time by the members of a dimension, with what left its rhythm marked on it and told below. */
export function DailyCostPanel() {
  const theme = useTheme2();
  const { query, groupBy, timeZone, zoomTo, days, range } = usePeriod();
  const { query: filters } = useFilters();
  const [by, setBy] = useChoice('by', BY, BY[0]);
  const breakdown = useApi('/v1/analytics/usage/breakdown', {
    query: { ...query, ...filters, dimension: by, limit: 6, group_by: groupBy },
  });
  const isCut = days > MOST_DAYS;
  const anomalies = useApi('/v1/analytics/usage/anomalies', {
    query: {
      ...query,
      ...filters,
      // To the minute, so that the same question stays the same.
      ...(isCut
        ? {
            start_date: new Date(
              60_000 * Math.ceil(range.to.valueOf() / 60_000) - (MOST_DAYS - 1) * 86_400_000,
            ).toISOString(),
          }
        : {}),
    },
  });
  const incidents = anomalies.data?.incidents;
  const annotations = useMemo(
    () =>
      (incidents ?? []).map((incident) => ({
        time: Date.parse(incident.start),
        text: incident.reason,
        color: theme.visualization.getColorByName(incident.direction === 'up' ? 'red' : 'green'),
      })),
    [incidents, theme],
  );

  return (
    <>
      <QueryPanel
        title={`Cost by ${dimensionLabel(by).toLowerCase()}`}
        description={`The six with the most, and everything else as one. Points are a ${groupBy} of ${timeZone}. Dashed lines are where an anomaly began.`}
        actions={
          <RadioButtonGroup
            size="sm"
            aria-label="Cost by"
            value={by}
            onChange={setBy}
            options={BY.map((name) => ({ value: name, label: dimensionLabel(name) }))}
          />
        }
        query={breakdown}
        height={320}
        empty={({ total }) => total.total_requests === 0 && <Nothing>No calls in this period.</Nothing>}
      >
        {(data) => (
          <TimeSeriesChart
            label={`Cost over time by ${dimensionLabel(by)}`}
            {...breakdownSeries(data, theme, ({ total_cost_usd: cost }) => toNumber(cost))}
            unit="usd"
            groupBy={groupBy}
            timeZone={timeZone}
            stacked
            annotations={annotations}
            onZoom={zoomTo}
          />
        )}
      </QueryPanel>
      <Panel
        title="Anomalies"
        description="Where cost left its rhythm: against the same hours of the same weekdays in the four weeks before, by total, project, prompt and model."
      >
        <QueryContent
          query={anomalies}
          height={80}
          empty={({ incidents: none }) =>
            none.length === 0 && (
              <Nothing>
                Nothing unusual{isCut ? ` in the last ${MOST_DAYS} days of the period` : ' in this period'}:
                no cost is 30 % and a dollar off what is usual.
              </Nothing>
            )
          }
        >
          {({ incidents: found, incident_count: all }) => (
            <>
              {(isCut || all > found.length) && (
                <p>
                  {isCut ? `The last ${MOST_DAYS} days of the period. ` : ''}
                  {all > found.length ? `${count(all)} were found, the largest are shown.` : ''}
                </p>
              )}
              <IncidentList incidents={found} timeZone={timeZone} />
            </>
          )}
        </QueryContent>
      </Panel>
    </>
  );
}

function IncidentList({ incidents, timeZone }: { incidents: Incident[]; timeZone: string }) {
  const styles = useStyles2(getStyles);
  const link = usePageLink();
  return (
    <ul className={styles.list}>
      {incidents.map((incident) => {
        const { dimension, member, start, end, grain, ongoing } = incident;
        const isTotal = dimension === 'total';
        // What is told of days ends with a day: its last one is what a person calls the end.
        const last = Date.parse(end) - (grain === 'day' ? 1 : 0);
        return (
          <li key={`${dimension} ${member} ${start}`} className={styles.item}>
            <Link
              className={styles.link}
              to={link(pageAbout(dimension), {
                ...(isTotal ? {} : { filter: [dimension, member] as [string, string | null] }),
                search: { from: String(Date.parse(start)), to: String(Date.parse(end)) },
              })}
            >
              {isTotal ? 'All cost' : `${dimensionLabel(dimension)} ${member ?? '(none)'}`}
            </Link>{' '}
            <strong>
              {signedUsd(incident.difference)} ({changePercent(incident.percent)})
            </strong>
            : {usd(incident.actual)} instead of the usual {usd(incident.expected)},{' '}
            {pointTime(start, grain, timeZone)} to {pointTime(last, grain, timeZone)}
            {ongoing ? ', still under way' : ''}.
            {incident.explained_by.length > 0 && (
              <div className={styles.why}>
                Because of{' '}
                {incident.explained_by
                  .map(
                    (part) =>
                      `${dimensionLabel(part.dimension).toLowerCase()} ${part.member ?? '(none)'} (${signedUsd(part.difference)})`,
                  )
                  .join(', ')}
                .
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', padding: 0, margin: 0 }),
  item: css({
    padding: theme.spacing(0.75, 0),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '&:last-child': { borderBottom: 0 },
  }),
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
  why: css({ color: theme.colors.text.secondary }),
});
