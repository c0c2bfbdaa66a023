import type { Answer } from '../api/use-api.ts';

export type Breakdown = Answer<'/v1/analytics/usage/breakdown'>;
/** A line of a table of members: one of them, all others, or the total. */
export type BreakdownRow =
  Breakdown['members'][number] | Breakdown['total'] | NonNullable<Breakdown['other']>;

/** What a line is called. */
export function rowLabel(row: BreakdownRow, { total, other }: Breakdown): string {
  if ('label' in row) return row.label;
  return row === total ? `Total (${total.members})` : `Other (${other?.members ?? 0})`;
}

/** The lines below the members. */
export function footerOf({ total, other }: Breakdown): BreakdownRow[] {
  return [...(other ? [other] : []), total];
}
