import { dateTimeFormat, dateTimeParse } from '@grafana/data';

export const EXPIRIES = [
  { value: '1h', label: '1 hour' },
  { value: '4h', label: '4 hours' },
  { value: 'tomorrow', label: 'Until tomorrow, 9:00' },
  { value: 'resolved', label: 'Until it is resolved' },
  { value: 'own', label: 'Another time' },
] as const;
export type Expiry = (typeof EXPIRIES)[number]['value'];

const HOUR_MS = 3_600_000;
const MORNING = '09:00';

/**
 * When an acknowledgement ends.
 * @param own a time as the browser's field has it, `2026-11-24T18:30`, by the clock of the page's zone
 * @returns RFC 3339; null: when the alert is over; undefined: the own time is none, or is over
 */
export function expiryTime(
  expiry: Expiry,
  own: string,
  nowMs: number,
  timeZone: string,
): string | null | undefined {
  const text = (ms: number): string => new Date(ms).toISOString();
  switch (expiry) {
    case '1h':
      return text(nowMs + HOUR_MS);
    case '4h':
      return text(nowMs + 4 * HOUR_MS);
    case 'resolved':
      return null;
    case 'tomorrow': {
      // By the calendar: a day may have 23 or 25 hours.
      const today = dateTimeFormat(nowMs, { format: 'YYYY-MM-DD', timeZone });
      const tomorrow = new Date(Date.parse(`${today}T00:00:00Z`) + 24 * HOUR_MS).toISOString().slice(0, 10);
      return text(atClock(`${tomorrow}T${MORNING}`, timeZone));
    }
    case 'own': {
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(own)) return undefined;
      const at = atClock(own.slice(0, 16), timeZone);
      return at > nowMs ? text(at) : undefined;
    }
  }
}

function atClock(local: string, timeZone: string): number {
  return dateTimeParse(local.replace('T', ' '), { timeZone, format: 'YYYY-MM-DD HH:mm' }).valueOf();
}
