import { describe, expect, test } from '@jest/globals';
import { seededRandom, standardNormal } from '../forecast/statistics.ts';
import { compoundGrowth, robustTrend, upperTail } from './robust-trend.ts';

function noise(seed: number, days: number, handedOn = 0): number[] {
  const random = seededRandom(seed);
  let state = 0;
  return Array.from(
    { length: days },
    () => (state = handedOn * state + standardNormal(random) * Math.sqrt(1 - handedOn ** 2)),
  );
}
const shareOf = (runs: number, isSo: (run: number) => boolean): number =>
  Array.from({ length: runs }, (_, run) => isSo(run)).filter(Boolean).length / runs;
const WEEK = [0.2, 1.4, 1.5, 1.5, 1.4, 1, 0.1];

describe('the trend', () => {
  test('is that of a straight line, exactly', () => {
    const trend = robustTrend(Array.from({ length: 10 }, (_, day) => 3 + 2 * day));
    expect(trend).toMatchObject({ slope: 2, lower: 2, upper: 2, isSeasonal: false });
    // Of 10 rising values: score 45, variance 125, z = 44 / √125.
    expect(trend?.pValue).toBeCloseTo(2 * upperTail(44 / Math.sqrt(125)), 12);
  });

  test('takes ties into account: two of three values and one of two', () => {
    const values = [1, 1, 1, 2, 2, 2, 3, 4, 4, 5];
    const pairs = values.flatMap((later, index) =>
      values.slice(0, index).map((earlier) => Math.sign(later - earlier)),
    );
    const score = pairs.reduce<number>((sum, sign) => sum + sign, 0);
    const variance = (10 * 9 * 25 - 2 * 3 * 2 * 11 - 2 * 1 * 9) / 18;
    const z = (score - 1) / Math.sqrt(variance);
    expect(robustTrend(values)?.pValue).toBeCloseTo(2 * upperTail(z), 9);
  });

  test('does not mind outliers, missing days or weekends', () => {
    const values = Array.from({ length: 56 }, (_, day): number | null => (100 + day) * (WEEK[day % 7] ?? 1));
    values[10] = 1e6;
    values[33] = 0;
    values[40] = null;
    const trend = robustTrend(values);
    expect(trend?.isSeasonal).toBe(true);
    expect(trend?.pValue).toBeLessThan(1e-6);
    // The median over weekdays of their own slopes.
    expect(trend?.slope).toBeGreaterThan(0.9);
    expect(trend?.slope).toBeLessThan(1.5);
  });

  test('is not found in noise more often than in one of twenty series, or so', () => {
    for (const [days, handedOn, most] of [
      [30, 0, 0.07],
      [90, 0, 0.07],
      [90, 0.4, 0.1],
    ] as const)
      expect(
        shareOf(400, (run) => (robustTrend(noise(run + 1, days, handedOn))?.pValue ?? 1) < 0.05),
      ).toBeLessThanOrEqual(most);
  });

  test('is within its bounds in 19 of 20 series', () => {
    const inside = shareOf(400, (run) => {
      const trend = robustTrend(noise(run + 900, 60).map((value, day) => value + 0.03 * day));
      return trend !== null && trend.lower <= 0.03 && trend.upper >= 0.03;
    });
    expect(inside).toBeGreaterThanOrEqual(0.92);
    expect(inside).toBeLessThanOrEqual(0.99);
  });

  test('of equal days is none, and of too few is not told', () => {
    expect(robustTrend(new Array<number>(30).fill(5))).toMatchObject({
      slope: 0,
      pValue: 1,
      autocorrelation: 0,
    });
    expect(robustTrend([1, 2, 3, 4, 5, 6, 7])).toBeNull();
    expect(robustTrend([1, null, 2, null, 3, null, 4, null, 5])).toBeNull();
    expect(robustTrend([])).toBeNull();
  });
});

test('growth is compound', () => {
  const growth = compoundGrowth(
    Array.from({ length: 60 }, (_, day) => 50 * 1.02 ** day * (WEEK[day % 7] ?? 1)),
  );
  expect(growth?.perDay).toBeCloseTo(0.02, 10);
  expect(growth?.lower).toBeCloseTo(0.02, 10);
  expect(compoundGrowth([1, 0, 2, 0, 3, 0, 4, 0, 5, 6])).toBeNull();
  expect(compoundGrowth([])).toBeNull();
});

test.each([
  [0, 0.5],
  [1, 0.158655254],
  [1.959964, 0.025],
  [4, 0.0000316712],
])('above %s lies %s of a normal distribution', (z, share) => {
  expect(Math.abs(upperTail(z) - share)).toBeLessThan(2e-7);
});
