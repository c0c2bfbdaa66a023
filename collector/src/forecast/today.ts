import type { Estimate } from './forecast.ts';
import { clamp, median, quantile } from './statistics.ts';
import { DAYS_PER_WEEK } from './weekly-profile.ts';

/** A day as it stood at one time of day, and in the end. */
export interface PartialDay {
  /** Up to the time of day that today has reached. */
  soFar: number;
  whole: number;
}

const SAME_WEEKDAYS = 4;
const LEAST_SAME_WEEKDAYS = 2;
const RECENT_DAYS = 28;
/** With fewer days that can be tried, nothing is learnt from today's pace but in proportion to the part of the day that is over. */
const LEAST_TRIALS = 7;
const PACES = [0, 0.25, 0.5, 0.75, 1] as const;

/**
 * The part of a day's usage that usually has come by this time of day: of the same weekday in the last four weeks, else of all days.
 * @param past complete days, oldest first, the last one yesterday
 * @returns 0 to 1; undefined without usage in the past
 */
export function usualShare(past: readonly PartialDay[]): number | undefined {
  const same: PartialDay[] = [];
  for (let back = DAYS_PER_WEEK; same.length < SAME_WEEKDAYS && back <= past.length; back += DAYS_PER_WEEK) {
    const day = past[past.length - back];
    if (day && day.whole > 0) same.push(day);
  }
  if (same.length >= LEAST_SAME_WEEKDAYS) return median(same.map(({ soFar, whole }) => soFar / whole));
  const recent = past.slice(-RECENT_DAYS);
  const whole = recent.reduce((sum, day) => sum + day.whole, 0);
  return whole === 0 ? undefined : recent.reduce((sum, day) => sum + day.soFar, 0) / whole;
}

/**
 * What the whole of today will come to. What is left is the usual rest of such a day, and as far as that would have been right
 * on the days before, the rest that today's pace leads to.
 * @param soFar today's usage until now
 * @param past complete days, oldest first, the last one yesterday
 * @param day forecast of today, made without it
 */
export function projectToday(
  soFar: number,
  past: readonly PartialDay[],
  day: Estimate,
  level: number,
): Estimate & { usualShare: number | null } {
  const share = usualShare(past);
  if (share === undefined || day.mean === 0) {
    return {
      mean: Math.max(soFar, day.mean),
      lower: Math.max(soFar, day.lower),
      upper: Math.max(soFar, day.upper),
      usualShare: share ?? null,
    };
  }
  const trials = trialsOf(past);
  const rest = (expected: number, usual: number, reached: number, pace: number): number =>
    usual <= 0 ? expected : (1 - usual) * ((1 - pace) * expected + (pace * reached) / usual);
  let chosen = { pace: share, misses: [] as number[] };
  if (trials.length >= LEAST_TRIALS) {
    let least = Infinity;
    for (const pace of PACES) {
      const misses = trials.map((trial) => {
        const expected = rest(trial.expected, trial.usual, trial.soFar, pace);
        return (trial.whole - trial.soFar - expected) / trial.expected;
      });
      const size = misses.reduce((sum, miss) => sum + Math.abs(miss), 0);
      if (size < least) {
        least = size;
        chosen = { pace, misses };
      }
    }
  }
  const expected = rest(day.mean, share, soFar, chosen.pace);
  const [low, high] =
    chosen.misses.length >= LEAST_TRIALS
      ? [
          quantile(chosen.misses, (1 - level) / 2) * day.mean,
          quantile(chosen.misses, (1 + level) / 2) * day.mean,
        ]
      : [(day.lower - day.mean) * (1 - share), (day.upper - day.mean) * (1 - share)];
  return {
    mean: soFar + expected,
    lower: soFar + clamp(expected + low, 0, expected),
    upper: soFar + Math.max(expected, expected + high),
    usualShare: share,
  };
}

/** Past days as if each were today: what was expected of it by the same weekdays before it, and what came. */
function trialsOf(
  past: readonly PartialDay[],
): { expected: number; usual: number; soFar: number; whole: number }[] {
  const trials: { expected: number; usual: number; soFar: number; whole: number }[] = [];
  const first = Math.max(2 * DAYS_PER_WEEK, past.length - 2 * RECENT_DAYS);
  for (let at = first; at < past.length; at++) {
    const before = past.slice(Math.max(0, at - RECENT_DAYS), at);
    const usual = usualShare(before);
    const same: number[] = [];
    for (let back = DAYS_PER_WEEK; back <= before.length; back += DAYS_PER_WEEK) {
      same.push(before[before.length - back]?.whole ?? 0);
    }
    const expected = median(same);
    const day = past[at];
    if (day && usual !== undefined && expected > 0) trials.push({ expected, usual, ...day });
  }
  return trials;
}
