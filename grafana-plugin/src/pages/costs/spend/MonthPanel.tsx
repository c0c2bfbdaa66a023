import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { Link } from 'react-router-dom';
import { useApi } from '../../../api/use-api.ts';
import { outlookOf, type BudgetStatus } from '../../../budgets/outlook.ts';
import { count, percent, toNumber, usd } from '../../../figures/format.ts';
import { areSameFilters, toPageFilters, type FilterConditions } from '../../../filters/filter-conditions.ts';
import { useFilters } from '../../../filters/use-filters.ts';
import { usePageLink } from '../../../navigation/use-page-link.ts';
import { KeyFigure, KeyFigures } from '../../../panels/KeyFigure.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { QueryPanel } from '../../../panels/QueryPanel.tsx';
import { StatusBadge } from '../../../panels/StatusBadge.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import { ForecastChart } from '../ForecastChart.tsx';
import { endCurve, type Forecast } from './end-curve.ts';

/** What this month has cost, where it will end, and whether the budget for it will do. Filters of the page count, its period does not. */
export function MonthPanel() {
  const { timeZone } = useTimeZone();
  const { filters, query } = useFilters();
  const forecast = useApi('/v1/analytics/usage/forecast', { query: { timezone: timeZone, ...query } });
  const budgets = useApi('/v1/analytics/budgets');
  const statuses = useApi('/v1/analytics/budgets/status');
  const budget = useMemo(() => {
    const ids = new Set(
      (budgets.data?.budgets ?? [])
        .filter(
          (one) =>
            one.measure === 'cost' &&
            one.period.type === 'month' &&
            areSameFilters(toPageFilters(one.filters as FilterConditions), filters),
        )
        .map((one) => one.budget_id),
    );
    // Of several for the same, the one that is fullest.
    return (statuses.data?.budgets ?? [])
      .filter(({ budget_id }) => ids.has(budget_id))
      .reduce<BudgetStatus | undefined>(
        (first, one) => (!first || one.percent > first.percent ? one : first),
        undefined,
      );
  }, [budgets.data, statuses.data, filters]);

  return (
    <QueryPanel
      title="This month"
      description={`The calendar month under way in ${timeZone}, whatever period is chosen above. The forecast is made from the last weeks' days; the shaded part is where the month ends with the probability told. Its end is exact; before that it is drawn towards it.`}
      query={forecast}
      height={380}
      empty={({ method }) =>
        (method === 'no-history' || method === 'no-usage') && (
          <Nothing>Nothing was spent yet that a month could be foretold from.</Nothing>
        )
      }
    >
      {(answer) => (
        <>
          <MonthFigures forecast={answer} budget={budget} hasBudgets={budgets.data !== undefined} />
          <MonthChart forecast={answer} limit={budget ? toNumber(budget.limit) : null} />
          {statuses.data && <Attention statuses={statuses.data.budgets} except={budget?.budget_id} />}
        </>
      )}
    </QueryPanel>
  );
}

function MonthFigures({
  forecast,
  budget,
  hasBudgets,
}: {
  forecast: Forecast;
  budget: BudgetStatus | undefined;
  hasBudgets: boolean;
}) {
  const link = usePageLink();
  const { period_total: end, period_so_far: soFar, level, unpriced_requests: unpriced } = forecast;
  const outlook = budget && outlookOf(budget);
  const daysLeft = forecast.forecast.length + 1;
  return (
    <KeyFigures label="This month">
      <KeyFigure
        label="Spent so far"
        value={usd(soFar)}
        note={
          unpriced > 0 ? (
            <Link to={link('costs', { search: { tab: 'unpriced' } })} style={{ textDecoration: 'underline' }}>
              without {count(unpriced)} calls that have no price
            </Link>
          ) : undefined
        }
      />
      <KeyFigure
        label="Expected at the end of the month"
        value={usd(end.mean)}
        note={`${usd(end.lower)} to ${usd(end.upper)}, ${percent(100 * level)} likely`}
      />
      <KeyFigure
        label="Budget"
        value={budget ? usd(budget.limit) : '–'}
        to={link('costs', {
          keepFilters: false,
          search: { tab: 'budgets', ...(budget ? { budget: String(budget.budget_id) } : {}) },
        })}
        note={
          outlook ? (
            <>
              <StatusBadge tone={outlook.tone} label={outlook.label} />
              <br />
              {budget.name}: {percent(budget.percent)} used
            </>
          ) : hasBudgets ? (
            <Link
              to={link('costs', { search: { tab: 'budgets', form: 'new' } })}
              style={{ textDecoration: 'underline' }}
            >
              None for the month and these filters. Make one
            </Link>
          ) : undefined
        }
      />
      <KeyFigure
        label="Left of it"
        value={budget ? usd(budget.remaining) : '–'}
        note={
          budget?.exhausted_at != null && !budget.is_exhausted
            ? `used up about ${budget.exhausted_at.slice(0, 10)}`
            : `${count(daysLeft)} days to go, today included`
        }
      />
    </KeyFigures>
  );
}

function MonthChart({ forecast, limit }: { forecast: Forecast; limit: number | null }) {
  const theme = useTheme2();
  const { timeZone } = useTimeZone();
  const { curve, beside } = useMemo(() => {
    const curve = endCurve(forecast);
    const red = theme.visualization.getColorByName('red');
    return {
      curve,
      beside: limit === null ? null : { label: 'Budget', values: curve.dates.map(() => limit), color: red },
    };
  }, [forecast, limit, theme]);
  return (
    <ForecastChart
      label="Cost of this month summed up by day, with the forecast to its end"
      curve={curve}
      known="Spent"
      upper="Upper bound"
      lower="Lower bound"
      level={forecast.level}
      beside={beside}
      unit="usd"
      timeZone={timeZone}
      height={240}
    />
  );
}

/** The other budgets that will not do, or may not. */
function Attention({ statuses, except }: { statuses: BudgetStatus[]; except: number | undefined }) {
  const styles = useStyles2(getStyles);
  const link = usePageLink();
  const grave = statuses
    .filter(({ budget_id }) => budget_id !== except)
    .map((status) => ({ status, outlook: outlookOf(status) }))
    .filter(({ outlook }) => outlook.rank <= 2)
    .sort((a, b) => a.outlook.rank - b.outlook.rank);
  if (grave.length === 0) return null;
  return (
    <div className={styles.attention}>
      <h3 className={styles.heading}>Other budgets to look at</h3>
      <ul className={styles.list}>
        {grave.map(({ status, outlook }) => (
          <li key={status.budget_id}>
            <StatusBadge tone={outlook.tone} label={outlook.label} />{' '}
            <Link
              className={styles.link}
              to={link('costs', {
                keepFilters: false,
                search: { tab: 'budgets', budget: String(status.budget_id) },
              })}
            >
              {status.name}
            </Link>
            : {outlook.sentence}
          </li>
        ))}
      </ul>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  attention: css({ marginTop: theme.spacing(2) }),
  heading: css({ fontSize: theme.typography.body.fontSize, margin: theme.spacing(0, 0, 0.5) }),
  list: css({ listStyle: 'none', padding: 0, margin: 0, '& li': { marginBottom: theme.spacing(0.5) } }),
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
});
