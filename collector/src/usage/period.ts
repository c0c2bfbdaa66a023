import { Problem } from '../http/errors.ts';
import { relativeInstant } from './relative-time.ts';
import { isTimeZone, startOfLocalDate, startOfLocalDay } from './time-zone.ts';

export const GROUP_BY = ['hour', 'day', 'week', 'month'] as const;
export type GroupBy = (typeof GROUP_BY)[number];

/** Half-open: [startMs, endMs), epoch milliseconds on quarters of an hour. */
export interface Range {
  startMs: number;
  endMs: number;
  timeZone: string;
}

/** A range that is cut into buckets. */
export interface Period extends Range {
  groupBy: GroupBy;
}

/** Rollups end at quarters of an hour. */
export const GRAIN_MS = 15 * 60 * 1000;
const DEFAULT_DAYS = 30;
const MAX_BUCKETS = 10_000;
/** Nothing of the width that `group_by` names is shorter, clocks that change included. */
const SHORTEST_MS: Record<GroupBy, number> = {
  hour: 3_600_000,
  day: 82_800_000,
  week: 601_200_000,
  month: 2_415_600_000,
};
const LONGEST_RANGE_MS = MAX_BUCKETS * SHORTEST_MS.month;

export interface RangeQuery {
  start_date?: string | undefined;
  end_date?: string | undefined;
  timezone?: string | undefined;
}

/**
 * The range that a query asks for. A bare date means that whole day in the time zone, as an end too; an instant, also a relative one (`now-30d`), is
 * taken to the quarter of an hour around it (start down, end up), and the answer says which. Without dates: the last 30 days, today included.
 * @throws Problem invalid-request that names the parameter
 */
export function readRange(query: RangeQuery, nowMs: number): Range {
  const timeZone = query.timezone ?? 'UTC';
  if (!isTimeZone(timeZone)) {
    throw new Problem(
      'invalid-request',
      `timezone: "${timeZone}" is not an IANA time zone such as Europe/Berlin or UTC.`,
    );
  }
  const endMs =
    query.end_date === undefined
      ? startOfLocalDay(timeZone, nowMs, 1)
      : readBoundary('end_date', query.end_date, timeZone, 'end', nowMs);
  const startMs =
    query.start_date === undefined
      ? startOfLocalDay(timeZone, endMs - 1, 1 - DEFAULT_DAYS)
      : readBoundary('start_date', query.start_date, timeZone, 'start', nowMs);
  if (startMs >= endMs) throw new Problem('invalid-request', 'start_date: must lie before end_date.');
  if (endMs - startMs > LONGEST_RANGE_MS)
    throw new Problem('invalid-request', `start_date: lies more than ${MAX_BUCKETS} months before end_date.`);
  return { startMs, endMs, timeZone };
}

/**
 * `readRange`, cut into buckets.
 * @throws Problem invalid-request that names the parameter
 */
export function readPeriod(query: RangeQuery & { group_by?: GroupBy | undefined }, nowMs: number): Period {
  const range = readRange(query, nowMs);
  const lengthMs = range.endMs - range.startMs;
  const groupBy = query.group_by ?? (lengthMs <= 2 * 86_400_000 ? 'hour' : 'day');
  if (lengthMs / SHORTEST_MS[groupBy] > MAX_BUCKETS) {
    throw new Problem(
      'invalid-request',
      `group_by: ${groupBy} would make more than ${MAX_BUCKETS} points; ask for a shorter period or a coarser group_by.`,
    );
  }
  return { ...range, groupBy };
}

const BARE_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * One end of a range, in epoch milliseconds on a quarter of an hour.
 * @param name of the parameter, for the error
 * @throws Problem invalid-request
 */
export function readBoundary(
  name: string,
  text: string,
  timeZone: string,
  side: 'start' | 'end',
  nowMs: number,
): number {
  const toGrain = (ms: number): number =>
    (side === 'start' ? Math.floor(ms / GRAIN_MS) : Math.ceil(ms / GRAIN_MS)) * GRAIN_MS;
  const relativeMs = relativeInstant(text, timeZone, side, nowMs);
  if (relativeMs !== undefined && relativeMs >= 0) return toGrain(relativeMs);
  const date = BARE_DATE.exec(text);
  if (date) {
    const [year, month, day] = [Number(date[1]), Number(date[2]), Number(date[3])];
    const exists =
      month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
    if (exists && year >= 1970)
      return startOfLocalDate(timeZone, year, month, side === 'end' ? day + 1 : day);
  } else if (INSTANT.test(text)) {
    const ms = Date.parse(text.toUpperCase());
    if (!Number.isNaN(ms) && ms >= 0) return toGrain(ms);
  }
  throw new Problem(
    'invalid-request',
    `${name}: ${JSON.stringify(text)} is neither a date such as 2026-11-24 nor an RFC 3339 time such as 2026-11-24T06:00:00Z, nor a relative time such as now-30d.`,
  );
}
