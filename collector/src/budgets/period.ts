import { GRAIN_MS } from '../usage/period.ts';
import { localDateOf, startOfLocalDate } from '../usage/time-zone.ts';

export const CALENDAR_PERIODS = ['day', 'week', 'month', 'quarter', 'year'] as const;
export type CalendarPeriod = (typeof CALENDAR_PERIODS)[number];
export const PERIOD_TYPES = [...CALENDAR_PERIODS, 'rolling'] as const;

/** When a budget begins anew: with a calendar's period in a time zone, or never (the last so many hours). */
export type BudgetPeriod =
  | {
      type: CalendarPeriod;
      timeZone: string;
      /** ISO weekday that weeks begin on, 1 is Monday */ weekStart: number;
    }
  | { type: 'rolling'; timeZone: string; hours: number };

/** Half-open, epoch milliseconds, on the grain of the rollups. */
export interface Window {
  startMs: number;
  endMs: number;
}

const HOUR_MS = 3_600_000;

/**
 * The window that an instant lies in. A rolling one ends with the quarter of an hour that is under way, since rollups have no finer
 * rows: so it holds at most its hours, and up to a quarter less.
 */
export function windowAt(period: BudgetPeriod, instantMs: number): Window {
  if (period.type === 'rolling') {
    const endMs = Math.floor(instantMs / GRAIN_MS) * GRAIN_MS + GRAIN_MS;
    return { startMs: endMs - period.hours * HOUR_MS, endMs };
  }
  return calendarWindow(period.type, period.timeZone, period.weekStart, instantMs);
}

/** The window before another of the same period; of a rolling one the hours right before it. */
export function windowBefore(period: BudgetPeriod, window: Window): Window {
  if (period.type === 'rolling')
    return { startMs: window.startMs - period.hours * HOUR_MS, endMs: window.startMs };
  return windowAt(period, window.startMs - 1);
}

/** The window after another. */
export function windowAfter(period: BudgetPeriod, window: Window): Window {
  if (period.type === 'rolling')
    return { startMs: window.endMs, endMs: window.endMs + period.hours * HOUR_MS };
  return windowAt(period, window.endMs);
}

/**
 * Windows that are over, oldest first: those after `fromMs` that ended by `nowMs`. Rolling windows overlap; their past is told in windows side
 * by side, the first one beginning at `fromMs`.
 */
export function closedWindows(period: BudgetPeriod, fromMs: number, nowMs: number, limit: number): Window[] {
  const windows: Window[] = [];
  const first = Math.floor(fromMs / GRAIN_MS) * GRAIN_MS;
  let window: Window =
    period.type === 'rolling'
      ? { startMs: first, endMs: first + period.hours * HOUR_MS }
      : windowAt(period, fromMs);
  while (window.endMs <= nowMs && windows.length < limit) {
    windows.push(window);
    window = windowAfter(period, window);
  }
  return windows;
}

/** The local days of a zone from the one that holds `startMs` up to `endMs`, each as a window. */
export function localDays(timeZone: string, startMs: number, endMs: number): Window[] {
  const days: Window[] = [];
  for (let day = calendarWindow('day', timeZone, 1, startMs); day.startMs < endMs;) {
    days.push(day);
    day = calendarWindow('day', timeZone, 1, day.endMs);
  }
  return days;
}

function calendarWindow(
  type: CalendarPeriod,
  timeZone: string,
  weekStart: number,
  instantMs: number,
): Window {
  const { year, month, day, weekday } = localDateOf(timeZone, instantMs);
  // startOfLocalDate takes days and months beyond their end, as the calendar goes on.
  const between = (from: [number, number, number], to: [number, number, number]): Window => ({
    startMs: startOfLocalDate(timeZone, ...from),
    endMs: startOfLocalDate(timeZone, ...to),
  });
  switch (type) {
    case 'day':
      return between([year, month, day], [year, month, day + 1]);
    case 'week': {
      const since = (weekday - weekStart + 7) % 7;
      return between([year, month, day - since], [year, month, day - since + 7]);
    }
    case 'month':
      return between([year, month, 1], [year, month + 1, 1]);
    case 'quarter': {
      const first = month - ((month - 1) % 3);
      return between([year, first, 1], [year, first + 3, 1]);
    }
    case 'year':
      return between([year, 1, 1], [year + 1, 1, 1]);
  }
}
