import { useApi, type Answer } from '../../../api/use-api.ts';
import { amountText, type Measure } from '../../../budgets/amount.ts';
import type { Budget } from '../../../budgets/outlook.ts';
import { percent, toNumber } from '../../../figures/format.ts';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { Nothing } from '../../../panels/Nothing.tsx';
import { Panel } from '../../../panels/Panel.tsx';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { PreviewTable } from './PreviewTable.tsx';

type Past = Answer<'/v1/analytics/budgets/{budget_id}/history'>['periods'][number];

/** The periods of a budget that are over; of a new one what it would have held. */
export function BudgetHistory({ budget }: { budget: Budget }) {
  const path = { budget_id: String(budget.budget_id) };
  const history = useApi('/v1/analytics/budgets/{budget_id}/history', { path });
  const isNew = history.data?.periods.length === 0;
  const preview = useApi('/v1/analytics/budgets/{budget_id}/preview', { path }, { enabled: isNew });
  return (
    <Panel
      title={isNew ? 'What it would have held' : 'Past periods'}
      span={budget.enabled ? 8 : 12}
      description={
        isNew
          ? 'The budget has no period behind it yet: what the periods before would have been to it.'
          : 'With the limit of that time. Late calls and repricing are in what was used.'
      }
    >
      <QueryContent query={history} height={160}>
        {({ periods }) =>
          periods.length > 0 ? (
            <DataTable
              label="Past periods"
              columns={columns(budget.measure)}
              rows={periods}
              rowKey={({ start }) => start}
              fileName={`budget-${budget.budget_id}`}
            />
          ) : (
            <QueryContent
              query={preview}
              height={160}
              empty={({ periods: none }) => none.length === 0 && <Nothing>There is no past to tell.</Nothing>}
            >
              {({ periods: past }) => <PreviewTable periods={past} measure={budget.measure} />}
            </QueryContent>
          )
        }
      </QueryContent>
    </Panel>
  );
}

function columns(measure: Measure): Column<Past>[] {
  return [
    {
      id: 'start',
      header: 'From',
      value: ({ start }) => start.slice(0, 10),
      cell: ({ start }) => <span style={{ whiteSpace: 'nowrap' }}>{start.slice(0, 10)}</span>,
    },
    { id: 'end', header: 'Until', wideOnly: true, value: ({ end }) => end.slice(0, 10) },
    {
      id: 'spent',
      header: 'Used',
      numeric: true,
      value: ({ spent }) => toNumber(spent),
      cell: ({ spent }) => amountText(spent, measure),
    },
    {
      id: 'limit',
      header: 'Limit',
      numeric: true,
      value: ({ limit }) => toNumber(limit),
      cell: ({ limit }) => amountText(limit, measure),
    },
    {
      id: 'percent',
      header: 'Used, %',
      numeric: true,
      value: ({ percent: used }) => used,
      cell: ({ percent: used }) => `${percent(used)}${used > 100 ? ', exceeded' : ''}`,
    },
  ];
}
