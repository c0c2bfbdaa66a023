import { expect, test } from '@jest/globals';
import { newEventId } from '../src/event-id.ts';
import { fullJitter, isRetriedStatus, retryAfterMs } from '../src/retry.ts';

test('only what may pass is retried', () => {
  const retried = [400, 401, 404, 408, 413, 422, 425, 429, 500, 502, 503, 504, 529].filter(isRetriedStatus);
  expect(retried).toEqual([408, 425, 429, 500, 502, 503, 504, 529]);
});

test('the wait grows, is spread from 0 on, and has an upper bound', () => {
  const longest = (failures: number) =>
    Math.max(...Array.from({ length: 2000 }, () => fullJitter(failures, 100, 1000)));
  expect(longest(1)).toBeLessThanOrEqual(200);
  expect(longest(1)).toBeGreaterThan(150);
  expect(longest(2)).toBeGreaterThan(300);
  expect(longest(5000)).toBeLessThanOrEqual(1000);
  expect(Math.min(...Array.from({ length: 2000 }, () => fullJitter(9, 100, 1000)))).toBeLessThan(50);
});

test('Retry-After is read as seconds or as a date by the clock of the server', () => {
  const date = 'Tue, 24 Nov 2026 06:00:00 GMT';
  const later = 'Tue, 24 Nov 2026 06:01:30 GMT';
  expect(retryAfterMs('7', null, 0)).toBe(7000);
  expect(retryAfterMs('0', null, 0)).toBe(0);
  expect(retryAfterMs(later, date, 0)).toBe(90_000);
  expect(retryAfterMs(later, null, Date.parse(date))).toBe(90_000);
  expect(retryAfterMs(date, later, 0)).toBe(0);
  for (const unreadable of [null, '', 'soon', '-5', '1.5']) {
    expect(retryAfterMs(unreadable, date, 0)).toBeUndefined();
  }
});

test('event ids never repeat and sort by time', () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => newEventId(1_800_000_000_000 + index));
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
});
