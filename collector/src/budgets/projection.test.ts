import { expect, test } from '@jest/globals';
import { localDays } from './period.ts';
import { project, timeLeftOf } from './projection.ts';

const NOON = Date.parse('2026-11-16T12:00:00Z'); // a Monday
const MONTH_END = Date.parse('2026-12-01T00:00:00Z');
const days = localDays('UTC', NOON, MONTH_END);
const flat = { values: new Array<number>(56).fill(1000), firstWeekday: 1 };

const at = (spent: bigint, amount: bigint, history = flat, left = 0.5) =>
  project({ spent, amount, nowMs: NOON }, history, days, left);

test('the end of the period is what is spent, the rest of today and the days after it', () => {
  // Half of today and 14 days, 1000 each.
  const projection = at(15_500n, 100_000n);
  expect(projection?.atEnd).toBe(30_000n);
  expect(projection?.exhaustedAtMs).toBeNull();
});

test('usage of working days is not expected at weekends', () => {
  const values = Array.from({ length: 56 }, (_, day) => (day % 7 < 5 ? 1000 : 0));
  const projection = at(0n, 100_000n, { values, firstWeekday: 1 });
  // Monday afternoon, Tuesday to Friday, a week of five days, Monday the 30th.
  expect(Number(projection?.atEnd)).toBeGreaterThan(9_900);
  expect(Number(projection?.atEnd)).toBeLessThan(11_100);
});

test('the date of exhaustion is where the expected usage meets what remains', () => {
  // 500 today, then 1000 a day: 2000 are gone in the middle of Wednesday.
  expect(new Date(at(8_000n, 10_000n)?.exhaustedAtMs ?? 0).toISOString()).toBe('2026-11-18T12:00:00.000Z');
  expect(at(10_000n, 10_000n)?.exhaustedAtMs).toBe(NOON);
});

test('the interval holds the expectation, never less than what is spent, and closes towards the end', () => {
  const values = Array.from({ length: 56 }, (_, day) => 1000 + 400 * Math.sin(day * 12.9898));
  const history = { values, firstWeekday: 1 };
  const now = at(5_000n, 100_000n, history);
  if (!now) throw new Error('There is no forecast.');
  expect(now.lower).toBeLessThan(now.atEnd);
  expect(now.upper).toBeGreaterThan(now.atEnd);
  expect(now.lower).toBeGreaterThanOrEqual(5_000n);
  const [lastDay] = localDays('UTC', MONTH_END - 1, MONTH_END);
  if (!lastDay) throw new Error('There is no last day.');
  const width = (left: number): bigint => {
    const projection = project(
      { spent: 5_000n, amount: 100_000n, nowMs: MONTH_END - 1 },
      history,
      [lastDay],
      left,
    );
    return (projection?.upper ?? 0n) - (projection?.lower ?? 0n);
  };
  expect(width(0.1)).toBeLessThan(width(0.9));
  expect(width(0)).toBe(0n);
});

test('without any usage there is no forecast instead of one of 0', () => {
  expect(at(0n, 10n, { values: [], firstWeekday: 1 })).toBeUndefined();
  expect(at(0n, 10n, { values: new Array<number>(56).fill(0), firstWeekday: 1 })).toBeUndefined();
});

test('the part of a day that is left counts its real hours', () => {
  const [day] = localDays(
    'Europe/Berlin',
    Date.parse('2026-10-25T10:00:00Z'),
    Date.parse('2026-10-25T11:00:00Z'),
  );
  if (!day) throw new Error('There is no day.');
  expect(timeLeftOf(day, Date.parse('2026-10-24T22:00:00Z'))).toBe(1);
  expect(timeLeftOf(day, Date.parse('2026-10-25T10:30:00Z'))).toBeCloseTo(0.5, 9); // 12.5 of 25 hours
  expect(timeLeftOf(day, Date.parse('2026-10-26T00:00:00Z'))).toBe(0);
});
