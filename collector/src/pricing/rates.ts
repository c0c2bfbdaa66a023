/**
 * What one unit of each charged kind costs. 'output' holds the reasoning tokens too, unless the price list charges them
 * apart; 'request' is a fee for the call itself.
 */
export const CHARGE_KINDS = [
  'input',
  'cacheRead',
  'cacheWrite5m',
  'cacheWrite1h',
  'output',
  'reasoning',
  'request',
] as const;
export type ChargeKind = (typeof CHARGE_KINDS)[number];

/** A unit price and where it comes from. */
export interface Rate {
  /** atto-USD (1e-18 USD) a token, or a request. */
  attoUsd: bigint;
  /** The price list's own key ('cache_read_mtok'), or the rule that derived it ('2 x input_mtok'). For explanations. */
  basis: string;
}

/** The rates of a call whose input (uncached, cache reads and cache writes together) exceeds `overInputTokens`. */
export interface RateBand {
  /** -1 in the first band, which every call reaches. */
  overInputTokens: number;
  /** A kind that is absent: 'output' cannot be priced, 'reasoning' is within output, 'request' costs nothing. */
  rates: Rates;
}

export type Rates = Readonly<
  Record<'input' | 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h', Rate> &
    Record<'output' | 'reasoning' | 'request', Rate | null>
>;

/** Hours of every day (UTC) with rates of their own. */
export interface DailyWindow {
  /** Milliseconds since midnight UTC, half-open; the end lies before the start when the window spans midnight. */
  startMs: number;
  endMs: number;
  /** '00:30-16:30Z'. */
  label: string;
  bands: readonly RateBand[];
}

/** The rates from one moment until the next period begins. */
export interface PricePeriod {
  /** Milliseconds since 1970, UTC; -Infinity when the list does not say since when. */
  fromMs: number;
  /** '2025-06-10', or '' when the list does not say. */
  label: string;
  bands: readonly RateBand[];
  /** Where several hold, the last wins. */
  windows: readonly DailyWindow[];
}

/** Why an event has no cost. It is stored as NULL, counted and shown, never as 0. */
export type UnpricedReason =
  /** The book does not know the provider, or it does not know this model at this provider. */
  | 'unknown_provider_or_model'
  /** Ollama, vLLM, …: what the machine costs is not in any list. A tenant's own price will say. */
  | 'self_hosted'
  /** The model is known but not its price for what was used (priced by the page or the minute, a free tier, …). */
  | 'no_price'
  /** Audio, image or video tokens are priced apart and the token counts do not tell them from text. */
  | 'modality_unknown'
  /** The service tier is none whose price is a published factor of the list price. */
  | 'unknown_service_tier'
  /** Token counts or the timestamp are not numbers that can be. */
  | 'invalid_request'
  /** More than Number.MAX_SAFE_INTEGER nano-USD, nine million dollars for one call. */
  | 'cost_out_of_range';

/** All prices of one model at one provider, as a price book has them. */
export interface ModelPrices {
  /** Who bills, in the book's spelling ('azure'); service tiers go by it. */
  providerId: string;
  /** Whose list the price comes from: 'openai/gpt-4o', also when Azure bills at OpenAI's prices. */
  priceId: string;
  modelId: string;
  /** In order; of those that have begun, the last holds. Before the first one has begun, the first holds. */
  periods: readonly PricePeriod[];
}

/** Where prices come from. `find` is called once per distinct request and cached, so it may be slow. */
export interface ListBook {
  /** Stored with every event as its price source. */
  source: string;
  /** Stored, with the price that matched, as its price version. */
  version: string;
  find: (modelProvider: string, modelName: string) => ModelPrices | UnpricedReason;
}
