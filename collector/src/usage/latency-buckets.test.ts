import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LATENCY_RELATIVE_ERROR, latencyBucket, latencyOfBucket, percentilesMs } from './latency-buckets.ts';

test('a latency lies in its bucket, powers of two exactly at the upper border', () => {
  for (let exponent = -9; exponent < 30; exponent += 1) {
    expect(latencyBucket(2 ** exponent)).toBe(exponent * 8 - 1);
    expect(latencyBucket(2 ** exponent * (1 + 2 ** -50))).toBe(exponent * 8);
  }
});

test('what is answered for a latency is within the stated error', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.0011, max: 6e8, noNaN: true }), (latency) => {
      expect(Math.abs(latencyOfBucket(latencyBucket(latency)) - latency) / latency).toBeLessThanOrEqual(
        LATENCY_RELATIVE_ERROR + 1e-12,
      );
    }),
  );
  expect(LATENCY_RELATIVE_ERROR).toBeLessThan(0.05);
});

test('longer is never in a lower bucket', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 6e8, noNaN: true }),
      fc.double({ min: 0, max: 6e8, noNaN: true }),
      (a, b) => {
        expect(latencyBucket(Math.min(a, b))).toBeLessThanOrEqual(latencyBucket(Math.max(a, b)));
      },
    ),
  );
});

test('percentiles of nothing are null', () => {
  expect(percentilesMs([{ bucket: 3, count: 0 }], [0.5, 0.99])).toEqual([null, null]);
});
