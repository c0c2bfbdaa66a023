import { expect, test } from '@jest/globals';
import { verdictOn } from './slower.ts';

const timed = (timed_requests: number, p50: number | null, p95: number | null) => ({
  timed_requests,
  percentiles_ms: { p50, p95 },
});

test('a median that is clearly higher is slower, one within the error of percentiles is as usual', () => {
  expect(verdictOn(timed(200, 1500, 3000), timed(1000, 1000, 3000))).toEqual({
    kind: 'slower',
    p50Percent: 50,
    p95Percent: 0,
  });
  expect(verdictOn(timed(200, 1090, 3000), timed(1000, 1000, 3000)).kind).toBe('usual');
  expect(verdictOn(timed(200, 500, 2000), timed(1000, 1000, 3000)).kind).toBe('faster');
});

test('a tail that got longer is slower too, but not of few calls', () => {
  expect(verdictOn(timed(100, 1000, 6000), timed(1000, 1000, 3000)).kind).toBe('slower');
  expect(verdictOn(timed(99, 1000, 6000), timed(1000, 1000, 3000))).toEqual({
    kind: 'usual',
    p50Percent: 0,
    p95Percent: null,
  });
});

test('with too few calls nothing is said', () => {
  expect(verdictOn(timed(29, 9000, 9000), timed(1000, 1000, 3000)).kind).toBe('too-few');
  expect(verdictOn(timed(1000, 9000, 9000), timed(0, null, null)).kind).toBe('too-few');
});
