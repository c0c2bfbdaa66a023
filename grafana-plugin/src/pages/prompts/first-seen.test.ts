import { expect, test } from '@jest/globals';
import { seen } from './first-seen.ts';

const series = (...requests: number[]) =>
  requests.map((total_requests, index) => ({ timestamp: `2026-11-0${index + 1}T00:00:00Z`, total_requests }));

test('a version that was called for the first time within the period began then', () => {
  expect(seen(series(0, 0, 4, 0, 2, 0))).toEqual({
    first: '2026-11-03T00:00:00Z',
    last: '2026-11-05T00:00:00Z',
    beganInPeriod: true,
  });
});

test('one that was called in the first point may be older', () => {
  expect(seen(series(1, 2))?.beganInPeriod).toBe(false);
});

test('one that was not called was not seen', () => {
  expect(seen(series(0, 0))).toBeNull();
});
