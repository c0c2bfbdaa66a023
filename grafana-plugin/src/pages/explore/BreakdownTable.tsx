import { percent } from '../../figures/format.ts';
import { dimensionLabel } from '../../filters/dimensions.ts';
import { footerOf, rowLabel, type Breakdown, type BreakdownRow as Row } from '../../panels/breakdown-rows.ts';
import { DataTable, type Column } from '../../panels/DataTable.tsx';
import { MemberCell } from '../../panels/MemberCell.tsx';
import {
  costColumn,
  errorRateColumn,
  meanTimeColumn,
  perThousandColumn,
  percentileColumn,
  requestsColumn,
  tokensColumn,
  unpricedColumn,
} from '../../panels/usage-columns.ts';
import { MEASURES, measureText, measureValue, shareOf } from './measures.ts';
import type { ExploreState } from './use-explore.ts';
import { useMemberLinks } from './use-member-links.ts';

/** The top members with their figures and shares, everything else as one, and the total. */
export function BreakdownTable({ answer, state }: { answer: Breakdown; state: ExploreState }) {
  const { order } = state;
  const { drillLink, eventsLink } = useMemberLinks(state);
  const { dimensions, members, total } = answer;
  const name = dimensions.map(dimensionLabel).join(' and ');
  const labelOf = (row: Row) => rowLabel(row, answer);
  const share = (row: Row) => shareOf(order, row, total);
  const all: Column<Row>[] = [
    {
      id: 'member',
      header: name,
      value: labelOf,
      cell: (row) =>
        'member' in row ? (
          <MemberCell
            label={row.label}
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
    costColumn({ id: 'total_cost_usd' }),
    requestsColumn({ id: 'total_requests' }),
    perThousandColumn({ header: 'Cost per 1,000', wideOnly: true }),
    tokensColumn(),
    errorRateColumn({ header: 'Error rate' }),
    meanTimeColumn({ id: 'average_response_time_ms', header: 'Response time' }),
    ...(total.response_time_percentiles_ms ? [percentileColumn<Row>('p95')] : []),
    ...(total.unpriced_requests > 0 ? [unpricedColumn<Row>({ id: 'unpriced_requests' })] : []),
  ];
  // What it is ordered by stands first, and only there.
  const columns = all.filter((column, index) => all.findIndex(({ id }) => id === column.id) === index);
  return (
    <DataTable
      key={`${dimensions.join()} ${order}`}
      label={`Top ${name.toLowerCase()}`}
      columns={columns}
      rows={members}
      footer={footerOf(answer)}
      rowKey={labelOf}
      sortBy={`-${order}`}
      fileName={`breakdown-${dimensions.join('-')}`}
    />
  );
}
