import { clamp, median, robustDeviation } from './statistics.ts';

export const DAYS_PER_WEEK = 7;
/** How many weeks tell the rhythm: long enough for a median, short enough to follow a change of habits. */
const PROFILE_WEEKS = 8;
/** What weekdays are thought to scatter by, relative to a mean day, as long as there are too few weeks to see it. */
const PRIOR_SCATTER = 0.25;
const PRIOR_DAYS = 7;

/**
 * The weekly rhythm of daily values: for each position in the week (index modulo 7) its factor against the mean day
 * (multiplicative, the seven average 1) or its distance from it in mean days (additive, they sum to 0).
 */
export interface WeeklyProfile {
  kind: 'multiplicative' | 'additive';
  factors: readonly number[];
  /** The mean day that additive distances are multiples of. */
  meanDay: number;
}

/** Running sums, so that the mean of any stretch costs two look-ups. */
export function runningSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let day = 0; day < values.length; day++) sums[day + 1] = (sums[day] ?? 0) + (values[day] ?? 0);
  return sums;
}

/**
 * The profile as the days before `end` show it. Each day is compared with the mean of the whole week around it, so that a trend
 * does not tilt the profile; each position's figure is the median over the last weeks, so that one bad day does not enter; and it
 * is drawn towards a flat week as far as the differences between weekdays could be chance (James and Stein).
 */
export function weeklyProfile(
  values: Float64Array,
  sums: Float64Array,
  end: number,
  kind: WeeklyProfile['kind'],
): WeeklyProfile {
  const flat = kind === 'multiplicative' ? 1 : 0;
  const first = Math.max(0, end - PROFILE_WEEKS * DAYS_PER_WEEK);
  const meanDay = end === 0 ? 0 : ((sums[end] ?? 0) - (sums[first] ?? 0)) / (end - first);
  if (end < DAYS_PER_WEEK || meanDay <= 0) return flatProfile(kind, meanDay);

  const byPosition = Array.from({ length: DAYS_PER_WEEK }, (): number[] => []);
  for (let day = first; day < end; day++) {
    const weekStart = clamp(day - 3, 0, end - DAYS_PER_WEEK);
    const weekMean = ((sums[weekStart + DAYS_PER_WEEK] ?? 0) - (sums[weekStart] ?? 0)) / DAYS_PER_WEEK;
    const value = values[day] ?? 0;
    if (kind === 'additive') byPosition[day % DAYS_PER_WEEK]?.push((value - weekMean) / meanDay);
    else if (weekMean > 0) byPosition[day % DAYS_PER_WEEK]?.push(value / weekMean);
  }
  const typical = byPosition.map((figures) => (figures.length === 0 ? flat : median(figures)));
  const counts = byPosition.map((figures) => figures.length);

  // How far weekdays differ from one another, and from themselves between weeks.
  let freedom = 0;
  let within = 0;
  byPosition.forEach((figures, position) => {
    if (figures.length < 2) return;
    freedom += figures.length - 1;
    within += (figures.length - 1) * robustDeviation(figures, typical[position]) ** 2;
  });
  const scatter = (within + PRIOR_DAYS * PRIOR_SCATTER ** 2) / (freedom + PRIOR_DAYS);
  // The prior goes once there are enough weeks to see the scatter itself.
  const variance = freedom >= 3 * DAYS_PER_WEEK ? within / freedom : scatter;
  const meanCount = Math.max(1, counts.reduce((sum, count) => sum + count, 0) / DAYS_PER_WEEK);
  const spread = typical.reduce((sum, factor) => sum + (factor - flat) ** 2, 0) / (DAYS_PER_WEEK - 1);
  const real = Math.max(0, spread - variance / meanCount);
  const shrunk = typical.map((factor, position) => {
    const doubt = variance / Math.max(1, counts[position] ?? 0);
    const trust = real + doubt === 0 ? 1 : real / (real + doubt);
    return flat + trust * (factor - flat);
  });

  const average = shrunk.reduce((sum, factor) => sum + factor, 0) / DAYS_PER_WEEK;
  if (kind === 'additive') return { kind, factors: shrunk.map((factor) => factor - average), meanDay };
  if (average <= 0) return flatProfile(kind, meanDay);
  return { kind, factors: shrunk.map((factor) => factor / average), meanDay };
}

function flatProfile(kind: WeeklyProfile['kind'], meanDay: number): WeeklyProfile {
  return {
    kind,
    factors: new Array<number>(DAYS_PER_WEEK).fill(kind === 'multiplicative' ? 1 : 0),
    meanDay,
  };
}

/** Below this a weekday says nothing about the level: what happens on it, divided by so little, is noise. */
const SILENT_BELOW = 0.1;

/** A value without the rhythm; NaN on a weekday that is practically always silent. */
export function deseasonalised(value: number, day: number, profile: WeeklyProfile): number {
  const factor = profile.factors[day % DAYS_PER_WEEK] ?? 0;
  if (profile.kind === 'additive') return value - factor * profile.meanDay;
  return factor < SILENT_BELOW ? NaN : value / factor;
}

/** The rhythm put back on a level; never negative. */
export function seasonalised(level: number, day: number, profile: WeeklyProfile): number {
  const factor = profile.factors[day % DAYS_PER_WEEK] ?? 0;
  return Math.max(0, profile.kind === 'additive' ? level + factor * profile.meanDay : level * factor);
}
