import { describe, expect, test } from '@jest/globals';
import { formatInZone } from './buckets.ts';
import { readComparedRanges, type CompareQuery } from './compare-ranges.ts';

const NOW = Date.parse('2026-11-24T18:07:00Z');
function ranges(query: CompareQuery, nowMs = NOW) {
  const { current, previous, isCutAtNow } = readComparedRanges(query, nowMs);
  const text = ({ startMs, endMs, timeZone }: typeof current) =>
    [startMs, endMs].map((ms) => formatInZone(timeZone, ms));
  return { current: text(current), previous: text(previous), isCutAtNow };
}

describe('what a period is compared with', () => {
  test.each([
    // Days of the calendar, through a change of clocks.
    [
      'previous_period',
      'America/New_York',
      '2026-03-06',
      '2026-03-12',
      '2026-02-27T00:00:00-05:00',
      '2026-03-06T00:00:00-05:00',
    ],
    [
      'previous_period',
      'America/New_York',
      '2026-03-08',
      '2026-03-08',
      '2026-03-07T00:00:00-05:00',
      '2026-03-08T00:00:00-05:00',
    ],
    [
      'previous_period',
      'Australia/Lord_Howe',
      '2026-10-05',
      '2026-10-06',
      '2026-10-03T00:00:00+10:30',
      '2026-10-05T00:00:00+11:00',
    ],
    [
      'last_week',
      'Asia/Kolkata',
      '2026-10-05',
      '2026-10-06',
      '2026-09-28T00:00:00+05:30',
      '2026-09-30T00:00:00+05:30',
    ],
    [
      'last_week',
      'America/New_York',
      '2026-11-02',
      '2026-11-02',
      '2026-10-26T00:00:00-04:00',
      '2026-10-27T00:00:00-04:00',
    ],
    // Whole months stay whole.
    ['last_month', 'UTC', '2026-10-01', '2026-10-31', '2026-09-01T00:00:00Z', '2026-10-01T00:00:00Z'],
    ['last_month', 'UTC', '2026-02-01', '2026-02-28', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'],
    ['last_month', 'UTC', '2026-03-29', '2026-03-30', '2026-02-28T00:00:00Z', '2026-03-01T00:00:00Z'],
    ['last_year', 'UTC', '2024-02-01', '2024-02-29', '2023-02-01T00:00:00Z', '2023-03-01T00:00:00Z'],
    [
      'last_year',
      'Europe/Berlin',
      '2026-03-29',
      '2026-03-29',
      '2025-03-29T00:00:00+01:00',
      '2025-03-30T00:00:00+01:00',
    ],
  ] as const)(
    '%s in %s of %s to %s is %s to %s',
    (compare_with, timezone, start_date, end_date, start, end) => {
      expect(ranges({ compare_with, timezone, start_date, end_date })).toMatchObject({
        previous: [start, end],
        isCutAtNow: false,
      });
    },
  );

  test('hours are compared with as many hours before', () => {
    expect(ranges({ start_date: '2026-11-20T10:00:00Z', end_date: '2026-11-20T16:30:00Z' }).previous).toEqual(
      ['2026-11-20T03:30:00Z', '2026-11-20T10:00:00Z'],
    );
  });

  test('a month that is not over is compared with as much of the other one', () => {
    const month = { start_date: '2026-11-01', end_date: '2026-11-30', timezone: 'America/New_York' };
    const current = ['2026-11-01T00:00:00-04:00', '2026-11-24T13:15:00-05:00'];
    expect(ranges({ ...month, compare_with: 'last_month' })).toEqual({
      current,
      previous: ['2026-10-01T00:00:00-04:00', '2026-10-24T13:15:00-04:00'],
      isCutAtNow: true,
    });
    // Thirty days before, at the same time of day.
    expect(ranges(month)).toEqual({
      current,
      previous: ['2026-10-02T00:00:00-04:00', '2026-10-25T13:15:00-04:00'],
      isCutAtNow: true,
    });
    expect(ranges({}).current).toEqual(['2026-10-26T00:00:00Z', '2026-11-24T18:15:00Z']);
  });

  test('any two ranges are taken as they are', () => {
    const query = {
      start_date: '2026-11-24',
      end_date: '2026-11-30',
      compare_start: 'now-1y',
      compare_end: '2025-12-01',
    };
    expect(ranges(query)).toEqual({
      current: ['2026-11-24T00:00:00Z', '2026-12-01T00:00:00Z'],
      previous: ['2025-11-24T18:00:00Z', '2025-12-02T00:00:00Z'],
      isCutAtNow: false,
    });
  });

  test.each([
    [{ compare_start: '2026-01-01' }, /compare_end: is needed too/],
    [{ compare_end: '2026-01-01' }, /compare_start: is needed too/],
    [{ compare_start: '2026-01-02', compare_end: '2026-01-01T00:00:00Z' }, /compare_start: must lie before/],
    [{ compare_start: '2026-01-01', compare_end: 'soon' }, /compare_end: "soon" is neither/],
    [{ compare_start: '2026-01-01', compare_end: '2026-01-02', compare_with: 'last_week' }, /either this or/],
    [{ start_date: '1970-01-02', end_date: '1970-01-03', compare_with: 'last_year' }, /nothing before 1970/],
  ] as [CompareQuery, RegExp][])('%j is refused', (query, message) => {
    expect(() => ranges(query)).toThrow(message);
  });
});
