/** Whether a name is an IANA time zone that both this runtime and PostgreSQL take; offsets such as +02:00 are not names. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Offset of a zone from UTC at an instant, in milliseconds (positive east of Greenwich). */
export function offsetMs(zone: string, instantMs: number): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
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
