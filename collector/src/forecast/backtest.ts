import { setImmediate } from 'node:timers/promises';
import { seasonalNaive } from './candidates.ts';
import { dailyDistribution } from './forecast.ts';
import { DAYS_PER_WEEK } from './weekly-profile.ts';

export interface BacktestOptions {
  /** Days that each forecast looks ahead. */
  horizonDays: number;
  /** Probabilities of the bounds whose coverage is measured. */
  levels: readonly number[];
  /** Days that the first forecast knows at least. */
  leastHistoryDays: number;
  /** Most forecasts; they are spread evenly over the days that can be forecast from. */
  maxOrigins: number;
}

export interface BacktestResult {
  origins: number;
  /**
   * Mean absolute scaled error of single days: the mean miss over that of "the same as a week ago" on the history known at each
   * origin (Hyndman and Koehler). null where every week was like the one before.
   */
  mase: number | null;
  /** The mean miss of single days over that of seasonal naive forecasts of the same days; below 1 is better than those. */
  relativeToNaive: number | null;
  /** The same of the sum over the whole horizon. */
  sumRelativeToNaive: number | null;
  /** By level: which part of single days, and of sums over the horizon, lay within the bounds. */
  coverage: { level: number; days: number; sums: number }[];
}

/**
 * Forecasts a series from many of its days as if the rest were not known yet, and says how far off that was.
 * @returns undefined where the history is too short for a single trial
 */
export function backtest(history: readonly number[], options: BacktestOptions): BacktestResult | undefined {
  const trials = runTrials(history, options);
  for (;;) {
    const { done, value } = trials.next();
    if (done === true) return value;
  }
}

/** The same with a turn for other requests after each forecast: a dozen in one go would keep them waiting for a tenth of a second. */
export async function backtestInTurns(
  history: readonly number[],
  options: BacktestOptions,
): Promise<BacktestResult | undefined> {
  const trials = runTrials(history, options);
  for (;;) {
    const { done, value } = trials.next();
    if (done === true) return value;
    await setImmediate();
  }
}

/** Gives way after each trial, and ends with what all of them told. */
function* runTrials(
  history: readonly number[],
  options: BacktestOptions,
): Generator<undefined, BacktestResult | undefined, void> {
  const { horizonDays, levels, leastHistoryDays, maxOrigins } = options;
  const first = Math.max(leastHistoryDays, DAYS_PER_WEEK + 1);
  const last = history.length - horizonDays;
  if (horizonDays < 1 || last < first) return undefined;
  const count = Math.min(maxOrigins, last - first + 1);
  const naive = seasonalNaive(Float64Array.from(history));
  const misses = { days: 0, naiveDays: 0, sums: 0, naiveSums: 0, scaled: 0 };
  let scaledCount = 0;
  const covered = levels.map(() => ({ days: 0, sums: 0 }));

  for (let trial = 0; trial < count; trial++) {
    // The last origin first, so that a single trial is the newest.
    const origin = last - Math.round((trial * (last - first)) / Math.max(1, count - 1));
    const known = history.slice(0, origin);
    const forecast = dailyDistribution(known, horizonDays);
    const naively = naive.forecast(origin, horizonDays);
    const scale = naiveMiss(known);
    let sum = 0;
    let naiveSum = 0;
    let actualSum = 0;
    let miss = 0;
    for (let day = 0; day < horizonDays; day++) {
      const actual = history[origin + day] ?? 0;
      const expected = forecast.mean[day] ?? 0;
      miss += Math.abs(actual - expected);
      misses.naiveDays += Math.abs(actual - (naively[day] ?? 0));
      sum += expected;
      naiveSum += naively[day] ?? 0;
      actualSum += actual;
      levels.forEach((level, index) => {
        const { lower, upper } = forecast.day(day, level);
        const counts = covered[index];
        if (counts && actual >= lower && actual <= upper) counts.days += 1;
      });
    }
    misses.days += miss;
    misses.sums += Math.abs(actualSum - sum);
    misses.naiveSums += Math.abs(actualSum - naiveSum);
    if (scale > 0) {
      misses.scaled += miss / horizonDays / scale;
      scaledCount += 1;
    }
    levels.forEach((level, index) => {
      const { lower, upper } = forecast.sum(horizonDays, level);
      const counts = covered[index];
      if (counts && actualSum >= lower && actualSum <= upper) counts.sums += 1;
    });
    yield;
  }
  return {
    origins: count,
    mase: scaledCount === 0 ? null : misses.scaled / scaledCount,
    relativeToNaive: misses.naiveDays === 0 ? null : misses.days / misses.naiveDays,
    sumRelativeToNaive: misses.naiveSums === 0 ? null : misses.sums / misses.naiveSums,
    coverage: levels.map((level, index) => ({
      level,
      days: (covered[index]?.days ?? 0) / (count * horizonDays),
      sums: (covered[index]?.sums ?? 0) / count,
    })),
  };
}

function naiveMiss(known: readonly number[]): number {
  let miss = 0;
  for (let day = DAYS_PER_WEEK; day < known.length; day++) {
    miss += Math.abs((known[day] ?? 0) - (known[day - DAYS_PER_WEEK] ?? 0));
  }
  return known.length <= DAYS_PER_WEEK ? 0 : miss / (known.length - DAYS_PER_WEEK);
}
