import { mean, median } from '../forecast/statistics.ts';
import { DAYS_PER_WEEK } from './robust-trend.ts';

const MIN_DAYS = 3 * DAYS_PER_WEEK;

/** The weekly rhythm of daily values. */
export interface WeekdayStrength {
  /** 0: weekdays tell nothing; 1: they tell everything but the level of the week. */
  strength: number;
  /** Probability of such differences between weekdays where there are none. */
  pValue: number;
  /** By position in the week, the first value's first: each against a mean day; null where days are below 0 or all 0. */
  factors: readonly number[] | null;
}

/**
 * How much of the ups and downs around the week's level is the weekday: the part of their variance that the means of the weekdays explain, less what
 * seven means explain by chance (adjusted R², the strength of seasonality of Wang, Smith and Hyndman 2006 but for that). Whether it
 * is more than chance is told by ranks within each week (Friedman 1937).
 * @param values consecutive days; null where a day has none
 * @returns null with fewer than three values of any weekday
 */
export function weekdayStrength(values: readonly (number | null)[]): WeekdayStrength | null {
  if (values.length < MIN_DAYS) return null;
  const days = values.flatMap((value, day) => {
    if (value === null) return [];
    const level = levelAround(values, day);
    return [{ day, position: day % DAYS_PER_WEEK, value, level, distance: value - level }];
  });
  const byWeekday = Array.from({ length: DAYS_PER_WEEK }, (_, position) =>
    days.filter((one) => one.position === position),
  );
  if (byWeekday.some((weekday) => weekday.length < 3)) return null;

  const squares = (numbers: readonly number[], centre: number): number =>
    numbers.reduce((sum, one) => sum + (one - centre) ** 2, 0);
  const distances = days.map(({ distance }) => distance);
  const all = squares(distances, mean(distances)) / (days.length - 1);
  const groups = byWeekday.map((weekday) => weekday.map(({ distance }) => distance));
  const within =
    groups.reduce((sum, group) => sum + squares(group, mean(group)), 0) / (days.length - DAYS_PER_WEEK);
  return {
    strength: all === 0 ? 0 : Math.max(0, 1 - within / all),
    pValue: friedman(weeksOf(days)),
    factors: factorsOf(byWeekday),
  };
}

/** The mean of the whole week around a day, so that a trend does not tilt the weekdays. */
function levelAround(values: readonly (number | null)[], day: number): number {
  const start = Math.min(Math.max(0, day - 3), values.length - DAYS_PER_WEEK);
  return mean(values.slice(start, start + DAYS_PER_WEEK).filter((value) => value !== null));
}

/** The distances of every week that has all of its days. */
function weeksOf(days: readonly { day: number; distance: number }[]): number[][] {
  return [...Map.groupBy(days, ({ day }) => Math.floor(day / DAYS_PER_WEEK)).values()]
    .filter((week) => week.length === DAYS_PER_WEEK)
    .map((week) => week.map(({ distance }) => distance));
}

function factorsOf(byWeekday: readonly { value: number; level: number }[][]): readonly number[] | null {
  if (byWeekday.flat().some(({ value, level }) => value < 0 || level <= 0)) return null;
  const typical = byWeekday.map((weekday) => median(weekday.map(({ value, level }) => value / level)));
  const average = mean(typical);
  return average <= 0 ? null : typical.map((factor) => factor / average);
}

/** Ranks within each week. The probability is that of the chi-squared distribution of 6 degrees of freedom, which has a closed form. */
function friedman(weeks: readonly (readonly number[])[]): number {
  const sums = new Array<number>(DAYS_PER_WEEK).fill(0);
  let squares = 0;
  for (const week of weeks) {
    for (const [position, value] of week.entries()) {
      const below = week.filter((other) => other < value).length;
      // Equal values share the mean of their ranks.
      const rank = below + (week.filter((other) => other === value).length + 1) / 2;
      sums[position] = (sums[position] ?? 0) + rank;
      squares += rank ** 2;
    }
  }
  const expected = (weeks.length * (DAYS_PER_WEEK + 1)) / 2;
  const between = sums.reduce((sum, rank) => sum + (rank - expected) ** 2, 0);
  const spread = squares - (weeks.length * DAYS_PER_WEEK * (DAYS_PER_WEEK + 1) ** 2) / 4;
  if (spread <= 0) return 1;
  const half = ((DAYS_PER_WEEK - 1) * between) / spread / 2;
  return Math.min(1, Math.exp(-half) * (1 + half + half ** 2 / 2));
}
