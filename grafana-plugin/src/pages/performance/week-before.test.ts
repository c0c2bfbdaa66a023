import { expect, test } from '@jest/globals';
import { weekBefore } from './week-before.ts';

const NOW = Date.parse('2026-11-24T10:02:41Z');

test('a short period is compared with the same weekdays and hours a week before, up to now', () => {
  expect(weekBefore({ from: 'now/d', to: 'now/d' }, 'UTC', Date.now()).isLastWeekOnly).toBe(false);
  expect(weekBefore({ from: '2026-11-24T00:00:00Z', to: '2026-11-24T23:59:59Z' }, 'UTC', NOW)).toEqual({
    current: {
      start_date: '2026-11-24T00:00:00.000Z',
      end_date: '2026-11-24T10:00:00.000Z',
      timezone: 'UTC',
    },
    earlier: {
      start_date: '2026-11-17T00:00:00.000Z',
      end_date: '2026-11-17T10:00:00.000Z',
      timezone: 'UTC',
    },
    isLastWeekOnly: false,
  });
});

test('of a longer period the last seven days are compared, so that the two never overlap', () => {
  const { current, earlier, isLastWeekOnly } = weekBefore(
    { from: '2026-10-01T00:00:00Z', to: '2026-11-01T00:00:00Z' },
    'UTC',
    NOW,
  );
  expect(isLastWeekOnly).toBe(true);
  expect(current).toMatchObject({
    start_date: '2026-10-25T00:00:00.000Z',
    end_date: '2026-11-01T00:00:00.000Z',
  });
  expect(earlier.end_date).toBe(current.start_date);
});

test('the clock that was set back in between moves nothing: nine in the morning is compared with nine in the morning', () => {
  // Berlin leaves summer time on 25 October 2026.
  const { current, earlier } = weekBefore(
    { from: '2026-10-28T08:00:00Z', to: '2026-10-28T09:00:00Z' },
    'Europe/Berlin',
    NOW,
  );
  expect(current.start_date).toBe('2026-10-28T08:00:00.000Z');
  expect(earlier).toMatchObject({
    start_date: '2026-10-21T07:00:00.000Z',
    end_date: '2026-10-21T08:00:00.000Z',
  });
});

test('bare dates are whole days of the zone', () => {
  const { current } = weekBefore({ from: '2026-11-20', to: '2026-11-21' }, 'Europe/Berlin', NOW);
  expect(current).toMatchObject({
    start_date: '2026-11-19T23:00:00.000Z',
    end_date: '2026-11-21T23:00:00.000Z',
  });
});
