import type { Answer } from '../../api/use-api.ts';
import { count, duration, percent, usd } from '../../figures/format.ts';
import { dimensionLabel } from '../../filters/dimensions.ts';
import { DataTable, type Column } from '../../panels/DataTable.tsx';
import { MemberCell } from '../../panels/MemberCell.tsx';
import { costPerThousandCalls, errorRate, knownCost } from '../../panels/usage-rates.ts';
import { MEASURES, measureText, measureValue, shareOf } from './measures.ts';
import { useMemberLinks } from './use-member-links.ts';
import type { ExploreState } from './use-explore.ts';

export type Breakdown = Answer<'/v1/analytics/usage/breakdown'>;
type Row = Breakdown['members'][number] | Breakdown['total'] | NonNullable<Breakdown['other']>;

/** The top members with their figures and shares, everything else as one, and the total. */
export function BreakdownTable({ answer, state }: { answer: Breakdown; state: ExploreState }) {
  const { order } = state;
  const { drillLink, eventsLink } = useMemberLinks(state);
  const { dimensions, members, other, total } = answer;
  const name = dimensions.map(dimensionLabel).join(' and ');
  const labelOf = (row: Row): string =>
    'label' in row
      ? row.label
      : row === total
        ? `Total (${total.members})`
        : `Other (${other?.members ?? 0})`;
  const share = (row: Row) => shareOf(order, row, total);
  const all: Column<Row>[] = [
    {
      id: 'member',
      header: name,
      value: labelOf,
      cell: (row) =>
        'member' in row ? (
          <MemberCell
            label={row.label === '' ? '""' : row.label}
            to={{ search: drillLink(row.member) }}
            does={`Look into ${row.label}`}
            events={eventsLink(row.member)}
            {...(MEASURES[order].isSum ? { share: share(row) } : {})}
          />
        ) : (
          labelOf(row)
        ),
    },
    {
      id: order,
      header: MEASURES[order].label,
      numeric: true,
      value: (row) => measureValue(order, row),
      cell: (row) => measureText(order, row),
    },
    ...(MEASURES[order].isSum
      ? [
          {
            id: 'share',
            header: 'Share',
            numeric: true,
            value: share,
            cell: (row: Row) => percent(share(row), 1),
          },
        ]
      : []),
    {
      id: 'total_cost_usd',
      header: 'Cost',
      numeric: true,
      value: knownCost,
      cell: (row) => usd(knownCost(row)),
    },
    {
      id: 'total_requests',
      header: 'Requests',
      numeric: true,
      value: (row) => row.total_requests,
      cell: (row) => count(row.total_requests),
    },
    {
      id: 'cost_per_thousand',
      header: 'Cost per 1,000',
      numeric: true,
      wideOnly: true,
      value: costPerThousandCalls,
      cell: (row) => usd(costPerThousandCalls(row)),
    },
    {
      id: 'total_tokens_used',
      header: 'Tokens',
      numeric: true,
      value: (row) => row.total_tokens_used,
      cell: (row) => count(row.total_tokens_used, { short: true }),
    },
    {
      id: 'error_rate',
      header: 'Error rate',
      numeric: true,
      value: errorRate,
      cell: (row) => percent(errorRate(row), 2),
    },
    {
      id: 'average_response_time_ms',
      header: 'Response time',
      numeric: true,
      value: (row) => row.average_response_time_ms,
      cell: (row) => duration(row.average_response_time_ms),
    },
    ...(total.response_time_percentiles_ms
      ? [
          {
            id: 'p95',
            header: 'p95',
            numeric: true,
            value: (row: Row) => row.response_time_percentiles_ms?.p95 ?? null,
            cell: (row: Row) => duration(row.response_time_percentiles_ms?.p95),
          },
        ]
      : []),
    ...(total.unpriced_requests > 0
      ? [
          {
            id: 'unpriced_requests',
            header: 'Unpriced',
            numeric: true,
            value: (row: Row) => row.unpriced_requests,
            cell: (row: Row) => count(row.unpriced_requests),
          },
        ]
      : []),
  ];
  // What it is ordered by stands first, and only there.
  const columns = all.filter((column, index) => all.findIndex(({ id }) => id === column.id) === index);
  return (
    <DataTable
      key={`${dimensions.join()} ${order}`}
      label={`Top ${name.toLowerCase()}`}
      columns={columns}
      rows={members}
      footer={[...(other ? [other] : []), total]}
      rowKey={labelOf}
      sortBy={`-${order}`}
      fileName={`breakdown-${dimensions.join('-')}`}
    />
  );
}
