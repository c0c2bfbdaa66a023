import { Type } from 'typebox';
import type { Queryable } from '../database/pool.ts';
import { checkedByRoute, FORMATS } from '../http/checked-by-route.ts';
import { Problem } from '../http/errors.ts';
import { bucketStarts } from './buckets.ts';
import { LATENCY_RELATIVE_ERROR, percentilesMs } from './latency-buckets.ts';
import { GROUP_BY, type GroupBy, type Period } from './period.ts';

/** What the queries and answers of analytics routes have in common. */

export const PeriodQuery = {
  start_date: Type.Optional(
    Type.String({
      maxLength: 40,
      ...checkedByRoute({ format: FORMATS.boundary }),
      description:
        'A date (that whole day), an RFC 3339 time, or a relative time such as now-30d; default: 30 days before the end',
    }),
  ),
  end_date: Type.Optional(
    Type.String({
      maxLength: 40,
      ...checkedByRoute({ format: FORMATS.boundary }),
      description:
        'A date (that whole day), an RFC 3339 time (not included), or a relative time such as now; default: the end of today',
    }),
  ),
  timezone: Type.Optional(
    Type.String({
      maxLength: 64,
      ...checkedByRoute({ format: FORMATS.timeZone }),
      description: 'IANA time zone of days, weeks and bare dates; default UTC',
    }),
  ),
};

export const groupByQuery = (description: string) => ({
  group_by: Type.Optional(Type.Enum(GROUP_BY, { description })),
});

/** What PeriodQuery and groupByQuery are once a query is checked. */
export interface PeriodQueryValues {
  start_date?: string;
  end_date?: string;
  timezone?: string;
  group_by?: GroupBy;
  [parameter: string]: unknown;
}

/** A range as `rangeTexts` names it. */
export const RangeSchema = Type.Object({ start: Type.String(), end: Type.String(), timezone: Type.String() });
/** The same with the width of the points of its series. */
export const PeriodSchema = Type.Object({ ...RangeSchema.properties, group_by: Type.String() });
/** Where there is a series only if it is asked for. */
export const MaybeSeriesPeriodSchema = Type.Object({
  ...RangeSchema.properties,
  group_by: Type.Union([Type.String(), Type.Null()]),
});

/** Points of all series of one answer. */
const MAX_POINTS = 20_000;

/** @throws Problem invalid-request when the series of an answer would be too long together */
export function checkPoints(period: Period, series: number, most = MAX_POINTS): void {
  const points = bucketStarts(period).length;
  if (series * points <= most) return;
  throw new Problem(
    'invalid-request',
    `group_by: ${series} series of ${points} points are more than ${most} points; ask for a shorter period, a coarser group_by or a lower limit.`,
  );
}

const nullableNumber = Type.Union([Type.Number(), Type.Null()]);
export const PercentilesSchema = Type.Object(
  {
    p50: nullableNumber,
    p90: nullableNumber,
    p95: nullableNumber,
    p99: nullableNumber,
    relative_error: Type.Number(),
  },
  {
    description:
      'From log-scale buckets of the whole hours that the period touches, true within relative_error',
  },
);

export interface Percentiles {
  p50: number | null;
  p90: number | null;
  p95: number | null;
  p99: number | null;
  relative_error: number;
}

export function percentilesOf(buckets: { bucket: number; count: number }[]): Percentiles {
  const [p50 = null, p90 = null, p95 = null, p99 = null] = percentilesMs(buckets, [0.5, 0.9, 0.95, 0.99]);
  return { p50, p90, p95, p99, relative_error: Math.round(LATENCY_RELATIVE_ERROR * 1e4) / 1e4 };
}

export const FreshnessSchema = Type.Object({
  as_of: Type.String({ description: 'When the answer was computed' }),
  complete_until: Type.String({ description: 'Everything committed until then is in the answer' }),
  cache_age_seconds: Type.Number({
    description: 'Seconds since the answer was computed; 0 where it was not kept from an earlier request',
  }),
});

export interface Freshness {
  as_of: string;
  complete_until: string;
  cache_age_seconds: number;
}

/**
 * How fresh the rollups are in this snapshot: everything committed until `completeUntil` is in them. On PostgreSQL they are never behind; on
 * TimescaleDB only late data waits for its refresh.
 */
export async function readRollupEdge(client: Queryable): Promise<{ asOf: Date; completeUntil: Date }> {
  const { rows } = await client.query<{ as_of: Date; waiting_since: Date | null }>(
    'SELECT now() AS as_of, (SELECT min(queued_at) FROM usage_refresh_queue) AS waiting_since',
  );
  const asOf = rows[0]?.as_of ?? new Date();
  return { asOf, completeUntil: rows[0]?.waiting_since ?? asOf };
}

/** How fresh an answer of this snapshot is. What is read from the events has everything. */
export async function readFreshness(client: Queryable, source: 'rollups' | 'events'): Promise<Freshness> {
  const { asOf, completeUntil } = await readRollupEdge(client);
  return {
    as_of: asOf.toISOString(),
    complete_until: (source === 'events' ? asOf : completeUntil).toISOString(),
    cache_age_seconds: 0,
  };
}
