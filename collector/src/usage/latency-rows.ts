import { Problem } from '../http/errors.ts';
import { bucketStarts } from './buckets.ts';
import { dimensionOf, eventMember, memberColumn, type DimensionName } from './dimensions.ts';
import { checkEventRange, MAX_EVENT_DAYS } from './event-source.ts';
import { filterConditions, filteredDimensions, type Filters } from './filters.ts';
import { hasLatencyBuckets, latencyRollupRows } from './latency-source.ts';
import type { Period } from './period.ts';
import {
  maxGrainMs,
  tenantColumns,
  tenantCondition,
  type Parameters,
  type TenantIds,
} from './rollup-source.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const TIMINGS = ['response_time', 'time_to_first_token'] as const;
export type Timing = (typeof TIMINGS)[number];

/**
 * The log-scale bucket of an event `e` (latency-buckets.ts). Of the response time it is kept with the event. Rounded before it is taken up, since a
 * logarithm may fall to the wrong side at powers of two.
 */
const EVENT_BUCKET: Record<Timing, string> = {
  response_time: 'e.latency_bucket',
  time_to_first_token: `CASE WHEN e.time_to_first_token_us <= 1 THEN -80
    ELSE greatest(-80, ceil(round((8 * ln(e.time_to_first_token_us / 1000.0::float8) / ln(2::float8))::numeric, 9)) - 1) END::int`,
};

/** More of them than this are read in one go. */
const MAX_PIECES = 100;

export interface LatencyRowsRequest {
  tenantId: TenantIds;
  period: Period;
  filters: Filters;
  groupBy: readonly DimensionName[];
  timing: Timing;
  /** Whether the rows shall be put into the buckets of the period. */
  isSeries: boolean;
}

/**
 * Latency buckets of exactly the calls of a period, as a subquery: "timestamp", the dimensions, latency_bucket, request_count; each row lies in
 * one bucket of the period. From the rollups for every whole hour; an hour that a boundary cuts (:30 and :45 zones, instants) from the events.
 * What the rollups do not have (other dimensions, the time to the first token) comes from the events.
 * @throws Problem range-too-long when the events would have to be read over too many days
 */
export function latencyBucketRows(
  request: LatencyRowsRequest,
  parameters: Parameters,
): { sql: string; source: 'rollups' | 'events' } {
  const { period, timing } = request;
  const needed = [...request.groupBy, ...filteredDimensions(request.filters)];
  const boundaries = request.isSeries
    ? [
        ...new Set([
          period.startMs,
          ...bucketStarts(period).filter((at) => at > period.startMs),
          period.endMs,
        ]),
      ]
    : [period.startMs, period.endMs];
  const cut = boundaries.filter((at) => at % HOUR_MS !== 0);
  if (timing === 'time_to_first_token' || !hasLatencyBuckets(needed) || cut.length > MAX_PIECES) {
    checkRange(request, needed);
    return { sql: eventPart(request, period.startMs, period.endMs, parameters), source: 'events' };
  }
  const cutHours = [...new Set(cut.map((at) => Math.floor(at / HOUR_MS) * HOUR_MS))];
  const pieces = cutHours.map((hour) =>
    eventPart(request, Math.max(hour, period.startMs), Math.min(hour + HOUR_MS, period.endMs), parameters),
  );
  const first = Math.ceil(period.startMs / HOUR_MS) * HOUR_MS;
  const last = Math.floor(period.endMs / HOUR_MS) * HOUR_MS;
  const inner = cutHours.filter((hour) => hour >= first && hour < last);
  if (first < last) {
    // Whole UTC days from the daily rollup, unless buckets of the period or hours that are left out lie inside of them.
    const withDays = inner.length === 0 && (!request.isSeries || maxGrainMs(period) === DAY_MS);
    pieces.push(
      ...latencyRollupRows(
        { ...request, firstHourMs: first, lastHourMs: last, withDays, leftOutMs: inner },
        parameters,
      ),
    );
  }
  return { sql: pieces.join(' UNION ALL '), source: 'rollups' };
}

function checkRange({ period, timing }: LatencyRowsRequest, needed: readonly DimensionName[]): void {
  const { startMs, endMs, timeZone } = period;
  if (endMs - startMs <= MAX_EVENT_DAYS * DAY_MS) return;
  if (
    timing === 'response_time' &&
    !hasLatencyBuckets(needed) &&
    needed.some((name) => !dimensionOf(name).inRollups)
  )
    checkEventRange(startMs, endMs, needed);
  const why =
    timing === 'time_to_first_token'
      ? 'measure: time_to_first_token is'
      : hasLatencyBuckets(needed)
        ? `group_by: these buckets in ${timeZone} are`
        : `${needed.filter((name) => !hasLatencyBuckets([name])).join(' and ')}: not in the latency buckets, so`;
  throw new Problem(
    'range-too-long',
    `${why} read from the events themselves, at most ${MAX_EVENT_DAYS} days at once. Ask for a shorter period.`,
    { extensions: { max_days: MAX_EVENT_DAYS } },
  );
}

function eventPart(
  { tenantId, groupBy, filters, timing }: LatencyRowsRequest,
  startMs: number,
  endMs: number,
  parameters: Parameters,
): string {
  const dimensions = groupBy.map(
    (name, index) => `${eventMember(dimensionOf(name), parameters)} AS ${memberColumn(name, index)}`,
  );
  const columns = [
    `e."timestamp"`,
    ...tenantColumns(tenantId, 'e.tenant_id'),
    ...dimensions,
    `${EVENT_BUCKET[timing]} AS latency_bucket`,
    '1::bigint AS request_count',
  ];
  return `SELECT ${columns.join(', ')} FROM client_usage_logs e
    WHERE ${tenantCondition(tenantId, parameters, 'e.tenant_id')} AND e."timestamp" >= ${parameters.add(new Date(startMs))} AND e."timestamp" < ${parameters.add(new Date(endMs))}
      AND e.${timing === 'response_time' ? 'latency_bucket' : 'time_to_first_token_us'} IS NOT NULL${filterConditions(filters, parameters, 'events')}`;
}
