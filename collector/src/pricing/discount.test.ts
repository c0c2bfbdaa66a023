import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyDiscount } from './discount.ts';
import type { Rate, RateBand } from './rates.ts';

function band(attoUsd: bigint): RateBand {
  const rate: Rate = { attoUsd, basis: 'input_mtok' };
  return {
    overInputTokens: -1,
    rates: {
      input: rate,
      cacheRead: rate,
      cacheWrite5m: rate,
      cacheWrite1h: rate,
      output: null,
      reasoning: null,
      request: rate,
    },
  };
}

describe('a discount', () => {
  test('is taken off every price, fees too, and leaves what is not sold', () => {
    const { rates } = applyDiscount(band(2_500_000_000_000n), '7.5');
    expect(rates.input).toEqual({ attoUsd: 2_312_500_000_000n, basis: 'input_mtok less 7.5 %' });
    expect(rates.request?.attoUsd).toBe(2_312_500_000_000n);
    expect(rates.output).toBeNull();
    expect(applyDiscount(band(2_500_000_000_000n), '100').rates.input.attoUsd).toBe(0n);
  });

  test('of up to four decimals is exact for every list price of up to six', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 12n),
        fc.integer({ min: 1, max: 1_000_000 }),
        (micro, tenThousandths) => {
          const unit = micro * 10n ** 6n; // millionths of a USD a million tokens, in atto-USD a token
          const percent = `${Math.floor(tenThousandths / 10_000)}.${String(tenThousandths % 10_000).padStart(4, '0')}`;
          const { attoUsd } = applyDiscount(band(unit), percent).rates.input;
          expect(attoUsd * 1_000_000n).toBe(unit * BigInt(1_000_000 - tenThousandths));
        },
      ),
    );
  });

  test('is rounded half up to a whole atto-USD otherwise', () => {
    expect(applyDiscount(band(5n), '50').rates.input.attoUsd).toBe(3n);
    expect(applyDiscount(band(1n), '50.000001').rates.input.attoUsd).toBe(0n);
  });
});
