import { describe, expect, test } from '@jest/globals';
import { projectToday, usualShare, type PartialDay } from './today.ts';

const day = { mean: 100, lower: 60, upper: 150 };
/** Days of 100 of which 40 % have come by now; on one day in seven everything comes later. */
const past: PartialDay[] = Array.from({ length: 56 }, (_, index) => ({
  soFar: index % 7 === 0 ? 0 : 40 + (index % 5) - 2,
  whole: 100 + ((index * 3) % 7) - 3,
}));

describe('the usual share of a day by now', () => {
  test('is that of the same weekday', () => {
    expect(usualShare(past)).toBe(0); // 56 % 7 is the late day
    expect(usualShare(past.slice(0, -1))).toBeCloseTo(0.4, 1);
  });

  test('is that of all days while there are too few of the weekday, and unknown without usage', () => {
    expect(usualShare([{ soFar: 30, whole: 120 }])).toBe(0.25);
    expect(usualShare([])).toBeUndefined();
    expect(usualShare([{ soFar: 0, whole: 0 }])).toBeUndefined();
  });
});

describe('today', () => {
  const weekdays = past.slice(0, -1);

  test('at the usual pace comes to what was forecast', () => {
    const { mean, lower, upper } = projectToday(40, weekdays, day, 0.8);
    expect(Math.abs(mean - 100)).toBeLessThan(5);
    expect(lower).toBeGreaterThan(day.lower);
    expect(upper).toBeLessThan(day.upper);
  });

  test('is never less than what has come already', () => {
    const { mean, lower } = projectToday(500, weekdays, day, 0.8);
    expect(lower).toBeGreaterThanOrEqual(500);
    expect(mean).toBeGreaterThanOrEqual(500);
  });

  test('follows its own pace where that was right before', () => {
    // Days differ twofold, and each is as busy in the morning as in the evening.
    const steady = Array.from({ length: 56 }, (_, index) => {
      const size = [50, 100, 200, 80, 130][index % 5] ?? 0;
      return { soFar: 0.4 * size, whole: size };
    });
    expect(projectToday(80, steady, day, 0.8).mean).toBeGreaterThan(180);
  });

  test('does not follow its pace where mornings say nothing', () => {
    const erratic = Array.from({ length: 56 }, (_, index) => {
      const soFar = [5, 60, 20, 80, 35][index % 5] ?? 0;
      return { soFar, whole: soFar + 60 };
    });
    const { mean } = projectToday(80, erratic, day, 0.8);
    expect(mean).toBeLessThan(165);
  });

  test('without a past is the forecast', () => {
    expect(projectToday(5, [], day, 0.8)).toEqual({ ...day, usualShare: null });
  });
});
