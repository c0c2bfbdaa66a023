import { divideHalfUp, parseDecimal } from './decimal.ts';
import type { ChargeKind, Rate, RateBand } from './rates.ts';

/** Decimals that a percentage may have. */
export const PERCENT_DECIMALS = 6;
const WHOLE = 100n * 10n ** BigInt(PERCENT_DECIMALS);

/**
 * The rates of a band less a percentage, fees per request too. A unit price is a whole number of atto-USD a token again (12 decimals
 * of USD a million tokens), rounded half up: exact for list prices of six decimals and percentages of four, as real ones have.
 */
export function applyDiscount(band: RateBand, percent: string): RateBand {
  const remaining = WHOLE - parseDecimal(percent, PERCENT_DECIMALS);
  const less = (rate: Rate): Rate => ({
    attoUsd: divideHalfUp(rate.attoUsd * remaining, WHOLE),
    basis: `${rate.basis} less ${percent} %`,
  });
  const { input, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning, request } = band.rates;
  return {
    overInputTokens: band.overInputTokens,
    rates: {
      input: less(input),
      cacheRead: less(cacheRead),
      cacheWrite5m: less(cacheWrite5m),
      cacheWrite1h: less(cacheWrite1h),
      output: output && less(output),
      reasoning: reasoning && less(reasoning),
      request: request && less(request),
    } satisfies Record<ChargeKind, Rate | null>,
  };
}
