import { DampedTrend, SMOOTHINGS, trendSums, type Smoothing } from './damped-trend.ts';
import { mean, median } from './statistics.ts';
import {
  DAYS_PER_WEEK,
  deseasonalised,
  runningSums,
  seasonalised,
  weeklyProfile,
  type WeeklyProfile,
} from './weekly-profile.ts';

/**
 * A way to forecast. `forecast` gives the days from `origin` on, knowing those before it alone; it is called with rising origins.
 */
export interface Candidate {
  name: string;
  forecast(origin: number, days: number): Float64Array;
}

/** So long after the level moved, what lies before it is still in the last four weeks. */
const SHIFT_MEMORY_DAYS = 28;

/**
 * What makes forecasts of a series; the order is that of preference among equals. Where the level has moved in the last four weeks,
 * only what follows a level within days: the trials before say nothing about that. Usage that comes now and then has no level: its mean.
 */
export function candidatesFor(values: Float64Array): Candidate[] {
  if (isRare(values)) return [recentMean(values, RARE_DAYS)];
  const multiplicative = dampedTrend(values, 'multiplicative');
  if (multiplicative.daysSinceShift() < SHIFT_MEMORY_DAYS) return [multiplicative];
  const additive = dampedTrend(values, 'additive');
  const weekdays = weekdayMedian(values);
  return [
    average('damped-trend+same-weekdays', [multiplicative, weekdays]),
    multiplicative,
    additive,
    weekdays,
    recentMean(values, RECENT_DAYS),
    seasonalNaive(values),
  ];
}

/** The same weekday of the week before. */
export function seasonalNaive(values: Float64Array): Candidate {
  return {
    name: 'seasonal-naive',
    forecast: (origin, days) =>
      Float64Array.from(
        { length: days },
        (_, ahead) => values[Math.max(0, origin - DAYS_PER_WEEK + (ahead % DAYS_PER_WEEK))] ?? 0,
      ),
  };
}

const SAME_WEEKDAYS = 4;

/** The median of the same weekday in the last four weeks. */
function weekdayMedian(values: Float64Array): Candidate {
  return {
    name: 'same-weekdays',
    forecast(origin, days) {
      const week = new Float64Array(Math.min(days, DAYS_PER_WEEK));
      for (let ahead = 0; ahead < week.length; ahead++) {
        const same: number[] = [];
        for (let back = 1; back <= SAME_WEEKDAYS; back++) {
          const day = origin + ahead - back * DAYS_PER_WEEK;
          if (day >= 0) same.push(values[day] ?? 0);
        }
        week[ahead] = same.length === 0 ? mean(values.subarray(0, origin)) : median(same);
      }
      const expected = new Float64Array(days);
      for (let ahead = 0; ahead < days; ahead++) expected[ahead] = week[ahead % DAYS_PER_WEEK] ?? 0;
      return expected;
    },
  };
}

const RECENT_DAYS = 28;
const RARE_DAYS = 56;
const RARE_PART = 0.5;
const IRREGULAR_PART = 0.35;

/**
 * Whether usage comes now and then: on less than half of the days of eight weeks, and not on the same weekdays. Medians and smoothing
 * would expect nothing.
 */
function isRare(values: Float64Array): boolean {
  const recent = values.subarray(Math.max(0, values.length - RARE_DAYS));
  const active = new Float64Array(DAYS_PER_WEEK);
  const days = new Float64Array(DAYS_PER_WEEK);
  recent.forEach((value, day) => {
    const position = day % DAYS_PER_WEEK;
    days[position] = (days[position] ?? 0) + 1;
    if (value > 0) active[position] = (active[position] ?? 0) + 1;
  });
  const all = active.reduce((sum, count) => sum + count, 0);
  const irregular = active.reduce((sum, count, day) => sum + Math.min(count, (days[day] ?? 0) - count), 0);
  return all > 0 && all < RARE_PART * recent.length && irregular > IRREGULAR_PART * all;
}

/** The mean of the last days for every day; the largest counts as no more than twice the next. */
function recentMean(values: Float64Array, windowDays: number): Candidate {
  return {
    name: 'recent-mean',
    forecast(origin, days) {
      const recent = values.slice(Math.max(0, origin - windowDays), origin).sort();
      const next = recent.at(-2) ?? 0;
      const last = recent.length - 1;
      if (next > 0) recent[last] = Math.min(recent[last] ?? 0, 2 * next);
      return new Float64Array(days).fill(mean(recent));
    },
  };
}

function average(name: string, parts: readonly Candidate[]): Candidate {
  return {
    name,
    forecast(origin, days) {
      const sum = new Float64Array(days);
      for (const part of parts) {
        const forecast = part.forecast(origin, days);
        for (let ahead = 0; ahead < days; ahead++) {
          sum[ahead] = (sum[ahead] ?? 0) + (forecast[ahead] ?? 0) / parts.length;
        }
      }
      return sum;
    },
  };
}

/** How many days before a fit the smoothing starts: by then nothing is left of where it started from. */
const SMOOTHED_DAYS = 182;

interface Fit {
  profile: WeeklyProfile;
  smoothing: Smoothing;
  firstDay: number;
  run: DampedTrend;
}

/** Damped-trend smoothing of the values without their rhythm. The profile and the smoothing are chosen anew once a week. */
function dampedTrend(
  values: Float64Array,
  kind: WeeklyProfile['kind'],
): Candidate & { daysSinceShift(): number } {
  const sums = runningSums(values);
  const fits = new Map<number, Fit>();

  function fitAt(origin: number): Fit {
    const profile = weeklyProfile(values, sums, origin, kind);
    const firstDay = Math.max(0, origin - SMOOTHED_DAYS);
    // A week further than the fit knows: each state comes from the days before it alone.
    const end = Math.min(values.length, origin + DAYS_PER_WEEK);
    const flat = values
      .subarray(firstDay, end)
      .map((value, index) => deseasonalised(value, firstDay + index, profile));
    const smoothing = chooseSmoothing(flat.subarray(0, origin - firstDay));
    return { profile, smoothing, firstDay, run: new DampedTrend(flat, smoothing) };
  }

  function fitFor(origin: number): Fit {
    // Counted back from the end, so that the forecast of what is really to come has a fresh fit.
    const weeksBack = Math.ceil((values.length - origin) / DAYS_PER_WEEK);
    const at = Math.max(Math.min(origin, DAYS_PER_WEEK), values.length - weeksBack * DAYS_PER_WEEK);
    const fit = fits.get(at) ?? fitAt(at);
    fits.set(at, fit);
    return fit;
  }

  return {
    name: `damped-trend-${kind}`,
    daysSinceShift() {
      const { firstDay, run } = fitFor(values.length);
      return run.lastShiftDay === -1 ? Infinity : values.length - 1 - firstDay - run.lastShiftDay;
    },
    forecast(origin, days) {
      const { profile, smoothing, firstDay, run } = fitFor(origin);
      const level = run.levels[origin - firstDay - 1] ?? 0;
      const trend = run.trends[origin - firstDay - 1] ?? 0;
      const trends = trendSums(smoothing.damping, days);
      const expected = new Float64Array(days);
      for (let ahead = 0; ahead < days; ahead++) {
        const reached = Math.max(0, level + trend * (trends[ahead] ?? 0));
        expected[ahead] = seasonalised(reached, origin + ahead, profile);
      }
      return expected;
    },
  };
}

/** How many of the last days judge a smoothing. */
const JUDGED_DAYS = 112;

/** The smoothing whose forecasts of the mean of the next seven days missed least. */
function chooseSmoothing(flat: Float64Array): Smoothing {
  const [first] = SMOOTHINGS;
  const end = flat.length;
  const known = new Float64Array(end + 1);
  const sums = new Float64Array(end + 1);
  for (let day = 0; day < end; day++) {
    const value = flat[day] ?? NaN;
    const isKnown = !Number.isNaN(value);
    known[day + 1] = (known[day] ?? 0) + (isKnown ? 1 : 0);
    sums[day + 1] = (sums[day] ?? 0) + (isKnown ? value : 0);
  }
  const from = Math.max(DAYS_PER_WEEK, end - JUDGED_DAYS);
  let best: { smoothing: Smoothing; miss: number } | undefined;
  for (const smoothing of SMOOTHINGS) {
    const { levels, trends } = new DampedTrend(flat, smoothing);
    const growth = mean(trendSums(smoothing.damping, DAYS_PER_WEEK));
    let miss = 0;
    for (let day = from; day + DAYS_PER_WEEK <= end; day++) {
      const count = (known[day + DAYS_PER_WEEK] ?? 0) - (known[day] ?? 0);
      if (count === 0) continue;
      const actual = ((sums[day + DAYS_PER_WEEK] ?? 0) - (sums[day] ?? 0)) / count;
      miss += Math.abs(actual - (levels[day - 1] ?? 0) - (trends[day - 1] ?? 0) * growth);
    }
    if (best === undefined || miss < 0.99 * best.miss) best = { smoothing, miss };
  }
  if (best === undefined || first === undefined) throw new Error('There is no smoothing to choose from.');
  // Too little to judge by: a calm one without trend.
  if (from + DAYS_PER_WEEK > end) return { level: 0.2, trend: 0, damping: 0.95 };
  return best.smoothing;
}
