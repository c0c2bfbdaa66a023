import type { PriceRequest, TokenCounts } from './price.ts';

/** Token counts with 0 for what is not given. */
export function tokens(counts: Partial<TokenCounts>): TokenCounts {
  return { input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0, ...counts };
}

/** A request for 'provider model' at an ISO time (default: a day in 2026) and in a tier (default: none told). */
export function request(
  providerAndModel: string,
  counts: Partial<TokenCounts>,
  { at = '2026-09-15T12:00:00Z', tier = null }: { at?: string; tier?: string | null } = {},
): PriceRequest {
  const space = providerAndModel.indexOf(' ');
  return {
    tenantId: 'default',
    modelProvider: providerAndModel.slice(0, space),
    modelName: providerAndModel.slice(space + 1),
    serviceTier: tier,
    timestampMs: Date.parse(at),
    tokens: tokens(counts),
  };
}
