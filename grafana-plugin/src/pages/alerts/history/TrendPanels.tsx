import { useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { Link } from 'react-router-dom';
import { useApi, type Answer } from '../../../api/use-api.ts';
import { TimeSeriesChart } from '../../../charts/TimeSeriesChart.tsx';
import { count } from '../../../figures/format.ts';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { KeyFigure, KeyFigures } from '../../../panels/KeyFigure.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { usePeriod } from '../../../period/use-period.ts';
import { SEVERITIES, SEVERITY_LABELS } from '../alert-types.ts';
import { SeverityBadge } from '../Badges.tsx';
import { secondsText } from '../metrics.ts';
import { useAlertsLink } from '../use-alerts-link.ts';

type Trends = Answer<'/v1/analytics/alerts/trends'>;
type RuleTrend = Trends['by_rule'][number];

/** How many alerts started, of which rules, and how long they took. */
export function TrendPanels() {
  const link = useAlertsLink();
  const { query, groupBy } = usePeriod();
  const trends = useApi('/v1/analytics/alerts/trends', { query: { ...query, group_by: groupBy } });
  const nothing = ({ total }: Trends) =>
    total.alerts === 0 && <Nothing>No alert fired in the period.</Nothing>;
  return (
    <>
      <QueryPanel
        title="Alerts over time"
        description="By the time at which they fired. The time to acknowledge is until the first acknowledgement; alerts that nobody acknowledged, or that go on, are in no time."
        query={trends}
        height={300}
        empty={nothing}
      >
        {(answer) => (
          <>
            <KeyFigures label="Alerts of the period">
              <KeyFigure
                label="Fired"
                value={count(answer.total.alerts)}
                note={`${count(answer.total.acknowledged)} acknowledged, ${count(answer.total.resolved)} resolved`}
              />
              <KeyFigure
                label="Until acknowledged, median"
                value={secondsText(answer.total.time_to_acknowledge_seconds.median)}
                note={`mean ${secondsText(answer.total.time_to_acknowledge_seconds.mean)}`}
              />
              <KeyFigure
                label="Until resolved, median"
                value={secondsText(answer.total.time_to_resolve_seconds.median)}
                note={`mean ${secondsText(answer.total.time_to_resolve_seconds.mean)}`}
              />
            </KeyFigures>
            <TrendChart trends={answer} />
          </>
        )}
      </QueryPanel>
      <QueryPanel title="By rule" query={trends} height={200} empty={nothing}>
        {({ by_rule: rules, other_rules: others }) => (
          <>
            <DataTable
              label="Alerts by rule"
              columns={columns((id) => link({ tab: 'rules', rule: String(id) }))}
              rows={rules}
              rowKey={({ rule_id: id, rule_name: name, severity }) => `${id} ${name} ${severity}`}
              sortBy="-alerts"
              fileName="alerts-by-rule"
            />
            {others.alerts > 0 && (
              <p>
                {count(others.alerts)} more alerts of {count(others.rules)} other rules.
              </p>
            )}
          </>
        )}
      </QueryPanel>
    </>
  );
}

function TrendChart({ trends }: { trends: Trends }) {
  const theme = useTheme2();
  const { groupBy } = usePeriod();
  const chart = useMemo(() => {
    const colors = {
      critical: theme.visualization.getColorByName('dark-red'),
      high: theme.visualization.getColorByName('red'),
      medium: theme.visualization.getColorByName('orange'),
      low: theme.visualization.getColorByName('blue'),
    };
    return {
      times: trends.time_series.map(({ timestamp }) => timestamp),
      series: [...SEVERITIES].reverse().map((severity) => ({
        label: SEVERITY_LABELS[severity],
        color: colors[severity],
        values: trends.time_series.map(({ by_severity: by }) => by[severity]),
      })),
    };
  }, [trends, theme]);
  return (
    <TimeSeriesChart
      label="Alerts that fired, by severity"
      times={chart.times}
      series={chart.series}
      unit="count"
      groupBy={groupBy}
      timeZone={trends.period.timezone}
      stacked
      height={220}
    />
  );
}

function columns(linkTo: (id: number) => string): Column<RuleTrend>[] {
  return [
    {
      id: 'rule',
      header: 'Rule',
      value: ({ rule_name: name }) => name,
      cell: ({ rule_id: id, rule_name: name }) =>
        id === null ? (
          name
        ) : (
          <Link
            to={linkTo(id)}
            style={{ display: 'inline-block', minWidth: 120, textDecoration: 'underline' }}
          >
            {name}
          </Link>
        ),
    },
    {
      id: 'severity',
      header: 'Severity',
      value: ({ severity }) => SEVERITIES.indexOf(severity),
      cell: ({ severity }) => <SeverityBadge severity={severity} />,
    },
    { id: 'alerts', header: 'Fired', numeric: true, value: ({ alerts }) => alerts },
    {
      id: 'acknowledge',
      header: 'Until acknowledged, median',
      numeric: true,
      wideOnly: true,
      value: ({ time_to_acknowledge_seconds: { median } }) => median,
      cell: ({ time_to_acknowledge_seconds: { median } }) => secondsText(median),
    },
    {
      id: 'resolve',
      header: 'Until resolved, median',
      numeric: true,
      value: ({ time_to_resolve_seconds: { median } }) => median,
      cell: ({ time_to_resolve_seconds: { median } }) => secondsText(median),
    },
  ];
}
