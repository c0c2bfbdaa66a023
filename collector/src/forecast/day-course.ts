import { offsetMs } from '../usage/time-zone.ts';
import type { PartialDay } from './today.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How many days the course of a day is read from. */
export const COURSE_DAYS = 56;

/** What came in an hour. */
export interface HourAmount {
  /** Epoch milliseconds of its beginning. */
  startMs: number;
  amount: number;
}

/**
 * The days before today, each until the time of day that it is now: the hours that are over and the part of the current one.
 * @param hours in the order of time; those of today and later are left out
 * @param todayMs local midnight, epoch milliseconds
 * @returns oldest first, from the first day with usage; the last is yesterday
 */
export function dayCourse(
  hours: Iterable<HourAmount>,
  timeZone: string,
  todayMs: number,
  nowMs: number,
): PartialDay[] {
  const clockMs = localMs(timeZone, nowMs) - localMs(timeZone, todayMs);
  const byDate = new Map<number, PartialDay>();
  for (const { startMs, amount } of hours) {
    if (startMs >= todayMs) continue;
    const local = localMs(timeZone, startMs);
    const date = Math.floor(local / DAY_MS);
    let day = byDate.get(date);
    if (!day) byDate.set(date, (day = { soFar: 0, whole: 0 }));
    const past = (clockMs - (local - date * DAY_MS)) / HOUR_MS;
    day.whole += amount;
    day.soFar += amount * Math.min(1, Math.max(0, past));
  }
  const days = [...byDate.entries()].sort(([left], [right]) => left - right).map(([, day]) => day);
  // Before the first usage there was nothing to go by.
  const first = days.findIndex(({ whole }) => whole > 0);
  return first === -1 ? [] : days.slice(first);
}

function localMs(timeZone: string, instantMs: number): number {
  return instantMs + offsetMs(timeZone, instantMs);
}
