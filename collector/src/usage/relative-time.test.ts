import { describe, expect, test } from '@jest/globals';
import { readRange } from './period.ts';
import { relativeInstant } from './relative-time.ts';

const at = (text: string, zone: string, now: string, side: 'start' | 'end' = 'start'): string | undefined => {
  const ms = relativeInstant(text, zone, side, Date.parse(now));
  return ms === undefined ? undefined : new Date(ms).toISOString();
};

describe('relative times', () => {
  test.each([
    // Clocks went forward in New York on March 8: a day before is the same time of day, 24 hours before is not.
    ['now-1d', 'America/New_York', '2026-03-08T16:00:00Z', '2026-03-07T17:00:00.000Z'],
    ['now-24h', 'America/New_York', '2026-03-08T16:00:00Z', '2026-03-07T16:00:00.000Z'],
    ['now', 'UTC', '2026-03-08T16:01:02Z', '2026-03-08T16:01:02.000Z'],
    ['now+90m', 'UTC', '2026-03-08T16:00:00Z', '2026-03-08T17:30:00.000Z'],
    ['now-1M', 'UTC', '2026-03-31T05:00:00Z', '2026-02-28T05:00:00.000Z'],
    ['now-1y', 'UTC', '2028-02-29T05:00:00Z', '2027-02-28T05:00:00.000Z'],
    ['now-2w', 'Asia/Kolkata', '2026-03-20T20:00:00Z', '2026-03-06T20:00:00.000Z'],
    ['now/d', 'Asia/Kolkata', '2026-03-20T20:00:00Z', '2026-03-20T18:30:00.000Z'],
    ['now-1d/d', 'Australia/Lord_Howe', '2026-10-04T12:00:00Z', '2026-10-02T13:30:00.000Z'],
    ['now/w', 'UTC', '2026-11-24T20:00:00Z', '2026-11-23T00:00:00.000Z'],
    ['now-1M/M', 'Europe/Berlin', '2026-11-24T20:00:00Z', '2026-09-30T22:00:00.000Z'],
    ['now/y', 'UTC', '2026-11-24T20:00:00Z', '2026-01-01T00:00:00.000Z'],
    // 02:30 of March 8 does not exist in New York.
    ['now-1d', 'America/New_York', '2026-03-09T06:30:00Z', '2026-03-08T07:30:00.000Z'],
  ])('%s in %s at %s begins at %s', (text, zone, now, expected) => {
    expect(at(text, zone, now)).toBe(expected);
  });

  test('as the end of a period a rounded one is the end of that day, week or month', () => {
    expect(at('now-1d/d', 'UTC', '2026-11-24T20:00:00Z', 'end')).toBe('2026-11-24T00:00:00.000Z');
    expect(at('now-1M/M', 'UTC', '2026-11-24T20:00:00Z', 'end')).toBe('2026-11-01T00:00:00.000Z');
    // A day of 25 hours.
    expect(at('now/d', 'America/New_York', '2026-11-01T12:00:00Z', 'end')).toBe('2026-11-02T05:00:00.000Z');
  });

  test.each(['now-', 'now-1', 'now-1q', 'Now', 'now-1d/q', 'now -1d', 'yesterday', 'now-123456d'])(
    '%s is none',
    (text) => {
      expect(at(text, 'UTC', '2026-11-24T20:00:00Z')).toBeUndefined();
    },
  );

  test('a range takes them to quarters of an hour around it', () => {
    const range = readRange({ start_date: 'now-30d', end_date: 'now' }, Date.parse('2026-11-24T20:07:00Z'));
    expect([range.startMs, range.endMs].map((ms) => new Date(ms).toISOString())).toEqual([
      '2026-10-25T20:00:00.000Z',
      '2026-11-24T20:15:00.000Z',
    ]);
    expect(() => readRange({ start_date: 'now-200y' }, Date.parse('2026-11-24T20:07:00Z'))).toThrow(
      /start_date/,
    );
  });
});
