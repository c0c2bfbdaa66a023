import { expect, test } from '@jest/globals';
import { DEFAULT_EVENTS_PER_DAY, DEMO_WORKSPACES, eventsPerDayOf } from '../demo/workspaces.ts';
import { demoCalls } from '../forecast/demo-usage.ts';
import type { PartialDay } from '../forecast/today.ts';
import { outlookOf } from './day-history.ts';
import { localDays } from './period.ts';
import { project, type Projection } from './projection.ts';

const NOON = Date.parse('2026-11-16T12:00:00Z'); // a Monday
const MONTH_END = Date.parse('2026-12-01T00:00:00Z');
const DAY_MS = 86_400_000;

interface Case {
  /** Of the eight weeks up to yesterday, the first day a Monday. */
  values?: readonly number[];
  /** The part of a day that usually has come by now. */
  share?: number;
  /** How far days differ in that part. */
  wobble?: number;
  spent: bigint;
  soFarToday: bigint;
  amount: bigint;
  nowMs?: number;
}
const flat = new Array<number>(56).fill(1000);

function at({
  values = flat,
  share = 0.5,
  wobble = 0,
  nowMs = NOON,
  ...standing
}: Case): Projection | undefined {
  const days = localDays('UTC', nowMs, MONTH_END);
  const course = values.map((whole, day) => ({
    soFar: whole * (share + wobble * share * (1 - share) * Math.sin(day * 7.13)),
    whole,
  }));
  const outlook = outlookOf({ values, firstWeekday: 1 }, course, days.length, Number(standing.soFarToday));
  return project({ ...standing, nowMs }, { ...outlook, course }, days);
}

test('the end of the period is what is spent, the usual rest of today and the days after it', () => {
  // Half of today and 14 days, 1000 each.
  const projection = at({ spent: 15_500n, soFarToday: 500n, amount: 100_000n });
  expect(projection?.atEnd).toBe(30_000n);
  expect(projection?.exhaustedAtMs).toBeNull();
});

test('where days are over by noon, the afternoon is expected to bring nothing', () => {
  const projection = at({ spent: 16_000n, soFarToday: 1000n, amount: 100_000n, share: 1 });
  expect(projection?.atEnd).toBe(30_000n);
});

test('usage of working days is not expected at weekends', () => {
  const values = Array.from({ length: 56 }, (_, day) => (day % 7 < 5 ? 1000 : 0));
  const projection = at({ spent: 500n, soFarToday: 500n, amount: 100_000n, values });
  // Monday, Tuesday to Friday, a week of five days, Monday the 30th.
  expect(Number(projection?.atEnd)).toBeGreaterThan(10_400);
  expect(Number(projection?.atEnd)).toBeLessThan(11_600);
});

test('the date of exhaustion is where the expected usage meets what remains', () => {
  // 500 today, then 1000 a day: 2000 are gone in the middle of Wednesday.
  const exhausted = at({ spent: 8_000n, soFarToday: 500n, amount: 10_000n })?.exhaustedAtMs;
  expect(new Date(exhausted ?? 0).toISOString()).toBe('2026-11-18T12:00:00.000Z');
  expect(at({ spent: 10_000n, soFarToday: 500n, amount: 10_000n })?.exhaustedAtMs).toBe(NOON);
});

test('the interval holds the expectation, never less than what is spent, and closes towards the end', () => {
  const values = Array.from({ length: 56 }, (_, day) => 1000 + 400 * Math.sin(day * 12.9898));
  const now = at({ spent: 5_500n, soFarToday: 500n, amount: 100_000n, values });
  if (!now) throw new Error('There is no forecast.');
  expect(now.lower).toBeLessThan(now.atEnd);
  expect(now.upper).toBeGreaterThan(now.atEnd);
  expect(now.lower).toBeGreaterThanOrEqual(5_500n);
  const width = (share: number): bigint => {
    const soFarToday = BigInt(Math.round(1000 * share));
    const standing = { spent: 5_000n + soFarToday, soFarToday, amount: 100_000n };
    const last = at({ ...standing, values, share, wobble: 0.5, nowMs: MONTH_END - 1 });
    return (last?.upper ?? 0n) - (last?.lower ?? 0n);
  };
  expect(width(0.9)).toBeLessThan(width(0.1));
  expect(width(1)).toBe(0n);
});

test('without any usage there is no forecast instead of one of 0', () => {
  const nothing = { spent: 0n, soFarToday: 0n, amount: 10n };
  expect(at({ ...nothing, values: [] })).toBeUndefined();
  expect(at({ ...nothing, values: new Array<number>(56).fill(0) })).toBeUndefined();
});

/** Hours of the demo's workspaces, in micro-dollars, without a database. */
function demoHours(days: number, nowMs: number): { name: string; hours: number[] }[] {
  return DEMO_WORKSPACES.map((workspace) => {
    const hours = new Array<number>(days * 24).fill(0);
    const eventsPerDay = eventsPerDayOf(workspace, DEFAULT_EVENTS_PER_DAY);
    for (const call of demoCalls({ workspace, seed: 11, nowMs, days, eventsPerDay })) {
      const hour = Math.floor((call.timestampMs - nowMs) / 3_600_000) + days * 24;
      hours[hour] = (hours[hour] ?? 0) + call.costUsd * 1e6;
    }
    return { name: workspace.name, hours };
  });
}

test('on the demo, the end of a day is missed by two thirds of what the clock alone would miss, or less', () => {
  const days = 120;
  const end = Date.UTC(2026, 10, 24);
  const ratios: number[] = [];
  let [held, all] = [0, 0];
  for (const { hours } of demoHours(days, end)) {
    const total = (from: number, to: number): number =>
      hours.slice(from, to).reduce((sum, value) => sum + value, 0);
    let [missed, missedByTheClock] = [0, 0];
    for (let day = days - 35; day < days; day += 1) {
      const values = Array.from({ length: day }, (_, of) => total(of * 24, of * 24 + 24));
      const outlook = outlookOf({ values, firstWeekday: 0 }, [], 1, 0);
      for (const hour of [6, 9, 12, 15, 18]) {
        const partial = (of: number): PartialDay => ({
          soFar: total(of * 24, of * 24 + hour),
          whole: total(of * 24, of * 24 + 24),
        });
        const course = Array.from({ length: 56 }, (_, back) => partial(day - 56 + back));
        const { soFar, whole } = partial(day);
        const spent = BigInt(Math.round(soFar));
        const dayStart = end - (days - day) * DAY_MS;
        const nowMs = dayStart + hour * 3_600_000;
        const projection = project(
          { spent, soFarToday: spent, amount: 1n, nowMs },
          { ...outlook, course },
          localDays('UTC', nowMs, dayStart + DAY_MS),
        );
        if (!projection) throw new Error('There is no forecast.');
        missed += Math.abs(Number(projection.atEnd) - whole);
        missedByTheClock += Math.abs(soFar + outlook.today.mean * (1 - hour / 24) - whole);
        if (whole >= Number(projection.lower) && whole <= Number(projection.upper)) held += 1;
        all += 1;
      }
    }
    ratios.push(missed / missedByTheClock);
  }
  expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThan(0.67);
  // Of 80 % bounds; the hours of one day err together.
  expect(held / all).toBeGreaterThan(0.65);
  expect(held / all).toBeLessThan(0.92);
});
