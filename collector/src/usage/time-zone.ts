export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;

/** Whether a name is an IANA time zone that both this runtime and PostgreSQL take; offsets such as +02:00 are not names. */
export function isTimeZone(name: string): boolean {
  if (zones.has(name)) return true;
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const DAY_MS = 86_400_000;
/** Days of which the offset is kept, over all zones: 90 days of hours ask for it thousands of times. */
const MAX_KEPT_DAYS = 100_000;
const MAX_KEPT_ZONES = 1_000;

interface Zone {
  format: Intl.DateTimeFormat;
  /** By UTC day: the offset that holds all day, or null where it changes. No zone has ever changed twice in a day. */
  days: Map<number, number | null>;
}
const zones = new Map<string, Zone>();
let keptDays = 0;

/** Offset of a zone from UTC at an instant, in milliseconds (positive east of Greenwich). */
export function offsetMs(zoneName: string, instantMs: number): number {
  let zone = zones.get(zoneName);
  if (!zone) {
    zone = {
      format: new Intl.DateTimeFormat('en-US', {
        timeZone: zoneName,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      }),
      days: new Map(),
    };
    // Names are taken in any case, so there are more of them than zones.
    if (zones.size >= MAX_KEPT_ZONES) zones.clear();
    zones.set(zoneName, zone);
  }
  const day = Math.floor(instantMs / DAY_MS);
  let offset = zone.days.get(day);
  if (offset === undefined) {
    if (keptDays > MAX_KEPT_DAYS) {
      for (const { days } of zones.values()) days.clear();
      keptDays = 0;
    }
    const first = computedOffsetMs(zone.format, day * DAY_MS);
    offset = first === computedOffsetMs(zone.format, (day + 1) * DAY_MS) ? first : null;
    zone.days.set(day, offset);
    keptDays += 1;
  }
  return offset ?? computedOffsetMs(zone.format, instantMs);
}

function computedOffsetMs(format: Intl.DateTimeFormat, instantMs: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instantMs)) parts[type] = Number(value);
  const local = Date.UTC(
    parts['year'] ?? 0,
    (parts['month'] ?? 1) - 1,
    parts['day'],
    parts['hour'],
    parts['minute'],
    parts['second'],
  );
  return local - Math.floor(instantMs / 1000) * 1000;
}

/**
 * The instant at which a local date begins in a zone, in epoch milliseconds. Where midnight does not exist (clocks jump over
 * it), the first instant after the jump.
 */
export function startOfLocalDate(zone: string, year: number, month: number, day: number): number {
  const local = Date.UTC(year, month - 1, day);
  // Two candidates cover a change of offset near midnight; the earlier that is local midnight or later wins.
  const candidates = [
    local - offsetMs(zone, local - 86_400_000),
    local - offsetMs(zone, local + 86_400_000),
  ].sort((a, b) => a - b);
  for (const candidate of candidates) if (candidate + offsetMs(zone, candidate) === local) return candidate;
  // Midnight does not exist: find the jump between the candidates.
  let [before, after] = [candidates[0] ?? local, candidates[1] ?? local];
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000;
    if (middle + offsetMs(zone, middle) < local) before = middle;
    else after = middle;
  }
  return after;
}

/** A date of a zone's calendar; `weekday` 0 (Sunday) to 6. */
export interface LocalDate {
  year: number;
  month: number;
  day: number;
  weekday: number;
}

/** The local date of an instant in a zone. */
export function localDateOf(zone: string, instantMs: number): LocalDate {
  const local = new Date(instantMs + offsetMs(zone, instantMs));
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    weekday: local.getUTCDay(),
  };
}

/** The instant at which the local day begins that is so many days after (before, if negative) that of an instant. */
export function startOfLocalDay(zone: string, instantMs: number, plusDays = 0): number {
  const { year, month, day } = localDateOf(zone, instantMs);
  return startOfLocalDate(zone, year, month, day + plusDays);
}
