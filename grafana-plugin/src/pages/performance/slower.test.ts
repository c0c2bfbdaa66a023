import { expect, test } from '@jest/globals';
import { verdict } from './slower.ts';

const part = (p95: number | null, timed_requests = 1000) => ({
  timed_requests,
  percentiles_ms: { p95, relative_error: 0.044 },
});

test('a difference within the error of both readings is about the same', () => {
  expect(verdict(part(1080), part(1000))).toBe('same');
  expect(verdict(part(1000), part(1080))).toBe('same');
  expect(verdict(part(1100), part(1000))).toBe('slower');
  expect(verdict(part(900), part(1000))).toBe('faster');
});

test('few calls, an unknown time or a member that was not there tell nothing', () => {
  expect(verdict(part(5000, 99), part(1000))).toBe('unknown');
  expect(verdict(part(5000), part(1000, 99))).toBe('unknown');
  expect(verdict(part(null), part(1000))).toBe('unknown');
  expect(verdict(part(5000), undefined)).toBe('unknown');
});
