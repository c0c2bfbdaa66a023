import { Button } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { useApi } from '../../../api/use-api.ts';
import { amountText } from '../../../budgets/amount.ts';
import { outlookOf, type Budget, type BudgetStatus } from '../../../budgets/outlook.ts';
import { percent, toNumber } from '../../../figures/format.ts';
import { instant } from '../../../figures/time.ts';
import { scopeText, type FilterConditions } from '../../../filters/filter-conditions.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { usePageLink } from '../../../navigation/use-page-link.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel } from '../../../panels/Panel.tsx';
import { ProblemAlert } from '../../../panels/ProblemAlert.tsx';
import { Skeleton } from '../../../panels/Skeleton.tsx';
import { StatusBadge } from '../../../panels/StatusBadge.tsx';
import { useTimeZone } from '../../../period/time-zone.tsx';
import { budgetPeriodText } from './periods.ts';
import { UsedBar } from './UsedBar.tsx';

interface Row {
  budget: Budget;
  /** undefined while it is awaited, and of budgets that are switched off. */
  status: BudgetStatus | undefined;
}

/** All budgets with their state, the gravest first. */
export function BudgetList({ budgets }: { budgets: Budget[] }) {
  const { user } = useHost();
  const set = useSetParameters();
  const link = usePageLink();
  const { timeZone } = useTimeZone();
  const statuses = useApi('/v1/analytics/budgets/status', {}, { every: 30_000 });
  const add = (
    <Button
      size="sm"
      icon="plus"
      disabled={!user.mayChange}
      tooltip={user.mayChange ? undefined : READ_ONLY}
      onClick={() => set({ form: 'new', budget: null }, 'go')}
    >
      New budget
    </Button>
  );
  if (budgets.length === 0)
    return (
      <Panel title="Budgets" actions={add}>
        <Nothing>
          There is no budget. One says how much a part of the usage may cost in a period, tells where it will
          end, and warns or blocks when it is used up.
        </Nothing>
      </Panel>
    );
  const rows = budgets
    .map((budget): Row => ({
      budget,
      status: statuses.data?.budgets.find((one) => one.budget_id === budget.budget_id),
    }))
    .sort((a, b) => rank(a) - rank(b) || (b.status?.percent ?? 0) - (a.status?.percent ?? 0));
  return (
    <Panel
      title="Budgets"
      description="What is spent is the overview's cost of the budget's period and filters. Forecasts hold the end with the probability of 80 %."
      actions={add}
    >
      {statuses.error && <ProblemAlert problem={statuses.error} onRetry={() => void statuses.refetch()} />}
      {statuses.isPending ? (
        <Skeleton height={200} />
      ) : (
        <DataTable
          label="Budgets with their state"
          columns={columns(
            (id) => link('costs', { keepFilters: false, search: { tab: 'budgets', budget: id } }),
            timeZone,
          )}
          rows={rows}
          rowKey={({ budget }) => String(budget.budget_id)}
          fileName="budgets"
        />
      )}
      {!user.mayChange && <p>{READ_ONLY}</p>}
      <p>
        <Link to={link('alerts', { keepFilters: false })} style={{ textDecoration: 'underline' }}>
          Be told when a threshold is crossed
        </Link>
      </p>
    </Panel>
  );
}

function rank({ budget, status }: Row): number {
  return status ? outlookOf(status).rank : budget.enabled ? 5 : 6;
}

function columns(linkTo: (id: string) => string, timeZone: string): Column<Row>[] {
  const amount = ({ budget }: Row, value: string | null | undefined): string =>
    value === null || value === undefined ? '–' : amountText(value, budget.measure);
  return [
    {
      id: 'name',
      header: 'Budget',
      value: ({ budget }) => budget.name,
      cell: ({ budget }) => (
        <div style={{ minWidth: 130 }}>
          <Link to={linkTo(String(budget.budget_id))} style={{ textDecoration: 'underline' }}>
            {budget.name}
          </Link>
          <br />
          <small>
            {scopeText(budget.filters as FilterConditions)}, {budgetPeriodText(budget)}
          </small>
        </div>
      ),
    },
    {
      id: 'state',
      header: 'State',
      value: (row) => rank(row),
      cell: ({ budget, status }) => {
        if (!budget.enabled) return <StatusBadge tone="neutral" label="Switched off" />;
        if (!status) return '–';
        const { tone, label } = outlookOf(status);
        return <StatusBadge tone={tone} label={label} />;
      },
    },
    {
      id: 'percent',
      header: 'Used',
      value: ({ status }) => status?.percent ?? null,
      cell: (row) =>
        row.status ? (
          <>
            {percent(row.status.percent)} of {amount(row, row.budget.amount)}
            <UsedBar status={row.status} />
          </>
        ) : (
          '–'
        ),
    },
    {
      id: 'spent',
      header: 'Spent',
      numeric: true,
      wideOnly: true,
      value: ({ status }) => toNumber(status?.spent),
      cell: (row) => `${amount(row, row.status?.spent)}${row.status?.is_lower_bound ? ' at least' : ''}`,
    },
    {
      id: 'limit',
      header: 'Limit',
      numeric: true,
      wideOnly: true,
      value: ({ budget }) => toNumber(budget.amount),
      cell: (row) => amount(row, row.budget.amount),
    },
    {
      id: 'burn',
      header: 'A day, now',
      numeric: true,
      wideOnly: true,
      value: ({ status }) => toNumber(status?.burn_rate.now_per_day),
      cell: (row) => amount(row, row.status?.burn_rate.now_per_day),
    },
    {
      id: 'forecast',
      header: 'Expected end',
      numeric: true,
      wideOnly: true,
      value: ({ status }) => toNumber(status?.forecast?.at_end),
      cell: (row) => {
        const forecast = row.status?.forecast;
        if (!forecast) return '–';
        return (
          <>
            {amount(row, forecast.at_end)}
            <br />
            <small>
              {amount(row, forecast.lower)} to {amount(row, forecast.upper)}
            </small>
          </>
        );
      },
    },
    {
      id: 'exhausted',
      header: 'Used up',
      numeric: true,
      wideOnly: true,
      value: ({ status }) => status?.exhausted_at ?? null,
      cell: ({ status }) => instant(status?.exhausted_at, timeZone).slice(0, 16),
    },
  ];
}
