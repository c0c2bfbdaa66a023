import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  attoUsdPerRequest,
  attoUsdPerToken,
  divideHalfUp,
  formatDecimal,
  parseDecimal,
  scaledInteger,
} from './decimal.ts';

describe('exact decimals', () => {
  test.each([
    [2.5, 2_500_000_000_000n],
    [0.1, 100_000_000_000n],
    [0.003625, 3_625_000_000n],
    [1e-7, 100_000n],
    [0, 0n],
    [600, 600_000_000_000_000n],
  ])('a price of %d USD a million tokens is %d atto-USD a token', (usdPerMtok, atto) => {
    expect(attoUsdPerToken(usdPerMtok)).toBe(atto);
  });

  test('float residue in a price list does not survive', () => {
    expect(attoUsdPerToken(0.18000000000000002)).toBe(attoUsdPerToken(0.18));
    expect(attoUsdPerToken(0.08333333333333334)).toBe(83_333_333_333n);
  });

  test('a fee of 12 USD a thousand requests is 0.012 USD a request', () => {
    expect(attoUsdPerRequest(12)).toBe(12_000_000_000_000_000n);
  });

  test.each([-1, NaN, Infinity])('%d is no price', (value) => {
    expect(() => scaledInteger(value, 12)).toThrow(RangeError);
  });

  test('halves are rounded up', () => {
    expect([4n, 5n, 14n, 15n, 25n].map((value) => divideHalfUp(value, 10n))).toEqual([0n, 1n, 1n, 2n, 3n]);
  });

  test('any decimal of up to nine digits is read without error', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 999_999_999n), fc.integer({ min: 0, max: 9 }), (digits, places) => {
        const value = Number(`${digits}e-${places}`);
        expect(scaledInteger(value, 9)).toBe(digits * 10n ** BigInt(9 - places));
      }),
    );
  });
});

describe('decimal text', () => {
  test('is read and written exactly', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 20n - 1n), fc.integer({ min: 0, max: 18 }), (value, digits) => {
        expect(parseDecimal(formatDecimal(value, digits), digits)).toBe(value);
      }),
    );
    expect(formatDecimal(-1_500n, 3)).toBe('-1.5');
    expect(parseDecimal('2.500000000000000000', 12)).toBe(2_500_000_000_000n);
  });

  test.each(['', '-1', '1e3', '1,5', '.5', '1.', 'NaN', '1.0001'])('"%s" is refused', (text) => {
    expect(() => parseDecimal(text, 3)).toThrow(RangeError);
  });
});
