import type { InputRates } from './prompt-cache-prices.ts';
import { usd } from './usd.ts';

/** Input tokens of some calls, by kind. */
export interface InputTokens {
  input: bigint;
  cacheRead: bigint;
  cacheWrite5m: bigint;
  cacheWrite1h: bigint;
}

/** atto-USD that reading from the prompt cache spared, against the price of uncached input. */
export function readSaving({ cacheRead }: InputTokens, rates: InputRates): bigint {
  return cacheRead * (rates.input - rates.cacheRead);
}

/** atto-USD that writing to the prompt cache cost more than uncached input; negative where writing is cheaper. */
export function writeCost({ cacheWrite5m, cacheWrite1h }: InputTokens, rates: InputRates): bigint {
  return (
    cacheWrite5m * (rates.cacheWrite5m - rates.input) + cacheWrite1h * (rates.cacheWrite1h - rates.input)
  );
}

/** Providers cache no shorter beginnings than this. */
export const LEAST_INPUT_TOKENS = 1024;
/** Of which something can be told. */
export const LEAST_REQUESTS = 20;
/** A prompt that reads more of its input from the cache than this is cached already. */
export const MOST_HIT_PERCENT = 20;
/** How long a provider keeps a beginning, minutes. */
export const KEPT_MINUTES = 5;

/**
 * What caching the beginning of a prompt would have spared, atto-USD; 0n where it would not pay (docs/analytics-views.md has the assumptions):
 * so many percent of each call's uncached input are the same as in the call before it; calls come evenly over the period, so that a call finds the
 * beginning kept with probability 1 - exp(-calls in five minutes), and writes it where not.
 */
export function couldHaveSaved(
  { requests, uncachedInput, minutes, repeatedPercent }: { requests: number; uncachedInput: bigint; minutes: number; repeatedPercent: number },
  rates: InputRates,
): { atto: bigint; warmShare: number } {
  const warmShare = 1 - Math.exp((-requests * KEPT_MINUTES) / minutes);
  const repeated = (uncachedInput * BigInt(Math.round(repeatedPercent * 100))) / 10_000n;
  const warm = (repeated * BigInt(Math.round(warmShare * 1e9))) / 1_000_000_000n;
  const cold = repeated - warm;
  const atto = warm * (rates.input - rates.cacheRead) - cold * (rates.cacheWrite5m - rates.input);
  return { atto: atto > 0n ? atto : 0n, warmShare };
} // prettier-ignore

const ATTO_PER_NANO = 1_000_000_000n;

/** USD of atto-USD, rounded once to whole nano-USD, halves away from 0. */
export function usdOfAtto(atto: bigint): string {
  const absolute = atto < 0n ? -atto : atto;
  const nano = (2n * absolute + ATTO_PER_NANO) / (2n * ATTO_PER_NANO);
  return usd(atto < 0n ? -nano : nano);
}
