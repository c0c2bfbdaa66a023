import { toNumber } from '../figures/format.ts';

/** The figures of a group of calls, as every analytics answer has them. */
export interface UsageFigures {
  total_requests: number;
  failed_requests: number;
  unpriced_requests: number;
  unpriced_tokens: number;
  unknown_usage_requests: number;
  total_tokens_used: number;
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_5m_tokens: number;
  cache_write_1h_tokens: number;
  output_tokens: number;
  total_cost_usd: string | null;
}

/** Calls whose cost is known: cost is divided by these, so that a call without a price makes nothing look cheap. */
export function pricedCalls({ total_requests, unpriced_requests }: UsageFigures): number {
  return total_requests - unpriced_requests;
}

/**
 * US dollars; null where nothing is known of the cost: calls without a price, and beside them only calls that cost nothing (answered by the
 * application's own cache, failed). What is not known is never shown as $0.
 */
export function knownCost({ total_cost_usd, unpriced_requests }: UsageFigures): number | null {
  const cost = toNumber(total_cost_usd);
  return cost === 0 && unpriced_requests > 0 ? null : cost;
}

/** US dollars for a thousand priced calls; null where there is none. */
export function costPerThousandCalls(figures: UsageFigures): number | null {
  const perCall = ratio(knownCost(figures), pricedCalls(figures));
  return perCall === null ? null : 1000 * perCall;
}

/** US dollars for a million tokens of any kind, of the tokens that have a price; null without any. */
export function costPerMillionTokens(figures: UsageFigures): number | null {
  const perToken = ratio(knownCost(figures), figures.total_tokens_used - figures.unpriced_tokens);
  return perToken === null ? null : 1e6 * perToken;
}

/** All input tokens: uncached, read from and written to the provider's prompt cache. */
export function allInputTokens(figures: UsageFigures): number {
  return (
    figures.input_tokens +
    figures.cache_read_tokens +
    figures.cache_write_5m_tokens +
    figures.cache_write_1h_tokens
  );
}

/** Tokens for each call that told how many it used; null without such a call. */
export function tokensPerCall(tokens: number, figures: UsageFigures): number | null {
  return ratio(tokens, figures.total_requests - figures.unknown_usage_requests);
}

/** Failed calls in percent. */
export function errorRate({ failed_requests, total_requests }: UsageFigures): number | null {
  return percentOf(failed_requests, total_requests);
}

/** Input tokens that were read from the provider's prompt cache, in percent of all input tokens. */
export function cacheReadShare(figures: UsageFigures): number | null {
  return percentOf(figures.cache_read_tokens, allInputTokens(figures));
}

/** How much more `now` is than `before`, in percent; null from 0 or where either is not known. */
export function changeOf(before: number | null | undefined, now: number | null | undefined): number | null {
  if (before === null || before === undefined || now === null || now === undefined || before === 0)
    return null;
  return (100 * (now - before)) / Math.abs(before);
}

function percentOf(part: number, whole: number): number | null {
  const share = ratio(part, whole);
  return share === null ? null : 100 * share;
}

function ratio(amount: number | null, by: number): number | null {
  return amount === null || by <= 0 ? null : amount / by;
}
