import { LRUCache } from 'lru-cache';
import { compileModel, ratesAt, type CompiledModel, type CompiledRates } from './compiled-model.ts';
import { bandFor, costNanoUsd, quantity, totalAttoUsd, type CompiledBand } from './compiled-price.ts';
import { CHARGE_KINDS, type ChargeKind, type ListBook, type UnpricedReason } from './rates.ts';
import { SERVICE_TIER_RULES, type ServiceTierRule } from './service-tiers.ts';

export type { ChargeKind, ListBook, UnpricedReason } from './rates.ts';

/** Disjoint token counts of one call, integers >= 0. */
export interface TokenCounts {
  /** Uncached input. */
  input: number;
  cacheRead: number;
  /** Written to the provider's cache for five minutes (or for as long as it keeps it, where it offers no choice). */
  cacheWrite5m: number;
  /** Written to the provider's cache for an hour. */
  cacheWrite1h: number;
  /** Reasoning included. */
  output: number;
  /** A part of `output`. */
  reasoning: number;
}

/** One call to be priced. Names are as the sender wrote them. */
export interface PriceRequest {
  /** Whose own prices and discounts count. */
  tenantId: string;
  modelProvider: string;
  modelName: string;
  /** null: not told, which means the list price. */
  serviceTier: string | null;
  /** When the call started, milliseconds since 1970, UTC. */
  timestampMs: number;
  tokens: TokenCounts;
}

export interface Priced {
  /** Integer, at most Number.MAX_SAFE_INTEGER; the exact cost rounded once, half up. */
  costNanoUsd: number;
  /** The row of model_prices that made the cost; 0 where the prices come straight from a list, not from the database. */
  priceId: number;
  /** The row of model_prices whose discount was taken off; null: none. */
  discountId: number | null;
  priceSource: string;
  priceVersion: string;
}

/** No cost is known, which is not a cost of 0. */
export interface Unpriced {
  costNanoUsd: null;
  reason: UnpricedReason;
}

export type PriceResult = Priced | Unpriced;

/** One kind's part of a cost: quantity x unitAttoUsd = attoUsd. */
export interface PricePart {
  kind: ChargeKind;
  /** Tokens; for 'request' 1. */
  quantity: number;
  /** atto-USD (1e-18 USD) a unit. */
  unitAttoUsd: bigint;
  attoUsd: bigint;
  /** The price list's key or the rule that gave the unit price, e.g. 'cache_read_mtok', '2 x input_mtok'. */
  basis: string;
}

/** A cost with what it is made of. The parts sum up to `attoUsd` exactly; `costNanoUsd` is that, rounded. */
export interface PriceParts extends Priced {
  attoUsd: bigint;
  /** Kinds with a quantity, in the order of CHARGE_KINDS. */
  parts: readonly PricePart[];
  /** The context size beyond which these prices hold; null in the first tier. */
  overInputTokens: number | null;
}

export interface Pricer {
  /** Never throws. Under a microsecond for models seen before. */
  price: (request: PriceRequest) => PriceResult;
  /** The same cost with its parts, for explanations; not made for speed. */
  parts: (request: PriceRequest) => PriceParts | Unpriced;
}

/** Where a pricer's prices come from. `resolve` is called once per distinct request and cached, so it may be slow. */
export interface PriceSource {
  /** Whether a tenant has prices or discounts of its own; the others share what is resolved. */
  isOwnBook: (tenantId: string) => boolean;
  resolve: (
    tenantId: string,
    modelProvider: string,
    modelName: string,
    serviceTier: string | null,
  ) => CompiledModel | UnpricedReason;
}

export interface PricerOptions {
  /** How many distinct (provider, model, tier) are kept. Default 4096, some MB at most. */
  cacheSize?: number;
}

/** Longer names are nobody's: they are not looked up, and cannot fill the cache with text. */
const MAX_NAME_LENGTH = 256;

/**
 * Prices calls. Prices do not change during a pricer's life: make another one when the book does.
 *
 * (provider, model, tier) are resolved once and kept, misses too, in a bounded cache, as senders choose these names.
 */
export function createPricer(source: PriceSource, options: PricerOptions = {}): Pricer {
  const { cacheSize = 4096 } = options;
  const cache = new LRUCache<string, CompiledModel | Unpriced>({ max: cacheSize });

  function resolve({
    tenantId,
    modelProvider,
    modelName,
    serviceTier,
  }: PriceRequest): CompiledModel | Unpriced {
    if (modelProvider.length > MAX_NAME_LENGTH || modelName.length > MAX_NAME_LENGTH) {
      return unpriced('unknown_provider_or_model');
    }
    if (serviceTier !== null && serviceTier.length > MAX_NAME_LENGTH) return unpriced('unknown_service_tier');
    // Lengths first, so that no choice of names makes one key of two; no shared key begins with "~", and no id of a tenant has a space.
    const names = `${modelProvider.length} ${modelName.length} ${modelProvider}${modelName}${serviceTier ?? ''}`;
    const key = source.isOwnBook(tenantId) ? `~${tenantId} ${names}` : names;
    let resolved = cache.get(key);
    if (resolved === undefined) {
      const compiled = source.resolve(tenantId, modelProvider, modelName, serviceTier);
      resolved = typeof compiled === 'string' ? unpriced(compiled) : compiled;
      cache.set(key, resolved);
    }
    return resolved;
  }

  function bandOf(request: PriceRequest): { rates: CompiledRates; band: CompiledBand } | Unpriced {
    const { tokens, timestampMs } = request;
    if (!isValid(tokens) || !Number.isFinite(timestampMs)) return unpriced('invalid_request');
    const model = resolve(request);
    if ('reason' in model) return model;
    const rates = ratesAt(model, timestampMs);
    if (typeof rates === 'string') return unpriced(rates);
    const band = bandFor(rates.bands, tokens);
    if (band === undefined || (tokens.output > 0 && !band.hasOutputPrice)) return unpriced('no_price');
    return { rates, band };
  }

  function price(request: PriceRequest): PriceResult {
    const found = bandOf(request);
    if ('reason' in found) return found;
    const cost = costNanoUsd(found.band, request.tokens);
    if (cost > Number.MAX_SAFE_INTEGER) return unpriced('cost_out_of_range');
    const { priceId, discountId, priceSource, priceVersion } = found.rates;
    return { costNanoUsd: cost, priceId, discountId, priceSource, priceVersion };
  }

  function parts(request: PriceRequest): PriceParts | Unpriced {
    const result = price(request);
    const found = bandOf(request);
    if (result.costNanoUsd === null) return result;
    if ('reason' in found) return found;
    const { band } = found;
    return {
      ...result,
      attoUsd: totalAttoUsd(band, request.tokens),
      parts: CHARGE_KINDS.flatMap((kind) => {
        const count = quantity(kind, band, request.tokens);
        const rate = band.rates[kind];
        if (count === 0 || rate === null) return [];
        const attoUsd = BigInt(count) * rate.attoUsd;
        return [{ kind, quantity: count, unitAttoUsd: rate.attoUsd, attoUsd, basis: rate.basis }];
      }),
      overInputTokens: band.overInputTokens < 0 ? null : band.overInputTokens,
    };
  }

  return { price, parts };
}

/** A price list without a database: nobody has prices of their own, and no price has an id. */
export function listSource(
  book: ListBook,
  serviceTierRules: readonly ServiceTierRule[] = SERVICE_TIER_RULES,
): PriceSource {
  return {
    isOwnBook: () => false,
    resolve: (_tenantId, modelProvider, modelName, serviceTier) => {
      const prices = book.find(modelProvider, modelName);
      return typeof prices === 'string' ? prices : compileModel(book, prices, serviceTier, serviceTierRules);
    },
  };
}

function isValid(tokens: TokenCounts): boolean {
  return (
    isCount(tokens.input) &&
    isCount(tokens.cacheRead) &&
    isCount(tokens.cacheWrite5m) &&
    isCount(tokens.cacheWrite1h) &&
    isCount(tokens.output) &&
    isCount(tokens.reasoning)
  );
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function unpriced(reason: UnpricedReason): Unpriced {
  return { costNanoUsd: null, reason };
}
