import type { Candidate } from './candidates.ts';
import { mean } from './statistics.ts';
import { DAYS_PER_WEEK } from './weekly-profile.ts';

/** How far each trial forecast looks; where the history is short, as far as it goes. */
export const TRIAL_DAYS = 28;
/** How many of the last days trial forecasts are made from. */
const TRIALS = 120;

/** What one trial forecast expected and what came, from its origin on, cut off where the history ends. */
export interface Miss {
  /** What the misses are measured in: the mean of the expected days of its first week, or `leastLevel`. */
  level: number;
  expected: Float64Array;
  actual: Float64Array;
}

/** The unit of misses is never less than this part of a mean day of the last eight weeks, where next to nothing is expected. */
const LEAST_LEVEL = 0.2;
const LEVEL_DAYS = 56;

export function leastLevel(values: Float64Array, end = values.length): number {
  return LEAST_LEVEL * mean(values.subarray(Math.max(0, end - LEVEL_DAYS), end));
}

/** A candidate further down the list must be this much better than those before it. */
const CLEARLY_BETTER = 0.9;

/**
 * Lets every candidate forecast from each of the last days as if the rest were not known yet, and takes the one that missed least.
 * @param leastDays history that a trial forecast needs at least; `values` must be as long
 */
export function chooseCandidate(
  values: Float64Array,
  candidates: readonly Candidate[],
  leastDays: number,
): { candidate: Candidate; misses: Miss[] } {
  let best: { candidate: Candidate; misses: Miss[]; score: number } | undefined;
  for (const candidate of candidates) {
    const misses = trials(values, candidate, leastDays);
    const score = scoreOf(misses);
    if (best === undefined || score < CLEARLY_BETTER * best.score) best = { candidate, misses, score };
  }
  if (best === undefined) throw new Error('There is no candidate to choose from.');
  return best;
}

function trials(values: Float64Array, candidate: Candidate, leastDays: number): Miss[] {
  const misses: Miss[] = [];
  for (let origin = Math.max(leastDays, values.length - TRIALS); origin < values.length; origin++) {
    const days = Math.min(TRIAL_DAYS, values.length - origin);
    const forecast = candidate.forecast(origin, Math.max(days, DAYS_PER_WEEK));
    let level = 0;
    for (let ahead = 0; ahead < DAYS_PER_WEEK; ahead++) level += (forecast[ahead] ?? 0) / DAYS_PER_WEEK;
    misses.push({
      level: Math.max(level, leastLevel(values, origin)),
      expected: forecast.subarray(0, days),
      actual: values.subarray(origin, origin + days),
    });
  }
  return misses;
}

/**
 * Mean absolute miss of single days and, as much, of the sums of 7, 14 and 28 days, which budgets are about; and the mean miss itself,
 * for usage that comes now and then, where expecting nothing misses least on most days.
 */
function scoreOf(misses: readonly Miss[]): number {
  const horizons = [1, DAYS_PER_WEEK, 2 * DAYS_PER_WEEK, TRIAL_DAYS];
  const totals = new Float64Array(horizons.length);
  const counts = new Float64Array(horizons.length);
  let bias = 0;
  for (const { expected, actual } of misses) {
    let sum = 0;
    for (let ahead = 0; ahead < expected.length; ahead++) {
      const miss = (actual[ahead] ?? 0) - (expected[ahead] ?? 0);
      sum += miss;
      bias += miss;
      totals[0] = (totals[0] ?? 0) + Math.abs(miss);
      counts[0] = (counts[0] ?? 0) + 1;
      for (let each = 1; each < horizons.length; each++) {
        if (horizons[each] !== ahead + 1) continue;
        totals[each] = (totals[each] ?? 0) + Math.abs(sum) / (ahead + 1);
        counts[each] = (counts[each] ?? 0) + 1;
      }
    }
  }
  const days = counts[0] ?? 0;
  let score = days > 0 ? (Math.abs(bias) / days) * Math.sqrt(TRIAL_DAYS) : 0;
  for (let each = 0; each < horizons.length; each++) {
    const count = counts[each] ?? 0;
    // Sums of a month err less than single days in percent; the square root keeps their say.
    if (count > 0) score += ((totals[each] ?? 0) / count) * Math.sqrt(horizons[each] ?? 1);
  }
  return score;
}
