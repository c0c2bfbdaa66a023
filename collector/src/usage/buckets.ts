import { GRAIN_MS, type GroupBy, type Period } from './period.ts';
import type { Parameters } from './rollup-source.ts';
import { offsetMs, startOfLocalDate } from './time-zone.ts';

/**
 * SQL for the name of the bucket that a row's "timestamp" falls into: the local date of days, weeks (of Monday) and months; of
 * hours the local hour with its offset from UTC in minutes, so that the two hours of a clock set back stay two.
 * @param zone the parameter that holds the time zone, e.g. "$2"
 */
export function bucketName(groupBy: GroupBy, zone: string): string {
  const local = `("timestamp" AT TIME ZONE ${zone})`;
  if (groupBy === 'hour') {
    return `to_char(${local}, 'YYYY-MM-DD HH24') || ' ' || (extract(epoch FROM ${local} - "timestamp" AT TIME ZONE 'UTC') / 60)::int`;
  }
  return `to_char(date_trunc('${groupBy}', ${local}), 'YYYY-MM-DD')`;
}

/**
 * SQL for the number of the bucket that a row's "timestamp" falls into, from 1 in the order of `bucketsOf`. A search among instants that were
 * computed once: local time of each row costs more than adding the row up.
 */
export function bucketNumber(period: Period, parameters: Parameters): string {
  const starts = bucketsOf(period).map(({ startMs }) => new Date(startMs).toISOString());
  return `width_bucket("timestamp", ${parameters.add(starts)}::timestamptz[])`;
}

/** The buckets of a period in order, empty ones too: the name as in SQL, and the instant at which each begins. */
export function bucketsOf(period: Period): { name: string; startMs: number }[] {
  const { startMs, endMs, timeZone, groupBy } = period;
  const buckets: { name: string; startMs: number }[] = [];
  if (groupBy === 'hour') {
    for (let at = startMs; at < endMs; at = nextHourOrChange(timeZone, at)) {
      const offset = offsetMs(timeZone, at);
      const name = `${new Date(at + offset).toISOString().slice(0, 13).replace('T', ' ')} ${offset / 60_000}`;
      if (buckets.at(-1)?.name !== name) buckets.push({ name, startMs: at });
    }
    return buckets;
  }
  const first = new Date(startMs + offsetMs(timeZone, startMs));
  // A date of the calendar as the UTC midnight of the same date; the calendar itself knows no zone.
  let date = new Date(
    Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), groupBy === 'month' ? 1 : first.getUTCDate()),
  );
  if (groupBy === 'week') date = addDays(date, -((date.getUTCDay() + 6) % 7));
  for (;;) {
    const begin = startOfLocalDate(
      timeZone,
      date.getUTCFullYear(),
      date.getUTCMonth() + 1,
      date.getUTCDate(),
    );
    if (begin >= endMs) return buckets;
    buckets.push({ name: date.toISOString().slice(0, 10), startMs: begin });
    date =
      groupBy === 'month'
        ? new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1))
        : addDays(date, groupBy === 'week' ? 7 : 1);
  }
}

function addDays(date: Date, days: number): Date {
  return new Date(date.getTime() + days * 86_400_000);
}

const HOUR_MS = 3_600_000;

/** The next full local hour, or the change of the offset before it, found to the quarter of an hour. */
function nextHourOrChange(timeZone: string, atMs: number): number {
  const offset = offsetMs(timeZone, atMs);
  const next = atMs + HOUR_MS - mod(atMs + offset, HOUR_MS);
  if (offsetMs(timeZone, next - 1) === offset) return next;
  let change = Math.floor(atMs / GRAIN_MS) * GRAIN_MS + GRAIN_MS;
  while (offsetMs(timeZone, change) === offset) change += GRAIN_MS;
  return change;
}

function mod(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

/** RFC 3339 of an instant with the zone's offset then, e.g. 2026-11-24T00:00:00+01:00. */
export function formatInZone(timeZone: string, instantMs: number): string {
  const offset = offsetMs(timeZone, instantMs);
  const local = new Date(instantMs + offset).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const minutes = Math.round(Math.abs(offset) / 60_000);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}
