import { offsetMs, WEEKDAYS } from '../usage/time-zone.ts';

/**
 * A time of the week at which nothing is sent, by the wall clock of the rule's time zone: half-open, `start` to `end` as HH:MM, `end` up to 24:00. One
 * that ends before it starts goes on into the next day.
 */
export interface MuteWindow {
  days: (typeof WEEKDAYS)[number][];
  start: string;
  end: string;
}

const DAY_MINUTES = 1440;

/** The minute of the day; undefined for what is no time. */
export function minuteOf(text: string): number | undefined {
  const [, hour = '', minute = ''] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  return hour === '' || minutes > DAY_MINUTES ? undefined : minutes;
}

/** Whether an instant is in one of the windows. */
export function isMuted(windows: readonly MuteWindow[], timeZone: string, nowMs: number): boolean {
  if (windows.length === 0) return false;
  const local = new Date(nowMs + offsetMs(timeZone, nowMs));
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
  const today = (local.getUTCDay() + 6) % 7;
  return windows.some(({ days, start, end }) => {
    const [from = 0, to = 0] = [minuteOf(start), minuteOf(end)];
    const isOn = (day: number): boolean => days.some((name) => WEEKDAYS.indexOf(name) === day);
    if (from < to) return isOn(today) && minute >= from && minute < to;
    return (isOn(today) && minute >= from) || (isOn((today + 6) % 7) && minute < to);
  });
}
