import { DAYS_PER_WEEK } from './weekly-profile.ts';
import { median, robustDeviation } from './statistics.ts';

/** Gardner and McKenzie's damped trend: how fast the level and the trend follow, and how much of the trend is left a day later. */
export interface Smoothing {
  level: number;
  trend: number;
  damping: number;
}

/** Few and far apart: a finer grid fits noise. trend 0 is simple exponential smoothing. */
export const SMOOTHINGS: readonly Smoothing[] = [0.05, 0.1, 0.2, 0.35].flatMap((level) => [
  { level, trend: 0, damping: 0.95 },
  { level, trend: 0.05, damping: 0.95 },
  { level, trend: 0.15, damping: 0.95 },
  { level, trend: 0.1, damping: 0.98 },
]);

/** A day further off than this many deviations is taken to be just so far off. */
const OUTLIER_DEVIATIONS = 3.5;
/** So many days in a row that far off on the same side are no outliers: the level has moved. */
const SHIFT_DAYS = 3;
const DEVIATION_MEMORY = 0.06;
/** After days that were all alike, what still is no surprise: this part of a mean day. */
const LEAST_DEVIATION = 0.03;

/**
 * Runs over daily values without rhythm (NaN: says nothing) and keeps the state after each day, from the past alone.
 * Outliers: one bad day moves the level by a bounded step; three in a row on one side set it to where they are.
 */
export class DampedTrend {
  readonly levels: Float64Array;
  readonly trends: Float64Array;
  /** The day after which the level was last set anew, -1 for never. */
  readonly lastShiftDay: number;

  constructor(values: Float64Array, { level: alpha, trend: beta, damping }: Smoothing) {
    const end = values.length;
    this.levels = new Float64Array(end);
    this.trends = new Float64Array(end);
    const beginning = values
      .subarray(0, Math.min(end, 2 * DAYS_PER_WEEK))
      .filter((value) => !Number.isNaN(value));
    let level = beginning.length === 0 ? 0 : median(beginning);
    let trend = 0;
    const least = LEAST_DEVIATION * meanOfKnown(values);
    let deviation = Math.max(least, robustDeviation(beginning, level));
    let side = 0;
    let lastShiftDay = -1;
    let run = 0;
    for (let day = 0; day < end; day++) {
      const value = values[day] ?? NaN;
      const expected = level + damping * trend;
      level = expected;
      trend *= damping;
      if (!Number.isNaN(value)) {
        let surprise = value - expected;
        const limit = OUTLIER_DEVIATIONS * deviation;
        if (Math.abs(surprise) > limit) {
          run = Math.sign(surprise) === side ? run + 1 : 1;
          side = Math.sign(surprise);
          surprise = side * limit;
        } else {
          run = 0;
          side = 0;
        }
        deviation = Math.max(least, deviation + DEVIATION_MEMORY * (1.2533 * Math.abs(surprise) - deviation));
        if (run === SHIFT_DAYS) {
          level = median(lastKnown(values, day, SHIFT_DAYS));
          trend = 0;
          run = 0;
          lastShiftDay = day;
        } else {
          level += alpha * surprise;
          trend += alpha * beta * surprise;
        }
      }
      this.levels[day] = level;
      this.trends[day] = trend;
    }
    this.lastShiftDay = lastShiftDay;
  }
}

function meanOfKnown(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += Math.abs(value);
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}

function lastKnown(values: Float64Array, day: number, count: number): number[] {
  const known: number[] = [];
  for (let at = day; at >= 0 && known.length < count; at--) {
    const value = values[at] ?? NaN;
    if (!Number.isNaN(value)) known.push(value);
  }
  return known;
}

/** How much of today's trend has been added by each of the next days: damping + damping² + … */
export function trendSums(damping: number, days: number): Float64Array {
  const sums = new Float64Array(days);
  let power = 1;
  let sum = 0;
  for (let day = 0; day < days; day++) {
    power *= damping;
    sum += power;
    sums[day] = sum;
  }
  return sums;
}
