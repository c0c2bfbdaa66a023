import type { Answer } from '../../../api/use-api.ts';
import { amountText, type Measure } from '../../../budgets/amount.ts';
import { percent, toNumber } from '../../../figures/format.ts';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';

export type PreviewPeriod = Answer<'/v1/analytics/budgets/{budget_id}/preview'>['periods'][number];

/** What past periods would have been to a budget; the first may be under way. */
export function PreviewTable({ periods, measure }: { periods: PreviewPeriod[]; measure: Measure }) {
  return (
    <DataTable
      label="What the budget would have held"
      columns={columns(measure)}
      rows={periods}
      rowKey={({ start }) => start}
    />
  );
}

function columns(measure: Measure): Column<PreviewPeriod>[] {
  return [
    {
      id: 'start',
      header: 'From',
      value: ({ start }) => start.slice(0, 10),
      cell: ({ start, is_over: isOver }) => (
        <>
          <span style={{ whiteSpace: 'nowrap' }}>{start.slice(0, 10)}</span>
          {isOver ? '' : ', under way'}
        </>
      ),
    },
    {
      id: 'spent',
      header: 'Used',
      numeric: true,
      value: ({ spent }) => toNumber(spent),
      cell: ({ spent, is_lower_bound: isLower }) =>
        `${amountText(spent, measure)}${isLower ? ' at least' : ''}`,
    },
    {
      id: 'percent',
      header: 'Of the amount',
      numeric: true,
      value: ({ percent: used }) => used,
      cell: ({ percent: used }) => percent(used),
    },
    {
      id: 'reached',
      header: 'Thresholds reached',
      value: ({ thresholds_reached: reached }) => reached.length,
      cell: ({ thresholds_reached: reached }) =>
        reached.length === 0 ? 'none' : reached.map((at) => percent(at)).join(', '),
    },
  ];
}
