import { forecastDaily, type DailyForecast } from '../forecast/forecast.ts';
import type { Window } from './period.ts';

/** Probability that the interval of a forecast holds what comes. */
export const FORECAST_LEVEL = 0.8;

/** What the end of a period is expected to bring, in the budget's unit. */
export interface Projection {
  atEnd: bigint;
  lower: bigint;
  upper: bigint;
  method: string;
  /** When the amount is expected to be used up within the period; null: not before its end. */
  exhaustedAtMs: number | null;
}

/** Figures of whole local days, oldest first, the last one yesterday's; in the budget's unit. */
export interface DayFigures {
  values: readonly number[];
  /** Weekday of the first, 0 is Sunday. */
  firstWeekday: number;
}

/**
 * What is spent, and what the rest of the period is expected to add: the rest of today by the part of it that is left, and the days after it.
 * @param days local days from today up to the end of the period
 * @param leftOfToday which part of a usual day's usage comes after this time of day, 0 to 1
 * @returns undefined where there is no usage to go by
 */
export function project(
  { spent, amount, nowMs }: { spent: bigint; amount: bigint; nowMs: number },
  history: DayFigures,
  days: readonly Window[],
  leftOfToday: number,
  forecast: typeof forecastDaily = forecastDaily,
): Projection | undefined {
  const [today] = days;
  const expected = forecast(history.values, days.length, {
    firstWeekday: history.firstWeekday,
    level: FORECAST_LEVEL,
  });
  if (!today || expected.method === 'no-history' || expected.method === 'no-usage') return undefined;
  const whole = expected.sum(days.length);
  const rest = Math.max(0, whole.mean - (expected.mean[0] ?? 0) * (1 - leftOfToday));
  // The uncertainty of what is left: errors of parts of a day add up like independent ones, so it shrinks as the square root.
  const shrink = whole.mean > 0 ? Math.sqrt(Math.min(1, rest / whole.mean)) : 0;
  const plus = (value: number): bigint => spent + BigInt(Math.round(Math.max(0, value)));
  return {
    atEnd: plus(rest),
    lower: plus(rest - (whole.mean - whole.lower) * shrink),
    upper: plus(rest + (whole.upper - whole.mean) * shrink),
    method: expected.method,
    exhaustedAtMs: exhaustion(Number(amount - spent), expected, days, leftOfToday, nowMs),
  };
}

/** The instant at which the remaining amount is expected to be used up, evenly within a day; null: not within the days. */
function exhaustion(
  remaining: number,
  { mean }: DailyForecast,
  days: readonly Window[],
  leftOfToday: number,
  nowMs: number,
): number | null {
  if (remaining <= 0) return nowMs;
  let left = remaining;
  for (const [index, day] of days.entries()) {
    const startMs = index === 0 ? nowMs : day.startMs;
    const usage = (mean[index] ?? 0) * (index === 0 ? leftOfToday : 1);
    if (usage >= left && usage > 0) return Math.round(startMs + (day.endMs - startMs) * (left / usage));
    left -= usage;
  }
  return null;
}

/** The part of a local day that is left, as time goes; days of 23 and 25 hours too. */
export function timeLeftOf(day: Window, nowMs: number): number {
  return Math.min(1, Math.max(0, (day.endMs - nowMs) / (day.endMs - day.startMs)));
}
