import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatInZone } from '../usage/buckets.ts';
import {
  CALENDAR_PERIODS,
  closedWindows,
  localDays,
  windowAfter,
  windowAt,
  windowBefore,
  type BudgetPeriod,
} from './period.ts';

const calendar = (
  type: (typeof CALENDAR_PERIODS)[number],
  timeZone: string,
  weekStart = 1,
): BudgetPeriod => ({
  type,
  timeZone,
  weekStart,
});
const shown = (period: BudgetPeriod, at: string): string[] => {
  const { startMs, endMs } = windowAt(period, Date.parse(at));
  return [formatInZone(period.timeZone, startMs), formatInZone(period.timeZone, endMs)];
};

test.each([
  [calendar('day', 'Europe/Berlin'), '2026-03-29T12:00:00Z', '2026-03-29T00:00:00+01:00', '2026-03-30T00:00:00+02:00'],
  [calendar('day', 'Europe/Berlin'), '2026-10-24T22:00:00Z', '2026-10-25T00:00:00+02:00', '2026-10-26T00:00:00+01:00'],
  [calendar('week', 'America/New_York', 7), '2026-11-04T12:00:00Z', '2026-11-01T00:00:00-04:00', '2026-11-08T00:00:00-05:00'],
  [calendar('week', 'UTC'), '2026-11-01T23:59:59Z', '2026-10-26T00:00:00Z', '2026-11-02T00:00:00Z'],
  [calendar('month', 'Asia/Kathmandu'), '2026-01-31T18:14:59Z', '2026-01-01T00:00:00+05:45', '2026-02-01T00:00:00+05:45'],
  [calendar('month', 'Asia/Kathmandu'), '2026-01-31T18:15:00Z', '2026-02-01T00:00:00+05:45', '2026-03-01T00:00:00+05:45'],
  [calendar('quarter', 'Pacific/Chatham'), '2026-06-30T12:00:00Z', '2026-07-01T00:00:00+12:45', '2026-10-01T00:00:00+13:45'],
  [calendar('year', 'Pacific/Auckland'), '2026-12-31T11:00:00Z', '2027-01-01T00:00:00+13:00', '2028-01-01T00:00:00+13:00'],
] as const)('%j holds %s from %s', (period, at, start, end) => {
  expect(shown(period, at)).toEqual([start, end]);
}); // prettier-ignore

describe.each([
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
])('in %s', (timeZone) => {
  test('calendar windows follow each other without gap or overlap, on quarters of an hour', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CALENDAR_PERIODS),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: Date.parse('2020-01-01'), max: Date.parse('2030-01-01') }),
        (type, weekStart, atMs) => {
          const period = calendar(type, timeZone, weekStart);
          const window = windowAt(period, atMs);
          expect(window.startMs <= atMs && atMs < window.endMs).toBe(true);
          expect(window.startMs % 900_000).toBe(0);
          expect(windowAfter(period, window).startMs).toBe(window.endMs);
          expect(windowBefore(period, window).endMs).toBe(window.startMs);
          expect(windowAt(period, window.startMs)).toEqual(window);
          expect(windowAt(period, window.endMs - 1)).toEqual(window);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('a rolling window ends with the quarter of an hour under way and holds no more than its hours', () => {
  const period: BudgetPeriod = { type: 'rolling', timeZone: 'UTC', hours: 24 };
  expect(shown(period, '2026-11-24T06:07:00Z')).toEqual(['2026-11-23T06:15:00Z', '2026-11-24T06:15:00Z']);
  expect(shown(period, '2026-11-24T06:15:00Z')).toEqual(['2026-11-23T06:30:00Z', '2026-11-24T06:30:00Z']);
});

test('periods that are over are told from the one on that a budget began in', () => {
  const period = calendar('month', 'Europe/Berlin');
  const windows = closedWindows(
    period,
    Date.parse('2026-08-15T00:00:00Z'),
    Date.parse('2026-10-31T23:00:00Z'),
    10,
  );
  expect(windows.map(({ startMs }) => formatInZone('Europe/Berlin', startMs).slice(0, 7))).toEqual([
    '2026-08', '2026-09', '2026-10',
  ]); // prettier-ignore
});

test('the past of a rolling window is told in windows side by side', () => {
  const period: BudgetPeriod = { type: 'rolling', timeZone: 'UTC', hours: 6 };
  const windows = closedWindows(
    period,
    Date.parse('2026-11-24T00:07:00Z'),
    Date.parse('2026-11-24T13:00:00Z'),
    10,
  );
  expect(windows.map(({ startMs }) => new Date(startMs).toISOString().slice(11, 16))).toEqual([
    '00:00',
    '06:00',
  ]);
});

test('local days have 23 and 25 hours where clocks change', () => {
  const hours = localDays(
    'Europe/Berlin',
    Date.parse('2026-10-24T12:00Z'),
    Date.parse('2026-10-26T23:00Z'),
  ).map(({ startMs, endMs }) => (endMs - startMs) / 3_600_000);
  expect(hours).toEqual([24, 25, 24]);
});
