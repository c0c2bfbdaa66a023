import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dailyDistribution, forecastDaily, MAX_HORIZON_DAYS } from './forecast.ts';
import { seededRandom, standardNormal } from './statistics.ts';

const OFFICE = [0.3, 1.2, 1.3, 1.3, 1.25, 1.15, 0.5];

/** Days of an office with 8 % noise: `level(day)` times the weekday's factor, Sunday first. */
function office(days: number, level: (day: number) => number, seed = 1, noise = 0.08): number[] {
  const random = seededRandom(seed);
  return Array.from(
    { length: days },
    (_, day) => level(day) * (OFFICE[day % 7] ?? 0) * Math.exp(noise * standardNormal(random)),
  );
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

describe('with little history', () => {
  test('nothing known is said to be nothing, not made up', () => {
    const none = forecastDaily([], 5);
    expect(none).toMatchObject({ method: 'no-history', mean: [0, 0, 0, 0, 0], upper: [0, 0, 0, 0, 0] });
    expect(none.sum(5)).toEqual({ mean: 0, lower: 0, upper: 0 });
    expect(forecastDaily([0, 0, 0], 2)).toMatchObject({ method: 'no-usage', mean: [0, 0] });
  });

  test('one day is repeated, within wide bounds', () => {
    const one = forecastDaily([10], 30);
    expect(one.method).toBe('mean');
    expect(one.mean).toEqual(new Array(30).fill(10));
    const { mean, lower, upper } = one.sum(30);
    expect(mean).toBe(300);
    expect(lower).toBeLessThan(150);
    expect(upper).toBeGreaterThan(600);
  });

  test('three days give their mean, and bounds narrower than those of one', () => {
    const three = forecastDaily([8, 10, 12], 30);
    expect(three.method).toBe('mean');
    expect(three.sum(30).mean).toBeCloseTo(300, 9);
    const width = ({ lower, upper }: { lower: number; upper: number }): number => upper - lower;
    expect(width(three.sum(30))).toBeLessThan(width(forecastDaily([10], 30).sum(30)));
  });

  test('ten days show a weekend already, and bounds still allow for half as much and half as much again', () => {
    const ten = forecastDaily([12, 13, 13, 12, 11, 3, 3, 12, 13, 13], 7);
    expect(ten.method).toBe('damped-trend-multiplicative');
    expect(ten.mean[2]).toBeLessThan(0.5 * (ten.mean[0] ?? 0)); // a Saturday against a Thursday
    const { mean, lower, upper } = ten.sum(7);
    expect(lower).toBeLessThan(0.75 * mean);
    expect(upper).toBeGreaterThan(1.25 * mean);
  });

  test('days before the first usage do not count', () => {
    const history = office(60, () => 100);
    expect(forecastDaily([...new Array<number>(70).fill(0), ...history], 14).mean).toEqual(
      forecastDaily(history, 14).mean,
    );
  });
});

describe('the rhythm of the week', () => {
  test('is in the forecast and in weekdayFactors, whatever weekday the history begins with', () => {
    const history = office(84, () => 100);
    const { mean, weekdayFactors } = forecastDaily(history, 7);
    OFFICE.forEach((factor, day) => {
      expect(Math.abs((mean[day] ?? 0) / 100 - factor)).toBeLessThan(0.1);
      expect(Math.abs((weekdayFactors[day] ?? 0) - factor)).toBeLessThan(0.1);
    });
    const fromWednesday = forecastDaily(history.slice(3), 7, { firstWeekday: 3 });
    expect(fromWednesday.weekdayFactors[0]).toBeCloseTo(weekdayFactors[0] ?? 0, 1);
  });

  test('weekends without any usage stay without', () => {
    const history = office(84, () => 100).map((value, day) => (day % 7 === 0 || day % 7 === 6 ? 0 : value));
    const { mean, upper } = forecastDaily(history, 28);
    for (const [day, value] of mean.entries()) {
      if (day % 7 === 0 || day % 7 === 6) expect(value).toBeLessThan(1);
      else expect(value).toBeGreaterThan(80);
    }
    expect(upper[6]).toBeLessThan(20);
  });

  test('usage that comes on one day in five is forecast about as its mean', () => {
    const random = seededRandom(5);
    const history = Array.from({ length: 200 }, () => (random() < 0.2 ? 50 : 0));
    const { mean } = forecastDaily(history, 28).sum(28);
    const recent = total(history.slice(-84)) / 3;
    expect(mean).toBeGreaterThan(0.5 * recent);
    expect(mean).toBeLessThan(2 * recent);
  });

  test('after four silent weeks of something rare, bounds still allow for one more', () => {
    const history = Array.from({ length: 120 }, (_, day) => (day === 7 || day === 40 || day === 88 ? 50 : 0));
    expect(forecastDaily(history, 28, { level: 0.95 }).sum(28).upper).toBeGreaterThan(5);
  });
});

describe('what changes', () => {
  test('one bad day hardly moves the forecast, wherever it lies', () => {
    const history = office(84, () => 100);
    const calm = forecastDaily(history, 28).sum(28).mean;
    for (const day of [0, 20, 55, 80, 83]) {
      const spoilt = history.map((value, index) => (index === day ? value * 50 : value));
      const { mean, upper } = forecastDaily(spoilt, 28).sum(28);
      expect(Math.abs(mean / calm - 1)).toBeLessThan(0.15);
      expect(upper).toBeLessThan(2 * calm);
    }
  });

  test('a level that moved is followed within days', () => {
    for (const [before, after] of [
      [100, 300],
      [300, 100],
    ] as const) {
      const history = office(84, (day) => (day < 77 ? before : after));
      const { mean } = forecastDaily(history, 28).sum(28);
      expect(Math.abs(mean / (28 * after) - 1)).toBeLessThan(0.15);
    }
  });

  test('growth goes on for a while and is damped, not drawn out for a year', () => {
    const history = office(120, (day) => 100 + day, 3, 0.03);
    const { mean } = forecastDaily(history, 364);
    expect(total(mean.slice(0, 28))).toBeGreaterThan(28 * 215);
    expect(total(mean.slice(-28)) / 28).toBeLessThan(400);
  });

  test('it never falls below zero', () => {
    const history = office(90, (day) => Math.max(2, 100 - 1.2 * day), 4, 0.2);
    const { mean, lower } = forecastDaily(history, 120);
    expect(Math.min(...mean, ...lower)).toBeGreaterThanOrEqual(0);
  });
});

test('bounds of a sum are wider than independent days would make them, and narrower than the sum of all bounds', () => {
  const random = seededRandom(9);
  let level = 100;
  // A level that wanders: the days of a month err in company.
  const history = office(200, () => (level *= Math.exp(0.04 * standardNormal(random))), 6);
  const { lower, upper, sum } = forecastDaily(history, 28, { level: 0.95 });
  const independent = Math.hypot(...upper.map((value, day) => (value - (lower[day] ?? 0)) / 2));
  const half = (sum(28).upper - sum(28).lower) / 2;
  expect(half).toBeGreaterThan(1.5 * independent);
  expect(half).toBeLessThan((total(upper) - total(lower)) / 2);
});

describe('wrong arguments', () => {
  test.each([
    [() => forecastDaily([1, -1], 3), /history/],
    [() => forecastDaily([1, NaN], 3), /history/],
    [() => forecastDaily([1, Infinity], 3), /history/],
    [() => forecastDaily([1], -1), /horizonDays/],
    [() => forecastDaily([1], 1.5), /horizonDays/],
    [() => forecastDaily([1], MAX_HORIZON_DAYS + 1), /horizonDays/],
    [() => forecastDaily([1], 1, { level: 1 }), /level/],
    [() => forecastDaily([1], 1, { level: 0 }), /level/],
    [() => forecastDaily([1], 3).sum(4), /upToDay/],
    [() => forecastDaily([1], 3).sum(0.5), /upToDay/],
  ])('%s are refused with their name', (call, message) => {
    expect(call).toThrow(message);
  });
});

describe('whatever the history', () => {
  const value = fc.oneof(
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.constant(0),
    fc.integer({ min: 0, max: 50 }),
  );
  const histories = fc.array(value, { maxLength: 120 });
  const horizons = fc.integer({ min: 0, max: 60 });
  const close = (actual: number, wanted: number): void =>
    expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)));

  test('bounds hold the mean between them, of days and of sums, and wider levels hold narrower ones', () => {
    fc.assert(
      fc.property(histories, horizons, (history, horizon) => {
        const distribution = dailyDistribution(history, horizon);
        let sum = 0;
        for (let day = 0; day < horizon; day++) {
          const narrow = distribution.day(day, 0.8);
          const wide = distribution.day(day, 0.95);
          expect(narrow.lower).toBeGreaterThanOrEqual(0);
          expect(narrow.lower).toBeLessThanOrEqual(narrow.mean);
          expect(narrow.upper).toBeGreaterThanOrEqual(narrow.mean);
          expect(wide.lower).toBeLessThanOrEqual(narrow.lower);
          expect(wide.upper).toBeGreaterThanOrEqual(narrow.upper);
          expect(Number.isFinite(wide.upper)).toBe(true);
          sum += narrow.mean;
          const upTo = distribution.sum(day + 1, 0.8);
          close(upTo.mean, sum);
          expect(upTo.lower).toBeLessThanOrEqual(upTo.mean);
          expect(upTo.upper).toBeGreaterThanOrEqual(upTo.mean);
          expect(upTo.lower).toBeGreaterThanOrEqual(distribution.sum(day, 0.8).lower - 1e-9 * sum);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('the same history gives the same forecast, and the history is left as it is', () => {
    fc.assert(
      fc.property(histories, horizons, (history, horizon) => {
        const copy = [...history];
        const { sum, ...first } = forecastDaily(history, horizon);
        const { sum: again, ...second } = forecastDaily(history, horizon);
        expect(second).toEqual(first);
        expect(again(horizon)).toEqual(sum(horizon));
        expect(history).toEqual(copy);
      }),
      { numRuns: 30 },
    );
  });

  test('twice the history gives twice the forecast', () => {
    fc.assert(
      fc.property(histories, fc.constantFrom(0.25, 2, 1024), (history, factor) => {
        const one = forecastDaily(history, 30);
        const many = forecastDaily(
          history.map((each) => each * factor),
          30,
        );
        expect(many.method).toBe(one.method);
        many.mean.forEach((each, day) => close(each, factor * (one.mean[day] ?? 0)));
        many.upper.forEach((each, day) => close(each, factor * (one.upper[day] ?? 0)));
        close(many.sum(30).lower, factor * one.sum(30).lower);
      }),
      { numRuns: 60 },
    );
  });
});
