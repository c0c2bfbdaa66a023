import { clamp, mean, median } from '../forecast/statistics.ts';

/** A new level lasts at least so many days; what is shorter is an event, which the anomalies tell of. */
export const MIN_LEVEL_DAYS = 5;
const MIN_DAYS = 2 * MIN_LEVEL_DAYS;
/**
 * What one more level must explain, in units of the noise's variance times the logarithm of the number of days. Two is what the Bayesian information
 * criterion asks for; with the noise estimated by the same days, three keeps false alarms below 5 % (change-points.test.ts).
 */
const PENALTY = 3;
/** A day further than this from its neighbours' median, in standard deviations of the noise, is taken to there. */
const OUTLIER = 3;
/** Of a typical value: added before taking logarithms, so that days of nothing have one. */
const OFFSET = 0.05;
/** Standard deviation of a normal distribution over the median of its absolute values. */
const NORMAL_CONSISTENCY = 1.4826;

/** Where a new level begins. */
export interface ChangePoint {
  /** Index of the first day of the new level. */
  day: number;
  /** The difference of both levels over its standard error. */
  score: number;
}

/**
 * The days on which the level of daily values changed for good: PELT (Killick, Fearnhead and Eckley 2012), which finds the one best cut into
 * levels, on logarithms, so that noise is as large on every level. A steady trend is no change: cuts of what a straight line leaves
 * are tried too, and win where they explain more. Noise is estimated from differences of days, which levels do not enter; days that
 * depend on their neighbours raise it.
 * @param values days without their weekly rhythm, 0 or more
 */
export function changePoints(values: readonly number[]): ChangePoint[] {
  if (values.length < MIN_DAYS) return [];
  const typical = median(values.filter((value) => value > 0));
  if (!(typical > 0)) return [];
  const logs = values.map((value) => Math.log(Math.max(0, value) + OFFSET * typical));
  const noise = noiseOf(logs);
  const series = withoutOutliers(logs, noise.deviation);
  // Where all days but the levels are equal, what is left is rounding.
  const variance = Math.max(noise.longRunVariance, 1e-8);
  const penalty = PENALTY * variance * Math.log(series.length);
  const line = theilSenLine(series);
  const cuts = [series, series.map((value, day) => value - line * day)]
    .map((candidate, index) => {
      const found = pelt(candidate, penalty, MIN_LEVEL_DAYS);
      return { ...found, candidate, cost: found.cost + index * penalty };
    })
    .reduce((best, other) => (other.cost < best.cost ? other : best));
  const edges = [0, ...cuts.starts, series.length];
  return cuts.starts.map((day, index) => {
    const before = cuts.candidate.slice(edges[index], day);
    const after = cuts.candidate.slice(day, edges[index + 2]);
    const error = Math.sqrt(variance * (1 / before.length + 1 / after.length));
    return { day, score: Math.abs(mean(after) - mean(before)) / error };
  });
}

/**
 * The cut of a series into stretches of at least `minLength` that makes the sum of squared distances from their means, plus `penalty` for each stretch
 * after the first, the least. Candidates that can never win again are dropped, so that long series cost little more than in proportion.
 * @returns where stretches after the first begin, and that sum
 */
export function pelt(
  series: readonly number[],
  penalty: number,
  minLength: number,
): { starts: number[]; cost: number } {
  const sums = new Float64Array(series.length + 1);
  const squares = new Float64Array(series.length + 1);
  // About the mean: squares of large values would lose the digits that matter.
  const centre = mean(series);
  for (const [index, value] of series.entries()) {
    sums[index + 1] = (sums[index] ?? 0) + (value - centre);
    squares[index + 1] = (squares[index] ?? 0) + (value - centre) ** 2;
  }
  const distance = (from: number, to: number): number => {
    const sum = (sums[to] ?? 0) - (sums[from] ?? 0);
    const squared = (squares[to] ?? 0) - (squares[from] ?? 0) - (sum * sum) / (to - from);
    return squared > 0 ? squared : 0;
  };
  const best = new Float64Array(series.length + 1).fill(Infinity);
  const last = new Int32Array(series.length + 1);
  best[0] = -penalty;
  const never = series.length + 1;
  let candidates = [{ from: 0, until: never }];
  for (let end = minLength; end <= series.length; end += 1) {
    candidates = candidates.filter(({ until }) => end < until);
    for (const { from } of candidates) {
      const cost = (best[from] ?? Infinity) + distance(from, end) + penalty;
      if (cost < (best[end] ?? Infinity)) {
        best[end] = cost;
        last[end] = from;
      }
    }
    // A cut at this end is better than one at such a candidate, as soon as the stretch after it is long enough.
    for (const candidate of candidates) {
      if (
        candidate.until === never &&
        (best[candidate.from] ?? Infinity) + distance(candidate.from, end) >= (best[end] ?? Infinity)
      )
        candidate.until = end + minLength;
    }
    // The next end reaches back to minLength before it.
    if (end + 1 - minLength >= minLength) candidates.push({ from: end + 1 - minLength, until: never });
  }
  const starts: number[] = [];
  for (let end = series.length; (last[end] ?? 0) > 0; end = last[end] ?? 0) starts.unshift(last[end] ?? 0);
  return { starts, cost: best[series.length] ?? 0 };
}

/** Differences over one and over two days tell the noise and how much of it a day hands on to the next, whatever the levels. */
function noiseOf(series: readonly number[]): { deviation: number; longRunVariance: number } {
  const spread = (lag: number): number =>
    NORMAL_CONSISTENCY *
    median(series.slice(lag).map((value, index) => Math.abs(value - (series[index] ?? 0))));
  const [one, two] = [spread(1) ** 2, spread(2) ** 2];
  const handedOn = one === 0 ? 0 : clamp(two / one - 1, 0, 0.7);
  const variance = one / 2 / (1 - handedOn);
  return {
    deviation: Math.sqrt(variance),
    longRunVariance: (variance * (1 + handedOn)) / (1 - handedOn),
  };
}

/** A Hampel filter over a week. */
function withoutOutliers(series: readonly number[], deviation: number): number[] {
  return series.map((value, day) => {
    const start = Math.min(Math.max(0, day - 3), Math.max(0, series.length - 7));
    const centre = median(series.slice(start, start + 7));
    return clamp(value, centre - OUTLIER * deviation, centre + OUTLIER * deviation);
  });
}

/** Theil's incomplete method: the median slope of days that lie half of the series apart. */
function theilSenLine(series: readonly number[]): number {
  const apart = Math.floor(series.length / 2);
  return median(series.slice(apart).map((value, day) => (value - (series[day] ?? 0)) / apart));
}
