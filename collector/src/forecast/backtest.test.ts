import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_EVENTS_PER_DAY, DEMO_WORKSPACES, eventsPerDayOf } from '../demo/workspaces.ts';
import { backtest, backtestInTurns, type BacktestResult } from './backtest.ts';
import { demoCalls } from './demo-usage.ts';

const FOLDER = new URL('../../../tests/fixtures/series/', import.meta.url);
const DAY_MS = 86_400_000;
const options = { horizonDays: 28, levels: [0.8, 0.95], leastHistoryDays: 56, maxOrigins: 14 };

function published(): { name: string; values: number[] }[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.csv'))
    .map((name) => ({
      name,
      values: readFileSync(new URL(name, FOLDER), 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => Number(line.split(',')[1])),
    }));
}

function demo(): { name: string; values: number[] }[] {
  const nowMs = Date.UTC(2026, 10, 24);
  const days = 150;
  return DEMO_WORKSPACES.flatMap((workspace) => {
    const cost = new Array<number>(days).fill(0);
    const requests = new Array<number>(days).fill(0);
    const eventsPerDay = eventsPerDayOf(workspace, DEFAULT_EVENTS_PER_DAY);
    for (const call of demoCalls({ workspace, seed: 11, nowMs, days, eventsPerDay })) {
      const day = Math.floor((call.timestampMs - nowMs) / DAY_MS) + days;
      cost[day] = (cost[day] ?? 0) + call.costUsd;
      requests[day] = (requests[day] ?? 0) + 1;
    }
    return [
      { name: `${workspace.name}, cost`, values: cost },
      { name: `${workspace.name}, requests`, values: requests },
    ];
  });
}

function run(series: { name: string; values: number[] }[]): (BacktestResult & { name: string })[] {
  return series.map(({ name, values }) => {
    const result = backtest(values, options);
    if (result === undefined) throw new Error(`${name} is too short.`);
    return { name, ...result };
  });
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const coverage = (results: BacktestResult[], level: number, of: 'days' | 'sums'): number =>
  mean(results.map((result) => result.coverage.find((each) => each.level === level)?.[of] ?? NaN));

// The demo plants steps that no history announces (a project halves its cost by moving to another model): its sums miss more often.
describe.each([
  ['published series', published, { days: 0.76, sums: 0.72, wideSums: 0.88 }],
  ['the demo', demo, { days: 0.76, sums: 0.66, wideSums: 0.86 }],
] as const)('on %s', (_, read, least) => {
  const results = run(read());

  test('it misses less than "the same as a week ago" does, on most series and on average', () => {
    const ratios = results.map(({ relativeToNaive }) => relativeToNaive ?? NaN);
    expect(ratios.filter((ratio) => ratio < 1).length).toBeGreaterThanOrEqual(Math.ceil(0.7 * ratios.length));
    expect(Math.exp(mean(ratios.map(Math.log)))).toBeLessThan(0.93);
    expect(Math.max(...ratios)).toBeLessThan(1.15);
  });

  test('bounds hold as many days and months as they say, within the stated limits', () => {
    expect(coverage(results, 0.8, 'days')).toBeGreaterThan(least.days);
    expect(coverage(results, 0.8, 'days')).toBeLessThan(0.9);
    expect(coverage(results, 0.95, 'days')).toBeGreaterThan(0.91);
    expect(coverage(results, 0.8, 'sums')).toBeGreaterThan(least.sums);
    expect(coverage(results, 0.8, 'sums')).toBeLessThan(0.92);
    expect(coverage(results, 0.95, 'sums')).toBeGreaterThan(least.wideSums);
  });
});

test('a trial never sees what it forecasts: changed days after the last origin change nothing but the misses', () => {
  const values = Array.from({ length: 90 }, (_, day) => 100 + (day % 7) * 10);
  const one = backtest(values, { ...options, horizonDays: 7, leastHistoryDays: 83, maxOrigins: 1 });
  expect(one).toMatchObject({ origins: 1, relativeToNaive: null });
  const doubled = values.map((value, day) => (day >= 83 ? 2 * value : value));
  const other = backtest(doubled, { ...options, horizonDays: 7, leastHistoryDays: 83, maxOrigins: 1 });
  expect(other?.relativeToNaive).toBeCloseTo(1, 1);
  expect(other?.coverage[0]?.days).toBe(0);
});

test('too short a history is told as such', () => {
  expect(backtest([1, 2, 3], options)).toBeUndefined();
});

test('a back-test in turns tells the same, and others have theirs after each forecast', async () => {
  const values = Array.from({ length: 90 }, (_, day) => 100 + (day % 7) * 10 + 9 * Math.sin(day * 12.9898));
  const few = { ...options, horizonDays: 7, leastHistoryDays: 56, maxOrigins: 6 };
  let [turns, isDone] = [0, false];
  const others = (async () => {
    for (; !isDone; turns += 1) await setImmediate();
  })();
  const inTurns = await backtestInTurns(values, few);
  isDone = true;
  await others;
  expect(inTurns).toEqual(backtest(values, few));
  expect(turns).toBeGreaterThanOrEqual(6);
});
