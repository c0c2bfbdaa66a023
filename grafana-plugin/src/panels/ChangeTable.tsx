import type { Answer } from '../api/use-api.ts';
import { changePercent, formatter, toNumber, type Unit } from '../figures/format.ts';
import { signed } from '../figures/signed.ts';
import { dimensionLabel } from '../filters/dimensions.ts';
import { Change } from './Change.tsx';
import { DataTable, type Column } from './DataTable.tsx';
import { MemberCell } from './MemberCell.tsx';
import { knownCost } from './usage-rates.ts';

export type Comparison = Answer<'/v1/analytics/usage/compare'>;
type Row = Comparison['members'][number] | NonNullable<Comparison['other']> | Comparison['total'];

interface Props {
  answer: Comparison;
  /** The sum that is compared, as asked: a figure of the answer. */
  measure: keyof Comparison['total']['current'];
  unit: Unit;
  increaseIs: 'good' | 'bad' | 'neutral';
  label: string;
  /** Where the name of a member leads. */
  to?: (member: Record<string, string | null>) => string | { search: string };
  does?: (label: string) => string;
  events?: (member: Record<string, string | null>) => string;
  fileName: string;
}

/** Two periods side by side by member: what each was, how it changed, and what that did to the total. Members, other and total add up. */
export function ChangeTable({ answer, measure, unit, increaseIs, label, to, does, events, fileName }: Props) {
  const { dimensions, members, other, total } = answer;
  const text = formatter(unit);
  const amount = (figures: Row['current']) =>
    measure === 'total_cost_usd' ? knownCost(figures) : toNumber(figures[measure]);
  const change = (row: Row) =>
    amount(row.previous) === null || amount(row.current) === null
      ? null
      : toNumber(row.change[measure].absolute);
  const labelOf = (row: Row): string =>
    'label' in row
      ? row.label
      : row === total
        ? `Total (${total.members?.all ?? members.length})`
        : `Other (${other?.members ?? 0})`;
  const largest = Math.max(
    ...members.map((row) => Math.abs(toNumber(row.contribution.share_percent) ?? 0)),
    1,
  );
  const columns: Column<Row>[] = [
    {
      id: 'member',
      header: dimensions.map(dimensionLabel).join(' and '),
      value: labelOf,
      cell: (row) =>
        'label' in row ? (
          <MemberCell
            label={row.label}
            status={row.status}
            share={(100 * Math.abs(row.contribution.share_percent ?? 0)) / largest}
            {...(to ? { to: to(row.member) } : {})}
            {...(does ? { does: does(row.label) } : {})}
            {...(events ? { events: events(row.member) } : {})}
          />
        ) : (
          labelOf(row)
        ),
    },
    {
      id: 'previous',
      header: 'Before',
      numeric: true,
      value: ({ previous }) => amount(previous),
      cell: ({ previous }) => text(amount(previous)),
    },
    {
      id: 'current',
      header: 'Now',
      numeric: true,
      value: ({ current }) => amount(current),
      cell: ({ current }) => text(amount(current)),
    },
    {
      id: 'absolute',
      header: 'Change',
      numeric: true,
      value: change,
      cell: (row) => <Change value={change(row)} increaseIs={increaseIs} text={signed(text, change(row))} />,
    },
    {
      id: 'percent',
      header: 'In percent',
      numeric: true,
      value: (row) => row.change[measure].percent,
      cell: (row) => roundedChange(row.change[measure].percent),
    },
    {
      id: 'share',
      header: 'Of the whole change',
      numeric: true,
      value: (row) => row.contribution.share_percent,
      cell: (row) => roundedChange(row.contribution.share_percent),
    },
    {
      id: 'points',
      header: 'Points of the total',
      numeric: true,
      wideOnly: true,
      value: (row) => row.contribution.percentage_points,
      cell: (row) => roundedChange(row.contribution.percentage_points),
    },
  ];
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={members}
      footer={[...(other ? [other] : []), total]}
      rowKey={labelOf}
      fileName={fileName}
    />
  );
}

/** Below a hundredth of a percent nothing changed: no sign then. */
export function roundedChange(value: number | null): string {
  return changePercent(value === null ? null : Math.round(100 * value) / 100);
}
