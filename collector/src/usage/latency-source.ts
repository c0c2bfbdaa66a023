import { memberColumn, type DimensionName } from './dimensions.ts';
import { filterConditions, filteredDimensions, type Filters } from './filters.ts';
import { LATENCY_DIMENSIONS } from './measures.ts';
import { tenantColumns, tenantCondition, type Parameters, type TenantIds } from './rollup-source.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Whether the latency buckets have all of these dimensions; they are kept without prompts. */
export function hasLatencyBuckets(names: readonly DimensionName[]): boolean {
  return names.every((name) => (LATENCY_DIMENSIONS as readonly string[]).includes(name));
}

/**
 * The latency buckets of the whole hours that a period touches, as a subquery: "timestamp", the dimensions, latency_bucket, request_count. Whole UTC
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
  const { startMs, endMs } = request;
  return latencyRollupRows(
    {
      ...request,
      firstHourMs: Math.floor(startMs / HOUR_MS) * HOUR_MS,
      lastHourMs: Math.ceil(endMs / HOUR_MS) * HOUR_MS,
      withDays: true,
      leftOutMs: [],
    },
    parameters,
  ).join(' UNION ALL ');
}

/**
 * One statement for each rollup that has a part of some whole hours: "timestamp", the dimensions, latency_bucket, request_count.
 * @param request `withDays`: whether whole UTC days come from the daily rollup; `leftOutMs`: begins of hours that are not wanted, only without days
 */
export function latencyRollupRows(
  request: {
    tenantId: TenantIds;
    filters: Filters;
    groupBy: readonly DimensionName[];
    firstHourMs: number;
    lastHourMs: number;
    withDays: boolean;
    leftOutMs: readonly number[];
  },
  parameters: Parameters,
): string[] {
  const { firstHourMs, lastHourMs, withDays, leftOutMs } = request;
  const firstDay = withDays ? Math.min(Math.ceil(firstHourMs / DAY_MS) * DAY_MS, lastHourMs) : lastHourMs;
  const lastDay = withDays ? Math.max(Math.floor(lastHourMs / DAY_MS) * DAY_MS, firstDay) : lastHourMs;
  const tenant = tenantCondition(request.tenantId, parameters);
  const conditions = filterConditions(request.filters, parameters);
  const columns = [
    '"timestamp"',
    ...tenantColumns(request.tenantId),
    ...request.groupBy.map(memberColumn),
    'latency_bucket',
    'request_count',
  ].join(', ');
  const part = (view: string, startMs: number, endMs: number): string[] => {
    if (startMs >= endMs) return [];
    const without =
      leftOutMs.length === 0
        ? ''
        : ` AND "timestamp" <> ALL(${parameters.add(leftOutMs.map((at) => new Date(at).toISOString()))}::timestamptz[])`;
    return [
      `SELECT ${columns} FROM ${view}
       WHERE ${tenant} AND "timestamp" >= ${parameters.add(new Date(startMs))} AND "timestamp" < ${parameters.add(new Date(endMs))}${without}${conditions}`,
    ];
  };
  const isWhole = request.groupBy.length === 0 && filteredDimensions(request.filters).length === 0;
  return [
    ...part('usage_latency_hourly', firstHourMs, firstDay),
    ...part(isWhole ? 'usage_latency_total_daily' : 'usage_latency_daily', firstDay, lastDay),
    ...part('usage_latency_hourly', lastDay, lastHourMs),
  ];
}
