import { describe, expect, test } from '@jest/globals';
import { seededRandom, standardNormal } from '../forecast/statistics.ts';
import { weekdayStrength } from './weekday-strength.ts';

const WEEK = [0.2, 1.4, 1.5, 1.5, 1.4, 0.9, 0.1];
function days(seed: number, count: number, valueOf: (day: number, noise: number) => number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, day) => valueOf(day, standardNormal(random)));
}

describe('the weekly rhythm', () => {
  test('of a pure one is everything, with its factors', () => {
    const rhythm = weekdayStrength(days(1, 28, (day) => 100 * (WEEK[day % 7] ?? 1)));
    expect(rhythm?.strength).toBe(1);
    expect(rhythm?.pValue).toBeLessThan(0.001);
    for (const [position, factor] of WEEK.entries())
      expect(rhythm?.factors?.[position]).toBeCloseTo(factor, 10);
  });

  test('is seen through noise, growth and a change of level, and its strength falls with noise', () => {
    const of = (noise: number): number =>
      weekdayStrength(
        days(
          2,
          84,
          (day, one) => (100 + day) * (day > 40 ? 2 : 1) * (WEEK[day % 7] ?? 1) * Math.exp(noise * one),
        ),
      )?.strength ?? 0;
    expect(of(0.05)).toBeGreaterThan(0.75);
    expect(of(0.5)).toBeLessThan(of(0.05));
    expect(
      weekdayStrength(days(3, 35, (day, one) => 100 * (WEEK[day % 7] ?? 1) * Math.exp(0.3 * one)))?.pValue,
    ).toBeLessThan(0.01);
  });

  test('is not found in noise or in growth more often than in one of twenty series, or so', () => {
    for (const growth of [0, 0.01]) {
      const found = Array.from({ length: 400 }, (_, run) =>
        weekdayStrength(days(run + 10, 63, (day, one) => 100 * Math.exp(growth * day + 0.2 * one))),
      );
      expect(found.filter((one) => (one?.pValue ?? 1) < 0.05).length / 400).toBeLessThanOrEqual(0.08);
      const strengths = found.map((one) => one?.strength ?? 0);
      expect(strengths.reduce((sum, one) => sum + one, 0) / 400).toBeLessThan(0.08);
    }
  });

  test('of days that are all alike is none', () => {
    expect(weekdayStrength(new Array<number>(28).fill(7))).toMatchObject({ strength: 0, pValue: 1 });
    expect(weekdayStrength(new Array<number>(28).fill(0))).toEqual({ strength: 0, pValue: 1, factors: null });
  });

  test('is not told of less than three weeks, or where a weekday has no values', () => {
    expect(weekdayStrength(new Array<number>(20).fill(7))).toBeNull();
    expect(
      weekdayStrength(days(5, 42, (day) => day).map((value, day) => (day % 7 === 3 ? null : value))),
    ).toBeNull();
    expect(
      weekdayStrength(days(5, 42, (day) => day + 1).map((value, day) => (day === 3 ? null : value))),
    ).not.toBeNull();
  });
});
