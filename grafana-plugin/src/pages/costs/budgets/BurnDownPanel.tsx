import { useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { useApi } from '../../../api/use-api.ts';
import type { Budget, BudgetStatus } from '../../../budgets/outlook.ts';
import { TimeSeriesChart } from '../../../charts/TimeSeriesChart.tsx';
import { toNumber } from '../../../figures/format.ts';
import { toPageFilters, type FilterConditions } from '../../../filters/filter-conditions.ts';
import { filterQuery } from '../../../filters/use-filters.ts';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { ForecastChart } from '../ForecastChart.tsx';
import type { Forecast } from '../spend/end-curve.ts';
import { burnDown } from './burn-down.ts';

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
      ...filterQuery(toPageFilters(budget.filters as FilterConditions)),
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
function lastDay(end: string): string {
  return new Date(Date.parse(`${end.slice(0, 10)}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

function BurnDownChart({ forecast, limit, measure }: { forecast: Forecast; limit: string; measure: string }) {
  const theme = useTheme2();
  const { curve, beside } = useMemo(() => {
    const { even, ...rest } = burnDown(forecast, limit);
    return {
      curve: rest,
      beside: { label: 'Spent evenly', values: even, color: theme.colors.text.secondary, width: 1 },
    };
  }, [forecast, limit, theme]);
  return (
    <ForecastChart
      label="What is left of the budget by day, with the forecast to the end of its period"
      curve={curve}
      known="Left"
      upper="Most left"
      lower="Least left"
      level={forecast.level}
      beside={beside}
      unit={measure === 'cost' ? 'usd' : 'count'}
      timeZone={forecast.period.timezone}
      height={260}
    />
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
      ...filterQuery(toPageFilters(budget.filters as FilterConditions)),
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
