import { offsetMs } from './time-zone.ts';

const RELATIVE = /^now(?:([+-])(\d{1,5})([mhdwMy]))?(?:\/([mhdwMy]))?$/;
const FIXED_MS: Record<string, number> = { m: 60_000, h: 3_600_000 };

/**
 * The instant that a relative time such as `now`, `now-30d`, `now-1M/M` means, in epoch milliseconds; undefined for other texts. Units are minutes (m),
 * hours (h), days (d), weeks (w), months (M) and years (y), the last four of the zone's calendar: a day before is the same time of day. `/d` goes to
 * the beginning of the day (week of Monday, month, …), and as the end of a period to its end, as in Grafana.
 */
export function relativeInstant(
  text: string,
  timeZone: string,
  side: 'start' | 'end',
  nowMs: number,
): number | undefined {
  const match = RELATIVE.exec(text);
  if (!match) return undefined;
  const [, sign, count, unit, rounding] = match;
  const moved =
    unit === undefined ? nowMs : shift(timeZone, nowMs, (sign === '-' ? -1 : 1) * Number(count), unit);
  return rounding === undefined ? moved : edgeOf(timeZone, moved, rounding, side);
}

/** Moves an instant by minutes or hours, or by days, weeks, months or years of a zone's calendar, where the time of day stays. */
export function shift(timeZone: string, instantMs: number, count: number, unit: string): number {
  const fixed = FIXED_MS[unit];
  if (fixed !== undefined) return instantMs + count * fixed;
  const local = new Date(instantMs + offsetMs(timeZone, instantMs));
  if (unit === 'd' || unit === 'w') local.setUTCDate(local.getUTCDate() + count * (unit === 'w' ? 7 : 1));
  else {
    const day = local.getUTCDate();
    local.setUTCDate(1);
    local.setUTCMonth(local.getUTCMonth() + count * (unit === 'y' ? 12 : 1));
    // The 31st a month before is the last of that month.
    const daysInMonth = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 0)).getUTCDate();
    local.setUTCDate(Math.min(day, daysInMonth));
  }
  return instantOfLocal(timeZone, local.getTime());
}

/** The instant of a local time, given as the UTC milliseconds of the same date and time; one that clocks jump over is that much later. */
function instantOfLocal(timeZone: string, localMs: number): number {
  const [before = 0, after = 0] = [localMs - 86_400_000, localMs + 86_400_000].map(
    (at) => localMs - offsetMs(timeZone, at),
  );
  for (const candidate of [Math.min(before, after), Math.max(before, after)])
    if (candidate + offsetMs(timeZone, candidate) === localMs) return candidate;
  return before;
}

function edgeOf(timeZone: string, instantMs: number, unit: string, side: 'start' | 'end'): number {
  const local = new Date(instantMs + offsetMs(timeZone, instantMs));
  if (unit === 'm') local.setUTCSeconds(0, 0);
  else if (unit === 'h') local.setUTCMinutes(0, 0, 0);
  else {
    local.setUTCHours(0, 0, 0, 0);
    if (unit === 'w') local.setUTCDate(local.getUTCDate() - ((local.getUTCDay() + 6) % 7));
    if (unit === 'M' || unit === 'y') local.setUTCDate(1);
    if (unit === 'y') local.setUTCMonth(0);
  }
  const begin = instantOfLocal(timeZone, local.getTime());
  return side === 'start' ? begin : shift(timeZone, begin, 1, unit);
}
