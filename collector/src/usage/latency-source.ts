import { memberColumn, type DimensionName } from './dimensions.ts';
import { filterConditions, filteredDimensions, type Filters } from './filters.ts';
import { LATENCY_DIMENSIONS } from './measures.ts';
import type { Parameters } from './rollup-source.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Whether the latency buckets have all of these dimensions; they are kept without prompts. */
export function hasLatencyBuckets(names: readonly DimensionName[]): boolean {
  return names.every((name) => (LATENCY_DIMENSIONS as readonly string[]).includes(name));
}

/**
 * The latency buckets of the whole hours that a period touches, as a subquery: the dimensions, latency_bucket, request_count. Whole UTC
 * days come from the daily rollup. Only for dimensions of `hasLatencyBuckets`.
 */
export function latencyRows(
  request: {
    tenantId: string;
    startMs: number;
    endMs: number;
    filters: Filters;
    groupBy: readonly DimensionName[];
  },
  parameters: Parameters,
): string {
  const firstHour = Math.floor(request.startMs / HOUR_MS) * HOUR_MS;
  const lastHour = Math.ceil(request.endMs / HOUR_MS) * HOUR_MS;
  const firstDay = Math.min(Math.ceil(firstHour / DAY_MS) * DAY_MS, lastHour);
  const lastDay = Math.max(Math.floor(lastHour / DAY_MS) * DAY_MS, firstDay);
  const tenant = parameters.add(request.tenantId);
  const conditions = filterConditions(request.filters, parameters);
  const columns = [...request.groupBy.map(memberColumn), 'latency_bucket', 'request_count'].join(', ');
  const part = (view: string, startMs: number, endMs: number): string[] =>
    startMs >= endMs
      ? []
      : [
          `SELECT ${columns} FROM ${view}
           WHERE tenant_id = ${tenant} AND "timestamp" >= ${parameters.add(new Date(startMs))} AND "timestamp" < ${parameters.add(new Date(endMs))}${conditions}`,
        ];
  const isWhole = request.groupBy.length === 0 && filteredDimensions(request.filters).length === 0;
  return [
    ...part('usage_latency_hourly', firstHour, firstDay),
    ...part(isWhole ? 'usage_latency_total_daily' : 'usage_latency_daily', firstDay, lastDay),
    ...part('usage_latency_hourly', lastDay, lastHour),
  ].join(' UNION ALL ');
}
