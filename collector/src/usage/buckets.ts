import type { GroupBy, Period } from './period.ts';
import { offsetMs, startOfLocalDate } from './time-zone.ts';

/**
 * SQL for the name of the bucket that a row's "timestamp" falls into: a local date for days, weeks (of Monday) and months; for
 * hours the instant of the local full hour. Names, not local times, so that the two hours of a clock set back stay two.
 * @param zone the parameter that holds the time zone, e.g. "$2"
 */
export function bucketName(groupBy: GroupBy, zone: string): string {
  if (groupBy === 'hour') {
    return `to_char(("timestamp" - extract(minute FROM "timestamp" AT TIME ZONE ${zone}) * interval '1 minute') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
  }
  return `to_char(date_trunc('${groupBy}', "timestamp" AT TIME ZONE ${zone}), 'YYYY-MM-DD')`;
}

/** The buckets of a period in order, empty ones too: the name as in SQL, and the instant at which each begins. */
export function bucketsOf(period: Period): { name: string; startMs: number }[] {
  const { startMs, endMs, timeZone, groupBy } = period;
  const buckets: { name: string; startMs: number }[] = [];
  if (groupBy === 'hour') {
    for (let at = startOfLocalHour(timeZone, startMs); at < endMs;) {
      buckets.push({ name: new Date(at).toISOString().replace('.000', ''), startMs: at });
      // Where the offset changes by half an hour (Lord Howe) the next local hour is not 60 minutes away.
      const next = startOfLocalHour(timeZone, at + 3_600_000);
      at = next > at ? next : at + 3_600_000;
    }
    return buckets;
  }
  const first = new Date(startMs + offsetMs(timeZone, startMs));
  // A date of the calendar as the UTC midnight of the same date; the calendar itself knows no zone.
  let date = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), groupBy === 'month' ? 1 : first.getUTCDate()));
  if (groupBy === 'week') date = addDays(date, -((date.getUTCDay() + 6) % 7));
  for (;;) {
    const begin = startOfLocalDate(timeZone, date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
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

function startOfLocalHour(timeZone: string, instantMs: number): number {
  const local = instantMs + offsetMs(timeZone, instantMs);
  return instantMs - (((local % 3_600_000) + 3_600_000) % 3_600_000);
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
