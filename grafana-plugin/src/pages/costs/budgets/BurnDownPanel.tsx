import { dateTimeParse } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { useApi } from '../../../api/use-api.ts';
import { TimeSeriesChart } from '../../../charts/TimeSeriesChart.tsx';
import { percent, toNumber } from '../../../figures/format.ts';
import { filterQuery } from '../../../filters/use-filters.ts';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { ChartKey } from '../ChartKey.tsx';
import type { Forecast } from '../spend/end-curve.ts';
import { toPageFilters, type BudgetFilters } from './budget-filters.ts';
import { burnDown } from './burn-down.ts';
import type { Budget, BudgetStatus } from './outlook.ts';

/** What is left of a budget as its period goes on. Days and rolling windows are told by what was used in each hour or day of them. */
export function BurnDownPanel({ budget, status }: { budget: Budget; status: BudgetStatus }) {
  return budget.period.type === 'rolling' || budget.period.type === 'day' ? (
    <WindowUse budget={budget} status={status} />
  ) : (
    <BurnDown budget={budget} status={status} />
  );
}

function BurnDown({ budget, status }: { budget: Budget; status: BudgetStatus }) {
  const forecast = useApi('/v1/analytics/usage/forecast', {
    query: {
      measure: budget.measure,
      start_date: status.period.start.slice(0, 10),
      end_date: lastDay(status.period.end),
      timezone: status.period.time_zone,
      ...filterQuery(toPageFilters(budget.filters as BudgetFilters)),
    },
  });
  return (
    <QueryPanel
      title="What is left"
      description="What is left of the amount by the end of each day, and what is expected to be left. The shaded part holds the end of the period with the probability told; before the end it is drawn towards it. The grey line spends evenly."
      query={forecast}
      height={300}
    >
      {(answer) => <BurnDownChart forecast={answer} limit={status.limit} measure={budget.measure} />}
    </QueryPanel>
  );
}

/** The last day of a period that ends before the first moment of a day. */
export function lastDay(end: string): string {
  return new Date(Date.parse(`${end.slice(0, 10)}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

function BurnDownChart({ forecast, limit, measure }: { forecast: Forecast; limit: string; measure: string }) {
  const theme = useTheme2();
  const timeZone = forecast.period.timezone;
  const main = theme.visualization.getColorByName('blue');
  const chart = useMemo(() => {
    const curve = burnDown(forecast, limit);
    return {
      times: curve.dates.map((date) => dateTimeParse(date, { timeZone, format: 'YYYY-MM-DD' }).valueOf()),
      series: [
        { label: 'Most left', values: curve.upper, color: theme.colors.text.disabled, width: 1 },
        { label: 'Least left', values: curve.lower, color: theme.colors.text.disabled, width: 1 },
        { label: 'Left', values: curve.spent, color: main, width: 3 },
        { label: 'Expected', values: curve.expected, color: main, dash: [6, 4] },
        {
          label: 'Spent evenly',
          values: curve.even,
          color: theme.colors.text.secondary,
          dash: [2, 3],
          width: 1,
        },
      ],
    };
  }, [forecast, limit, theme, timeZone, main]);
  const band = useMemo(() => ({ upper: 0, lower: 1 }), []);
  return (
    <>
      <ChartKey
        entries={[
          { label: 'Left', color: main, look: 'line' },
          { label: 'Expected', color: main, look: 'dashed' },
          {
            label: `${percent(100 * forecast.level)} likely`,
            color: theme.colors.action.selected,
            look: 'band',
          },
          { label: 'Spent evenly', color: theme.colors.text.secondary, look: 'dashed' },
        ]}
      />
      <TimeSeriesChart
        label="What is left of the budget by day, with the forecast to the end of its period"
        times={chart.times}
        series={chart.series}
        unit={measure === 'cost' ? 'usd' : 'count'}
        groupBy="day"
        timeZone={timeZone}
        kind="lines"
        height={260}
        band={band}
        legend="none"
      />
    </>
  );
}

function WindowUse({ budget, status }: { budget: Budget; status: BudgetStatus }) {
  const { measure } = budget;
  const hours = (Date.parse(status.period.end) - Date.parse(status.period.start)) / 3_600_000;
  const groupBy = hours <= 72 ? 'hour' : 'day';
  const overview = useApi('/v1/analytics/usage/overview', {
    query: {
      start_date: status.period.start,
      end_date: status.period.end,
      timezone: status.period.time_zone,
      group_by: groupBy,
      ...filterQuery(toPageFilters(budget.filters as BudgetFilters)),
    },
  });
  const name =
    measure === 'cost' ? 'total_cost_usd' : measure === 'tokens' ? 'total_tokens_used' : 'total_requests';
  return (
    <QueryPanel
      title={`Used by ${groupBy}`}
      description={
        budget.period.type === 'rolling'
          ? 'What was used in the window that ends now. It empties as time goes, so that there is no end to foretell.'
          : 'What was used in the day under way.'
      }
      query={overview}
      height={300}
      empty={({ summary }) => summary.total_requests === 0 && <Nothing>Nothing was used.</Nothing>}
    >
      {({ time_series: points }) => (
        <TimeSeriesChart
          label={`Used of the budget by ${groupBy}`}
          times={points.map(({ timestamp }) => timestamp)}
          series={[{ label: 'Used', values: points.map((point) => toNumber(point[name])) }]}
          unit={measure === 'cost' ? 'usd' : 'count'}
          groupBy={groupBy}
          timeZone={status.period.time_zone}
        />
      )}
    </QueryPanel>
  );
}
