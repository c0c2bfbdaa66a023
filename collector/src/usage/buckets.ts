import { GRAIN_MS, type Period, type Range } from './period.ts';
import type { Parameters } from './rollup-source.ts';
import { offsetMs, startOfLocalDate } from './time-zone.ts';

/**
 * SQL for the number of the bucket that a row's "timestamp" falls into, from 1 in the order of `bucketStarts`. A search among instants that were
 * computed once: local time of each row costs more than adding the row up.
 */
export function bucketNumber(period: Period, parameters: Parameters): string {
  const starts = bucketStarts(period).map((startMs) => new Date(startMs).toISOString());
  return `width_bucket("timestamp", ${parameters.add(starts)}::timestamptz[])`;
}

/**
 * A point for each bucket of a period, empty ones too, with the local time at which it begins.
 * @param byNumber what is known of buckets, by `bucketNumber`
 * @param nothing what an empty one says
 */
export function pointsOf<Figures extends object>(
  period: Period,
  byNumber: ReadonlyMap<number, Figures>,
  nothing: Figures,
): (Figures & { timestamp: string })[] {
  return bucketStarts(period).map((startMs, index) => ({
    timestamp: formatInZone(period.timeZone, startMs),
    ...(byNumber.get(index + 1) ?? nothing),
  }));
}

/**
 * The instants at which the buckets of a period begin, in order: days, weeks (of Monday) and months of the zone's calendar; local hours, of
 * which the two of a clock set back stay two.
 */
export function bucketStarts(period: Period): number[] {
  const { startMs, endMs, timeZone, groupBy } = period;
  const starts: number[] = [];
  if (groupBy === 'hour') {
    for (let at = startMs; at < endMs; at = nextHourOrChange(timeZone, at)) starts.push(at);
    return starts;
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
    if (begin >= endMs) return starts;
    starts.push(begin);
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

/** A range as answers name it. */
export function rangeTexts({ startMs, endMs, timeZone }: Range): {
  start: string;
  end: string;
  timezone: string;
} {
  return { start: formatInZone(timeZone, startMs), end: formatInZone(timeZone, endMs), timezone: timeZone };
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
