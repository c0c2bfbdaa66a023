import { FIGURE_COLUMNS } from './figures.ts';
import { ROLLUP_DIMENSIONS, type RollupDimension } from './measures.ts';
import type { Period } from './period.ts';

export type Filters = Partial<Record<RollupDimension, string[]>>;

const DAY_MS = 86_400_000;

/** A statement under construction: text with $n, and the values. Only names from the closed registry enter the text. */
export class Parameters {
  readonly values: unknown[] = [];
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/**
 * The rollup rows of a period as a subquery: whole UTC days from the daily rollup, the rest from quarters of an hour. Every row
 * has "timestamp", the dimensions and FIGURE_COLUMNS.
 * @param byUtcDays false to read quarters of an hour only, for buckets that do not begin at UTC midnight
 */
export function rollupRows(
  tenantId: string,
  period: Pick<Period, 'startMs' | 'endMs'>,
  filters: Filters,
  byUtcDays: boolean,
  parameters: Parameters,
): string {
  const columns = [...ROLLUP_DIMENSIONS, ...FIGURE_COLUMNS].join(', ');
  const tenant = parameters.add(tenantId);
  const conditions = ROLLUP_DIMENSIONS.flatMap((dimension) => {
    const values = filters[dimension];
    return values === undefined ? [] : [`AND ${dimension} = ANY(${parameters.add(values)}::text[])`];
  }).join(' ');
  const quarters = (startMs: number, endMs: number): string =>
    `SELECT "timestamp", ${columns} FROM usage_analytics_quarter_hourly
     WHERE tenant_id = ${tenant} AND bucket_start >= ${parameters.add(new Date(startMs))} AND bucket_start < ${parameters.add(new Date(endMs))} ${conditions}`;

  const firstDay = Math.ceil(period.startMs / DAY_MS) * DAY_MS;
  const lastDay = Math.floor(period.endMs / DAY_MS) * DAY_MS;
  if (!byUtcDays || firstDay >= lastDay) return quarters(period.startMs, period.endMs);
  const parts = [
    `SELECT "timestamp", ${columns} FROM usage_analytics_daily
     WHERE tenant_id = ${tenant} AND date >= ${parameters.add(isoDate(firstDay))}::date AND date < ${parameters.add(isoDate(lastDay))}::date ${conditions}`,
  ];
  if (period.startMs < firstDay) parts.push(quarters(period.startMs, firstDay));
  if (lastDay < period.endMs) parts.push(quarters(lastDay, period.endMs));
  return parts.join('\n UNION ALL ');
}

function isoDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
