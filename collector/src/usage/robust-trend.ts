import { median, quantileOfSorted } from '../forecast/statistics.ts';

export const DAYS_PER_WEEK = 7;
/** From three whole weeks on each weekday is compared with itself alone. */
const SEASONAL_DAYS = 3 * DAYS_PER_WEEK;
/** Fewer days than this can show no trend at the 5 % level whatever they are like, or hardly. */
export const MIN_TREND_DAYS = 8;
const NORMAL_95 = 1.959964;
/** Autocorrelation beyond this would leave next to nothing of any series. */
const MAX_AUTOCORRELATION = 0.9;

/** A trend of daily values; slopes are per day, with a 95 % confidence interval. */
export interface Trend {
  slope: number;
  lower: number;
  upper: number;
  /** Probability of a trend as clear as this, up or down, in a series without one. */
  pValue: number;
  /** Of neighbouring days, once the trend and the weekdays are taken out; what it takes from the evidence is taken into account. */
  autocorrelation: number;
  isSeasonal: boolean;
}

/**
 * The Theil–Sen slope and the Mann–Kendall test: medians and ranks, so that neither outliers nor the distribution matter. From three weeks on
 * in their seasonal form (Hirsch, Slack and Smith 1982): Mondays are compared with Mondays alone. Where neighbouring days depend on
 * each other, the variance of the test is raised by (1 + r) / (1 − r), as many days as there are say less then (Bayley and Hammersley 1946).
 * @param values consecutive days; null where a day has none
 * @returns null with fewer than MIN_TREND_DAYS values
 */
export function robustTrend(values: readonly (number | null)[]): Trend | null {
  const days = values.flatMap((value, day) => (value === null ? [] : [{ day, value }]));
  if (days.length < MIN_TREND_DAYS) return null;
  const isSeasonal = values.length >= SEASONAL_DAYS;
  const seasons = isSeasonal ? [...Map.groupBy(days, ({ day }) => day % DAYS_PER_WEEK).values()] : [days];

  let score = 0;
  let variance = 0;
  const slopes: number[] = [];
  for (const season of seasons) {
    for (const [index, later] of season.entries()) {
      for (let before = 0; before < index; before += 1) {
        const earlier = season[before];
        if (!earlier) continue;
        score += Math.sign(later.value - earlier.value);
        slopes.push((later.value - earlier.value) / (later.day - earlier.day));
      }
    }
    variance += varianceOf(season.map(({ value }) => value));
  }
  const sorted = Float64Array.from(slopes).sort();
  const slope = quantileOfSorted(sorted, 0.5);
  const autocorrelation = autocorrelationOf(values, slope, isSeasonal);
  const deviation = Math.sqrt((variance * (1 + autocorrelation)) / (1 - autocorrelation));
  const z = deviation === 0 ? 0 : (Math.abs(score) - (score === 0 ? 0 : 1)) / deviation;
  // Sen 1968: as many slopes on either side of the median as the score may be off.
  const reach = (NORMAL_95 * deviation) / Math.max(1, sorted.length) / 2;
  return {
    slope,
    lower: quantileOfSorted(sorted, Math.max(0, 0.5 - reach)),
    upper: quantileOfSorted(sorted, Math.min(1, 0.5 + reach)),
    pValue: z === 0 ? 1 : 2 * upperTail(z),
    autocorrelation,
    isSeasonal,
  };
}

/** Of Kendall's score, with ties. */
function varianceOf(values: readonly number[]): number {
  const term = (count: number): number => count * (count - 1) * (2 * count + 5);
  let ties = 0;
  for (const group of Map.groupBy(values, (value) => value).values()) ties += term(group.length);
  return (term(values.length) - ties) / 18;
}

/** At lag 1, of what the slope and the medians of the weekdays leave; 0 unless it is above chance. */
function autocorrelationOf(values: readonly (number | null)[], slope: number, isSeasonal: boolean): number {
  const period = isSeasonal ? DAYS_PER_WEEK : 1;
  const flat = values.map((value, day) => (value === null ? null : value - slope * day));
  const centres = Array.from({ length: period }, (_, position) =>
    median(flat.filter((value, day): value is number => value !== null && day % period === position)),
  );
  const rest = flat.map((value, day) => (value === null ? null : value - (centres[day % period] ?? 0)));
  let products = 0;
  let squares = 0;
  let count = 0;
  for (const [day, value] of rest.entries()) {
    if (value === null) continue;
    squares += value * value;
    count += 1;
    products += value * (rest[day - 1] ?? 0);
  }
  const correlation = squares === 0 ? 0 : products / squares;
  return correlation < 1.645 / Math.sqrt(count) ? 0 : Math.min(MAX_AUTOCORRELATION, correlation);
}

/** Probability that a standard normal variable is above z ≥ 0 (Abramowitz and Stegun 26.2.17, error below 1e-7). */
export function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}

/** Most days that may be without a value above 0: a growth rate is of the logarithm, which they do not have. */
const MAX_SILENT = 0.1;

/**
 * Compound growth, as the trend of the logarithms: parts of 1, so 0.01 is one percent a day.
 * @returns null where there are too few days, or more than a tenth of them are not above 0
 */
export function compoundGrowth(
  values: readonly (number | null)[],
): { perDay: number; lower: number; upper: number } | null {
  const known = values.filter((value) => value !== null);
  const positive = known.filter((value) => value > 0);
  if (positive.length < known.length * (1 - MAX_SILENT)) return null;
  const trend = robustTrend(values.map((value) => (value !== null && value > 0 ? Math.log(value) : null)));
  if (!trend) return null;
  return { perDay: Math.expm1(trend.slope), lower: Math.expm1(trend.lower), upper: Math.expm1(trend.upper) };
}
