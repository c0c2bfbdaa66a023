import { TRIAL_DAYS, type Miss } from './rolling-origin.ts';
import {
  clamp,
  mean,
  median,
  quantileOfSorted,
  robustDeviation,
  seededRandom,
  standardNormal,
} from './statistics.ts';
import { DAYS_PER_WEEK } from './weekly-profile.ts';

/**
 * How forecasts of a series err. A day's surprise is drawn from those of the trial forecasts; a part of it (`persistence`) stays for
 * all days after, since a level that was misjudged is misjudged for long. That is what makes sums of days uncertain.
 */
export interface ErrorModel {
  /** Surprises of one day ahead in units of `scaleOf`, in the order of time, mean 0; empty: normal with `deviation`. */
  surprises: Float64Array;
  deviation: number;
  persistence: number;
  /** How the size of surprises goes with the expected value: 0 not at all, 0.5 as its root (counts), 1 in proportion. */
  power: number;
  /** Standard deviation of the logarithm of the level itself, where the history is too short to know it. */
  levelDoubt: number;
  /** How many independent surprises stand behind `deviation`. */
  freedom: number;
}

const PRIOR_DEVIATION = 0.5;
const PRIOR_PERSISTENCE = 0.1;
/** Surprises further off than this are taken to be just so far off. */
const EXTREME_DEVIATIONS = 5;
/** A silent weekday still has this part of the level as its scale. */
const LEAST_PART = 0.02;

/** What to expect of a history of less than two weeks. */
export function priorErrorModel(days: number): ErrorModel {
  return {
    surprises: new Float64Array(0),
    deviation: PRIOR_DEVIATION,
    persistence: PRIOR_PERSISTENCE,
    power: 1,
    levelDoubt: 0.8 / Math.sqrt(Math.max(1, days)),
    freedom: 6,
  };
}

const POWERS = [0, 0.5, 1] as const;
const PERSISTENCES = [0, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.7] as const;
const SUM_HORIZONS = [DAYS_PER_WEEK, 2 * DAYS_PER_WEEK, TRIAL_DAYS] as const;

/** The model that trial forecasts tell. */
export function errorModel(allMisses: readonly Miss[]): ErrorModel {
  const misses = allMisses.filter(({ level }) => level > 0);
  if (misses.length === 0) return priorErrorModel(2 * DAYS_PER_WEEK);
  const power = choosePower(misses);
  const raw = Float64Array.from(misses, (miss) => {
    const expected = miss.expected[0] ?? 0;
    return ((miss.actual[0] ?? 0) - expected) / scaleOf(expected, miss.level, power);
  });
  const centre = median(raw);
  const extreme = EXTREME_DEVIATIONS * robustDeviation(raw, centre);
  const bounded = raw.map((surprise) => clamp(surprise, centre - extreme, centre + extreme));
  const bias = mean(bounded);
  const surprises = bounded.map((surprise) => surprise - bias);
  const own = Math.sqrt(mean(surprises.map((surprise) => surprise * surprise)));
  // A handful of trials says little about how far surprises go: as far as they are missing, the prior stands in.
  const missing = Math.max(0, 2 * DAYS_PER_WEEK - misses.length) / (2 * DAYS_PER_WEEK);
  const deviation = Math.sqrt((1 - missing) * own ** 2 + missing * PRIOR_DEVIATION ** 2);
  const widening = own > 0 ? deviation / own : 1;
  return {
    surprises: misses.length < DAYS_PER_WEEK ? new Float64Array(0) : surprises.map((each) => each * widening),
    deviation,
    persistence: choosePersistence(misses, power, deviation),
    power,
    levelDoubt: missing * 0.2,
    freedom: Math.max(4, misses.length / 2),
  };
}

function scaleOf(expected: number, level: number, power: number): number {
  return level * Math.max(LEAST_PART, expected / level) ** power;
}

/** By likelihood: the power under which the scaled surprises are most alike. */
function choosePower(misses: readonly Miss[]): number {
  let best: { power: number; cost: number } | undefined;
  for (const power of POWERS) {
    let logScales = 0;
    const scaled = misses.map(({ expected, actual, level }) => {
      const scale = scaleOf(expected[0] ?? 0, level, power);
      logScales += Math.log(scale / level);
      return ((actual[0] ?? 0) - (expected[0] ?? 0)) / scale;
    });
    const size = robustDeviation(scaled, 0);
    const cost = size === 0 ? -Infinity : logScales / misses.length + Math.log(size);
    if (best === undefined || cost < best.cost - 1e-9) best = { power, cost };
  }
  return best?.power ?? 1;
}

/** The persistence under which simulated sums of one, two and four weeks are as uncertain as those that the trials missed. */
function choosePersistence(misses: readonly Miss[], power: number, deviation: number): number {
  if (deviation === 0) return PRIOR_PERSISTENCE;
  const measured = SUM_HORIZONS.flatMap((days) => {
    const long = misses.filter(({ actual }) => actual.length >= days);
    if (long.length === 0) return [];
    const ratios = long.map(({ expected, actual, level }) => {
      let miss = 0;
      for (let ahead = 0; ahead < days; ahead++) miss += (actual[ahead] ?? 0) - (expected[ahead] ?? 0);
      return miss / level;
    });
    const extreme = EXTREME_DEVIATIONS * robustDeviation(ratios, 0);
    const variance = mean(ratios.map((ratio) => clamp(ratio, -extreme, extreme) ** 2));
    // Trials that overlap tell the same story: only stretches that do not overlap count as independent.
    return variance > 0 ? [{ days, variance, weight: (long.length + days - 1) / days }] : [];
  });
  const scales = typicalScales(misses, power);
  let best: { persistence: number; cost: number } | undefined;
  for (const persistence of PERSISTENCES) {
    // The prior counts as one stretch.
    let cost = (0.5 * Math.log((persistence + 0.02) / (PRIOR_PERSISTENCE + 0.02))) ** 2 * 4;
    for (const { days, variance, weight } of measured) {
      let expected = 0;
      let later = 0;
      for (let day = days - 1; day >= 0; day--) {
        const scale = scales[day % DAYS_PER_WEEK] ?? 1;
        expected += (deviation * (scale + persistence * later)) ** 2;
        later += scale;
      }
      cost += weight * Math.log(variance / expected) ** 2;
    }
    if (best === undefined || cost < best.cost) best = { persistence, cost };
  }
  return best?.persistence ?? PRIOR_PERSISTENCE;
}

/** The scale of each day of a week against the level, by the last trial that saw a whole week. */
function typicalScales(misses: readonly Miss[], power: number): number[] {
  const last = misses.findLast(({ expected }) => expected.length >= DAYS_PER_WEEK);
  if (last === undefined) return new Array<number>(DAYS_PER_WEEK).fill(1);
  return Array.from(
    last.expected.subarray(0, DAYS_PER_WEEK),
    (expected) => scaleOf(expected, last.level, power) / last.level,
  );
}

/** Enough that each bound of a 95 % interval stands on ten paths. */
const PATHS = 400;
const SEED = 20_260;
/** How sure the persistence is: deviation of its logarithm. */
const PERSISTENCE_DOUBT = 0.7;

/** Ways in which the coming days may go, sorted for quantiles: each day by itself, and the sums of the days up to each. */
export interface SimulatedDays {
  dayQuantile(day: number, q: number): number;
  /** Of the first `days` days together, at least one. */
  sumQuantile(days: number, q: number): number;
}

/**
 * Simulates paths: the expected values with surprises drawn in stretches of a week (what hangs together stays together). The width
 * itself is drawn too, as far as few surprises leave it open, which gives the tails of Student's t.
 * @param leastLevel the unit of surprises where less is expected
 * @returns undefined where nothing is expected at all
 */
export function simulate(
  expected: Float64Array,
  model: ErrorModel,
  leastLevel = 0,
): SimulatedDays | undefined {
  const days = expected.length;
  const level = Math.max(leastLevel, mean(expected.subarray(0, DAYS_PER_WEEK)) || mean(expected));
  if (days === 0 || level === 0) return undefined;
  const random = seededRandom(SEED);
  const { surprises, deviation, persistence, power, levelDoubt, freedom } = model;
  const scales = expected.map((value) => scaleOf(value, level, power));
  // All paths of a day side by side.
  const values = new Float64Array(days * PATHS);
  const sums = new Float64Array(days * PATHS);
  for (let path = 0; path < PATHS; path++) {
    const width = Math.sqrt(1 / chiSquaredPart(freedom, random));
    const stays = Math.min(1, persistence * Math.exp(PERSISTENCE_DOUBT * standardNormal(random)));
    const factor = levelDoubt === 0 ? 1 : Math.exp(levelDoubt * standardNormal(random));
    let carried = 0;
    let from = 0;
    let sum = 0;
    for (let day = 0; day < days; day++) {
      if (day % DAYS_PER_WEEK === 0) from = Math.floor(random() * surprises.length);
      const surprise =
        width *
        (surprises.length === 0
          ? deviation * standardNormal(random)
          : (surprises[(from + (day % DAYS_PER_WEEK)) % surprises.length] ?? 0));
      const value = Math.max(0, (expected[day] ?? 0) * factor + (scales[day] ?? 0) * (surprise + carried));
      carried += stays * surprise;
      sum += value;
      values[day * PATHS + path] = value;
      sums[day * PATHS + path] = sum;
    }
  }
  const sorted = (of: Float64Array): ((day: number, q: number) => number) => {
    const isSorted = new Uint8Array(days);
    return (day, q) => {
      const column = of.subarray(day * PATHS, (day + 1) * PATHS);
      if (isSorted[day] === 0) {
        column.sort();
        isSorted[day] = 1;
      }
      return quantileOfSorted(column, q);
    };
  };
  const sumQuantile = sorted(sums);
  return { dayQuantile: sorted(values), sumQuantile: (count, q) => sumQuantile(count - 1, q) };
}

/** A chi-squared draw over its degrees of freedom, by Wilson and Hilferty's approximation. */
function chiSquaredPart(freedom: number, random: () => number): number {
  const part = 2 / (9 * freedom);
  return Math.max(0.05, (1 - part + standardNormal(random) * Math.sqrt(part)) ** 3);
}
