import type { CompiledModel } from '../pricing/compiled-model.ts';
import type { PriceBook } from '../pricing/price-book.ts';
import type { UnpricedReason } from '../pricing/rates.ts';

/** Prices of input tokens of each kind, atto-USD (1e-18 USD) a token. */
export interface InputRates {
  input: bigint;
  cacheRead: bigint;
  cacheWrite5m: bigint;
  cacheWrite1h: bigint;
}

/** Why money is an estimate: the rollups do not tell calls of these apart, so the price of the first tier, or of most hours, is taken. */
export const ESTIMATED = ['context_tiers', 'daily_windows'] as const;
export type Estimated = (typeof ESTIMATED)[number];

/** What a model's input tokens cost by the book, at the standard service tier. */
export interface ModelRates {
  /** When the price changes, within a period; the first rates hold since before it. */
  changesMs: (startMs: number, endMs: number) => number[];
  at: (ms: number) => InputRates | undefined;
  estimated: readonly Estimated[];
}

const UNPRICED: ModelRates = { changesMs: () => [], at: () => undefined, estimated: [] };

/** Looks models up in a book, each one once. */
export function ratesByBook(
  book: PriceBook,
  tenantId: string,
): (provider: string, model: string) => ModelRates {
  const known = new Map<string, ModelRates>();
  return (provider, model) => {
    const key = JSON.stringify([provider, model]);
    let rates = known.get(key);
    if (rates === undefined) known.set(key, (rates = ratesOf(book.resolve(tenantId, provider, model, null))));
    return rates;
  };
}

function ratesOf(model: CompiledModel | UnpricedReason): ModelRates {
  if (typeof model === 'string') return UNPRICED;
  const { segments } = model;
  const estimated = new Set<Estimated>();
  for (const { rates, windows } of segments) {
    if (typeof rates !== 'string' && rates.bands.length > 1) estimated.add('context_tiers');
    if (windows.length > 0) estimated.add('daily_windows');
  }
  return {
    changesMs: (startMs, endMs) =>
      segments.map(({ fromMs }) => fromMs).filter((fromMs) => fromMs > startMs && fromMs < endMs),
    at: (ms) => {
      const rates = segments.findLast(({ fromMs }) => fromMs <= ms)?.rates;
      const band = rates === undefined || typeof rates === 'string' ? undefined : rates.bands[0];
      return band?.attoUsd;
    },
    estimated: [...estimated].sort(),
  };
}
