import { sumOfIndependent } from '../forecast/forecast.ts';
import { projectToday } from '../forecast/today.ts';
import { FORECAST_LEVEL, type Outlook } from './day-history.ts';
import type { Window } from './period.ts';

/** What the end of a period is expected to bring, in the budget's unit. */
export interface Projection {
  atEnd: bigint;
  lower: bigint;
  upper: bigint;
  method: string;
  /** When the amount is expected to be used up within the period; null: not before its end. */
  exhaustedAtMs: number | null;
}

/** A budget now, in its unit. */
export interface Standing {
  /** In the period. */
  spent: bigint;
  /** The part of it that is of today. */
  soFarToday: bigint;
  amount: bigint;
  nowMs: number;
}

/**
 * What is spent, the usual rest of such a day (as far as that was right, the rest that today's pace leads to), and the days after it.
 * @param days local days from today up to the end of the period
 * @returns undefined where there is no usage to go by
 */
export function project(
  { spent, soFarToday, amount, nowMs }: Standing,
  { method, today, course, later, laterMeans }: Outlook,
  days: readonly Window[],
): Projection | undefined {
  if (days.length === 0 || method === 'no-history' || method === 'no-usage') return undefined;
  const soFar = Number(soFarToday);
  const whole = projectToday(soFar, course, today, FORECAST_LEVEL);
  const end = sumOfIndependent(whole, later);
  const before = spent - soFarToday;
  const plus = (value: number): bigint => {
    const sum = before + BigInt(Math.round(value));
    return sum < spent ? spent : sum;
  };
  return {
    atEnd: plus(end.mean),
    lower: plus(end.lower),
    upper: plus(end.upper),
    method,
    exhaustedAtMs: exhaustion(Number(amount - spent), [whole.mean - soFar, ...laterMeans], days, nowMs),
  };
}

/** The instant at which the remaining amount is expected to be used up, evenly within a day; null: not within the days. */
function exhaustion(
  remaining: number,
  expected: readonly number[],
  days: readonly Window[],
  nowMs: number,
): number | null {
  if (remaining <= 0) return nowMs;
  let left = remaining;
  for (const [index, day] of days.entries()) {
    const startMs = index === 0 ? nowMs : day.startMs;
    const usage = expected[index] ?? 0;
    if (usage >= left && usage > 0) return Math.round(startMs + (day.endMs - startMs) * (left / usage));
    left -= usage;
  }
  return null;
}
