import { candidatesFor, type Candidate } from './candidates.ts';
import { errorModel, priorErrorModel, simulate, type ErrorModel } from './error-paths.ts';
import { chooseCandidate, leastLevel } from './rolling-origin.ts';
import { clamp, mean } from './statistics.ts';
import { DAYS_PER_WEEK, runningSums, weeklyProfile } from './weekly-profile.ts';

export interface Estimate {
  mean: number;
  lower: number;
  upper: number;
}

export interface DailyForecast {
  /** One expected value for each of the coming days. */
  mean: number[];
  /** Bounds of each day by itself at the asked level. The bounds of a sum are not the sums of these: ask `sum`. */
  lower: number[];
  upper: number[];
  /** Which method made the mean; `no-history`, `no-usage` and `mean` say that there was too little to go by. */
  method: string;
  /** The part of a mean day that each weekday makes up, Sunday first: `[0.3, 1.2, …]`; all 1 without a visible rhythm. */
  weekdayFactors: number[];
  /** The first `upToDay` days together (0 to the horizon), with bounds that allow for days that err in company. */
  sum: (upToDay: number) => Estimate;
}

export interface ForecastOptions {
  /** Weekday of the first day of the history, 0 (Sunday) to 6; only names the weekdays of the answer. Default 0. */
  firstWeekday?: number;
  /** Probability that a bound pair covers what comes, above 0 and below 1. Default 0.8. */
  level?: number;
}

export const MAX_HORIZON_DAYS = 400;
/** Older days tell nothing about a weekly rhythm and a level. */
export const MAX_HISTORY_DAYS = 400;
/** With less, there is no week to compare a week with. */
const LEAST_DAYS_FOR_RHYTHM = 14;

/** A forecast whose bounds can be asked at any level. */
export interface DailyDistribution {
  mean: Float64Array;
  method: string;
  weekdayFactors: number[];
  day(day: number, level: number): Estimate;
  sum(upToDay: number, level: number): Estimate;
}

/**
 * Forecasts daily values of a weekly rhythm; docs/forecast.md describes the method. The same arguments always give the same
 * answer, and k times the history gives k times the forecast.
 * @param history one value a day, oldest first, 0 or more, complete days only; days without usage are 0. Days before the first
 *   usage are left out of account.
 * @param horizonDays whole days to forecast, 0 to MAX_HORIZON_DAYS; the first is the day after the history
 * @throws RangeError for negative or infinite values and options out of range
 */
export function forecastDaily(
  history: readonly number[],
  horizonDays: number,
  { firstWeekday = 0, level = 0.8 }: ForecastOptions = {},
): DailyForecast {
  if (!(level > 0 && level < 1)) throw new RangeError('level: must lie between 0 and 1.');
  const distribution = dailyDistribution(history, horizonDays, firstWeekday);
  const byDay = Array.from({ length: horizonDays }, (_, day) => distribution.day(day, level));
  return {
    method: distribution.method,
    weekdayFactors: distribution.weekdayFactors,
    mean: byDay.map((day) => day.mean),
    lower: byDay.map((day) => day.lower),
    upper: byDay.map((day) => day.upper),
    sum: (upToDay) => distribution.sum(upToDay, level),
  };
}

/** As forecastDaily, for those who need several levels of one forecast. */
export function dailyDistribution(
  history: readonly number[],
  horizonDays: number,
  firstWeekday = 0,
): DailyDistribution {
  if (!Number.isInteger(horizonDays) || horizonDays < 0 || horizonDays > MAX_HORIZON_DAYS) {
    throw new RangeError(`horizonDays: must be a whole number from 0 to ${MAX_HORIZON_DAYS}.`);
  }
  if (history.some((value) => !(value >= 0 && value < Infinity))) {
    throw new RangeError('history: must be finite values of 0 or more.');
  }
  const firstUsage = history.findIndex((value) => value > 0);
  const start = firstUsage === -1 ? history.length : Math.max(firstUsage, history.length - MAX_HISTORY_DAYS);
  const values = Float64Array.from(history.slice(start));
  const days = values.length;

  if (days === 0) {
    const method = history.length === 0 ? 'no-history' : 'no-usage';
    return distributionOf(method, new Float64Array(horizonDays), undefined, flatWeek());
  }
  const weekdayFactors = factorsByWeekday(values, firstWeekday + start);
  if (days < DAYS_PER_WEEK) {
    const expected = new Float64Array(horizonDays).fill(mean(values));
    return distributionOf('mean', expected, priorErrorModel(days), weekdayFactors);
  }
  const { candidate, errors } = choose(values);
  const expected = candidate.forecast(days, horizonDays);
  return distributionOf(candidate.name, expected, errors, weekdayFactors, leastLevel(values));
}

function choose(values: Float64Array): { candidate: Candidate; errors: ErrorModel } {
  const candidates = candidatesFor(values);
  if (values.length < LEAST_DAYS_FOR_RHYTHM) {
    const candidate = candidates.find(({ name }) => name === 'damped-trend-multiplicative') ?? candidates[0];
    if (candidate === undefined) throw new Error('There is no candidate to forecast with.');
    return { candidate, errors: priorErrorModel(values.length) };
  }
  const { candidate, misses } = chooseCandidate(values, candidates, LEAST_DAYS_FOR_RHYTHM);
  return { candidate, errors: errorModel(misses) };
}

function distributionOf(
  method: string,
  expected: Float64Array,
  errors: ErrorModel | undefined,
  weekdayFactors: number[],
  least = 0,
): DailyDistribution {
  const sums = runningSums(expected);
  const simulated = errors === undefined ? undefined : simulate(expected, errors, least);
  const around = (middle: number, level: number, quantile?: (q: number) => number): Estimate =>
    quantile === undefined
      ? { mean: middle, lower: middle, upper: middle }
      : {
          mean: middle,
          lower: clamp(quantile((1 - level) / 2), 0, middle),
          upper: Math.max(middle, quantile((1 + level) / 2)),
        };
  return {
    method,
    weekdayFactors,
    mean: expected,
    day: (day, level) =>
      around(expected[day] ?? 0, level, simulated && ((q) => simulated.dayQuantile(day, q))),
    sum(upToDay, level) {
      if (!Number.isInteger(upToDay) || upToDay < 0 || upToDay > expected.length) {
        throw new RangeError(`upToDay: must be a whole number from 0 to ${expected.length}.`);
      }
      if (upToDay === 0) return { mean: 0, lower: 0, upper: 0 };
      return around(sums[upToDay] ?? 0, level, simulated && ((q) => simulated.sumQuantile(upToDay, q)));
    },
  };
}

/** The sum of two estimates that err independently. */
export function sumOfIndependent(one: Estimate, other: Estimate): Estimate {
  const mean = one.mean + other.mean;
  return {
    mean,
    lower: mean - Math.hypot(one.mean - one.lower, other.mean - other.lower),
    upper: mean + Math.hypot(one.upper - one.mean, other.upper - other.mean),
  };
}

function flatWeek(): number[] {
  return new Array<number>(DAYS_PER_WEEK).fill(1);
}

function factorsByWeekday(values: Float64Array, firstWeekday: number): number[] {
  const { factors } = weeklyProfile(values, runningSums(values), values.length, 'multiplicative');
  return flatWeek().map((_, weekday) => {
    const position = (((weekday - firstWeekday) % DAYS_PER_WEEK) + DAYS_PER_WEEK) % DAYS_PER_WEEK;
    return factors[position] ?? 1;
  });
}
