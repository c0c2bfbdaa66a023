import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom, standardNormal } from '../forecast/statistics.ts';
import { changePoints, pelt } from './change-points.ts';

/** Daily values around a level, with noise of a part of it that days may hand on. */
function series(
  seed: number,
  days: number,
  levelOf: (day: number) => number,
  { noise = 0.15, handedOn = 0 } = {},
): number[] {
  const random = seededRandom(seed);
  let state = 0;
  return Array.from({ length: days }, (_, day) => {
    state = handedOn * state + standardNormal(random) * Math.sqrt(1 - handedOn ** 2);
    return levelOf(day) * Math.exp(noise * state);
  });
}
const RUNS = 300;
const shareOf = (isSo: (run: number) => boolean): number =>
  Array.from({ length: RUNS }, (_, run) => isSo(run + 1)).filter(Boolean).length / RUNS;
const found = (values: number[]): number[] => changePoints(values).map(({ day }) => day);

describe('false alarms', () => {
  test.each([
    ['noise', 30, () => 100, 0, 0.05],
    ['noise', 90, () => 100, 0, 0.02],
    ['noise', 365, () => 100, 0, 0.02],
    ['noise that days hand on a little', 90, () => 100, 0.3, 0.06],
    ['noise that days hand on much', 90, () => 100, 0.6, 0.2],
    ['steady growth', 90, (day: number) => 100 * 1.01 ** day, 0, 0.02],
    ['steady decline', 60, (day: number) => 500 * 0.98 ** day, 0, 0.05],
  ])('%s of %s days has seldom a change', (_, days, levelOf, handedOn, most) => {
    expect(shareOf((run) => found(series(run, days, levelOf, { handedOn })).length > 0)).toBeLessThanOrEqual(
      most,
    );
  });

  test('single days of much or of nothing are no change', () => {
    const share = shareOf((run) => {
      const values = series(run, 90, () => 100);
      values[20] = 5000;
      values[21] = 4000;
      values[50] = 0;
      values[89] = 3000;
      return found(values).length > 0;
    });
    expect(share).toBeLessThanOrEqual(0.06);
  });

  test('equal days, days of nothing and too few days have none', () => {
    expect(found(new Array<number>(60).fill(3))).toEqual([]);
    expect(found(new Array<number>(60).fill(0))).toEqual([]);
    expect(found([1, 1, 1, 1, 9, 9, 9, 9, 9])).toEqual([]);
    expect(found([])).toEqual([]);
  });
});

describe('known changes', () => {
  test('a level half as high again is found, to two days', () => {
    const share = shareOf((run) => {
      const days = found(series(run, 90, (day) => (day < 55 ? 100 : 150)));
      return days.length === 1 && Math.abs((days[0] ?? 0) - 55) <= 2;
    });
    expect(share).toBeGreaterThanOrEqual(0.9);
  });

  test('a level twice as high is found to the day, as a rule', () => {
    expect(
      shareOf((run) => found(series(run, 60, (day) => (day < 40 ? 100 : 200))).join() === '40'),
    ).toBeGreaterThanOrEqual(0.9);
  });

  test('up and down again are two', () => {
    const share = shareOf((run) => {
      const days = found(series(run, 120, (day) => (day < 40 || day >= 70 ? 100 : 200)));
      return days.length === 2 && Math.abs((days[0] ?? 0) - 40) <= 1 && Math.abs((days[1] ?? 0) - 70) <= 1;
    });
    expect(share).toBeGreaterThanOrEqual(0.9);
  });

  test('an end of all use is one', () => {
    expect(
      shareOf((run) => found(series(run, 60, (day) => (day < 45 ? 100 : 0))).join() === '45'),
    ).toBeGreaterThanOrEqual(0.9);
  });

  test('a step in growth is found beside it', () => {
    const share = shareOf((run) => {
      const days = found(series(run, 120, (day) => 100 * 1.01 ** day * (day < 80 ? 1 : 2), { noise: 0.1 }));
      return days.some((day) => Math.abs(day - 80) <= 2);
    });
    expect(share).toBeGreaterThanOrEqual(0.9);
  });

  test('without noise it is exact, and its score is beyond doubt', () => {
    const [only, ...others] = changePoints(Array.from({ length: 40 }, (_, day) => (day < 20 ? 10 : 11)));
    expect(others).toEqual([]);
    expect(only?.day).toBe(20);
    expect(only?.score).toBeGreaterThan(100);
  });
});

test('the cut is the best of all there are', () => {
  /** Every cut, by trying. */
  const best = (values: readonly number[], penalty: number, minLength: number): number => {
    const costOf = (stretch: readonly number[]): number => {
      const mean = stretch.reduce((sum, value) => sum + value, 0) / stretch.length;
      return stretch.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    };
    const from = (start: number): number => {
      let least = costOf(values.slice(start));
      for (let cut = start + minLength; cut <= values.length - minLength; cut += 1)
        least = Math.min(least, costOf(values.slice(start, cut)) + penalty + from(cut));
      return least;
    };
    return from(0);
  };
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 16 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 2, max: 4 }),
      (values, penalty, minLength) => {
        const { starts, cost } = pelt(values, penalty, minLength);
        expect(cost).toBeCloseTo(best(values, penalty, minLength), 6);
        const edges = [0, ...starts, values.length];
        for (const [index, start] of starts.entries())
          expect(start - (edges[index] ?? 0)).toBeGreaterThanOrEqual(minLength);
      },
    ),
    { numRuns: 500 },
  );
});
