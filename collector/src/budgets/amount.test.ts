import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatAmount, hasReached, parseAmount, percentOf } from './amount.ts';

test('every amount of nano-dollars survives its decimal text', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 10n ** 18n }), (nanoUsd) => {
      expect(parseAmount(formatAmount(nanoUsd, 'cost'), 'cost')).toBe(nanoUsd);
    }),
  );
});

test.each([
  ['12.50', 12_500_000_000n, '12.5'],
  ['0.000000001', 1n, '0.000000001'],
  ['0012', 12_000_000_000n, '12'],
  ['1000000000', 10n ** 18n, '1000000000'],
])('$%s is %d nano-dollars', (text, nanoUsd, shown) => {
  expect(parseAmount(text, 'cost')).toBe(nanoUsd);
  expect(formatAmount(nanoUsd, 'cost')).toBe(shown);
});

test.each([
  ['0', 'cost', /not above 0/],
  ['0.000', 'cost', /not above 0/],
  ['-5', 'cost', /not above 0/],
  ['0.0000000001', 'cost', /finer than a nano-dollar/],
  ['1e3', 'cost', /decimal number/],
  ['$5', 'cost', /decimal number/],
  ['', 'cost', /decimal number/],
  ['1000000000.1', 'cost', /more than/],
  ['0', 'requests', /not above 0/],
  ['-1', 'tokens', /not above 0/],
  ['1.5', 'requests', /whole number of requests/],
  ['99999999999999999', 'tokens', /more than/],
] as const)('%j of %s is refused with its reason', (text, measure, reason) => {
  expect(() => parseAmount(text, measure)).toThrow(reason);
});

test('a threshold is reached at its exact nano-dollar and not one before, whatever the size', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 18n }),
      fc.integer({ min: 1, max: 1_000_000 }),
      (limit, thousandths) => {
        const least = (limit * BigInt(thousandths) + 99_999n) / 100_000n;
        expect(hasReached(least, limit, thousandths / 1000)).toBe(true);
        expect(hasReached(least - 1n, limit, thousandths / 1000)).toBe(false);
      },
    ),
  );
});

test('the percent that is shown never claims a threshold that is not reached', () => {
  expect(percentOf(999_999_999n, 1_000_000_000n)).toBe(99.9999);
  expect(percentOf(1_000_000_000n, 1_000_000_000n)).toBe(100);
});
