import type { MatchLogic } from '@pydantic/genai-prices';
import { formatDecimal, MTOK_DECIMALS, parseDecimal, USD_DECIMALS } from './decimal.ts';
import {
  CHARGE_KINDS,
  type ChargeKind,
  type DailyWindow,
  type Rate,
  type RateBand,
  type Rates,
} from './rates.ts';

export type PriceKind = 'list' | 'override' | 'discount' | 'rule';

/** How a price of one's own names its models: the whole name, or a pattern with '*'. */
export type OwnMatch = { equals: string } | { glob: string };

/** What the list tells and nothing is charged by. USD a million tokens, decimal text. */
export interface OtherPrices {
  input_audio_per_mtok: string | null;
  output_audio_per_mtok: string | null;
  input_image_per_mtok: string | null;
  output_image_per_mtok: string | null;
}

/** A row of model_prices as the program works with it (sql/shared/0007_model_prices.sql has the meanings). */
export interface NewPrice {
  kind: PriceKind;
  tenantId: string | null;
  providerId: string;
  modelPattern: string;
  modelMatch: MatchLogic | OwnMatch;
  listModelId: string | null;
  listPosition: number | null;
  serviceTier: string;
  /** Milliseconds since 1970, UTC; -Infinity: since ever. */
  fromMs: number;
  /** Not included; Infinity: no end. */
  toMs: number;
  /** In ascending order of context; empty for discounts and what cannot be priced by its tokens. */
  bands: readonly RateBand[];
  windows: readonly DailyWindow[];
  otherPrices: OtherPrices;
  unpricedReason: 'no_price' | 'modality_unknown' | null;
  /** Decimal text; null unless a discount. */
  discountPercent: string | null;
  source: string;
  version: string;
  note: string | null;
}

export interface StoredPrice extends NewPrice {
  priceId: number;
  createdAt: Date;
  createdBy: string;
  endedAt: Date | null;
  endedBy: string | null;
}

export const NO_OTHER_PRICES: OtherPrices = {
  input_audio_per_mtok: null,
  output_audio_per_mtok: null,
  input_image_per_mtok: null,
  output_image_per_mtok: null,
};

/** The price of each charged kind as a column and in JSON: USD a million tokens, per_request in USD. */
export const PRICE_FIELDS = {
  input: 'input_per_mtok',
  cacheRead: 'cache_read_per_mtok',
  cacheWrite5m: 'cache_write_5m_per_mtok',
  cacheWrite1h: 'cache_write_1h_per_mtok',
  output: 'output_per_mtok',
  reasoning: 'reasoning_per_mtok',
  request: 'per_request',
} as const satisfies Record<ChargeKind, string>;
export type PriceField = (typeof PRICE_FIELDS)[ChargeKind];

export type PriceTexts = Record<PriceField, string | null>;
export type ContextTier = PriceTexts & { over_input_tokens: number };
export type StoredWindow = PriceTexts & {
  from: string;
  to: string;
  context_tiers: ContextTier[];
  price_basis: Record<string, string>;
};

function decimalsOf(kind: ChargeKind): number {
  return kind === 'request' ? USD_DECIMALS : MTOK_DECIMALS;
}

/** A unit price as decimal text. */
export function unitPriceText(kind: ChargeKind, attoUsd: bigint): string {
  return formatDecimal(attoUsd, decimalsOf(kind));
}

export function priceTexts(rates: Rates | undefined): PriceTexts {
  return Object.fromEntries(
    CHARGE_KINDS.map((kind) => {
      const rate = rates?.[kind];
      return [PRICE_FIELDS[kind], rate == null ? null : unitPriceText(kind, rate.attoUsd)];
    }),
  ) as PriceTexts;
}

/** Which key of the list, or which rule, gave each price. */
export function priceBasis(rates: Rates | undefined): Record<string, string> {
  return Object.fromEntries(
    CHARGE_KINDS.flatMap((kind) => {
      const rate = rates?.[kind];
      return rate == null ? [] : [[PRICE_FIELDS[kind], rate.basis]];
    }),
  );
}

export function contextTiers(bands: readonly RateBand[]): ContextTier[] {
  return bands
    .slice(1)
    .map(({ overInputTokens, rates }) => ({ over_input_tokens: overInputTokens, ...priceTexts(rates) }));
}

export function storedWindows(windows: readonly DailyWindow[]): StoredWindow[] {
  return windows.map(({ startMs, endMs, bands }) => ({
    from: timeOfDay(startMs),
    to: timeOfDay(endMs),
    ...priceTexts(bands[0]?.rates),
    context_tiers: contextTiers(bands),
    price_basis: priceBasis(bands[0]?.rates),
  }));
}

function timeOfDay(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

function msOfDay(text: string): number {
  return Date.parse(`1970-01-01T${text}Z`);
}

/** Everything that a row charges, as one text: two rows with the same text charge the same. */
export function chargesKey(
  price: Pick<NewPrice, 'bands' | 'windows' | 'unpricedReason' | 'otherPrices'>,
): string {
  const { bands, windows, unpricedReason, otherPrices } = price;
  const own = unpricedReason === null ? null : [unpricedReason, Object.values(otherPrices)];
  return JSON.stringify([
    priceTexts(bands[0]?.rates),
    contextTiers(bands),
    storedWindows(windows).map(({ price_basis: _, ...window }) => window),
    own,
  ]);
}

/** Columns of model_prices that are written, in the order of `priceValues`. */
export const PRICE_COLUMNS = [
  'kind', 'tenant_id', 'provider_id', 'model_pattern', 'model_match', 'list_model_id', 'list_position', 'service_tier',
  'effective_from', 'effective_to', ...Object.values(PRICE_FIELDS),
  'input_audio_per_mtok', 'output_audio_per_mtok', 'input_image_per_mtok', 'output_image_per_mtok',
  'context_tiers', 'daily_windows', 'price_basis', 'unpriced_reason', 'discount_percent', 'source', 'version', 'note', 'created_by',
] as const; // prettier-ignore

/** A new row as a JSON object for jsonb_populate_recordset. */
export function priceRecord(
  price: NewPrice,
  createdBy: string,
): Record<(typeof PRICE_COLUMNS)[number], unknown> {
  const rates = price.bands[0]?.rates;
  return {
    kind: price.kind,
    tenant_id: price.tenantId,
    provider_id: price.providerId,
    model_pattern: price.modelPattern,
    model_match: price.modelMatch,
    list_model_id: price.listModelId,
    list_position: price.listPosition,
    service_tier: price.serviceTier,
    effective_from: price.fromMs === -Infinity ? '-infinity' : new Date(price.fromMs),
    effective_to: price.toMs === Infinity ? null : new Date(price.toMs),
    ...priceTexts(rates),
    ...price.otherPrices,
    context_tiers: contextTiers(price.bands),
    daily_windows: storedWindows(price.windows),
    price_basis: priceBasis(rates),
    unpriced_reason: price.unpricedReason,
    discount_percent: price.discountPercent,
    source: price.source,
    version: price.version,
    note: price.note,
    created_by: createdBy,
  };
}

/** A row of model_prices as `pg` reads it. */
export type PriceRow = Record<string, unknown> &
  PriceTexts & {
    price_id: number;
    effective_from: Date | number;
    effective_to: Date | number | null;
    context_tiers: ContextTier[];
    daily_windows: StoredWindow[];
    price_basis: Record<string, string>;
  };

export function priceFromDatabase(row: PriceRow): StoredPrice {
  const text = (name: string): string | null => (row[name] as string | null | undefined) ?? null;
  const other = (name: keyof OtherPrices): string | null => {
    const value = text(name);
    return value === null ? null : formatDecimal(parseDecimal(value, MTOK_DECIMALS), MTOK_DECIMALS);
  };
  return {
    priceId: row.price_id,
    kind: row['kind'] as PriceKind,
    tenantId: text('tenant_id'),
    providerId: text('provider_id') ?? '',
    modelPattern: text('model_pattern') ?? '',
    modelMatch: row['model_match'] as MatchLogic | OwnMatch,
    listModelId: text('list_model_id'),
    listPosition: row['list_position'] as number | null,
    serviceTier: text('service_tier') ?? '',
    fromMs: milliseconds(row.effective_from),
    toMs: row.effective_to === null ? Infinity : milliseconds(row.effective_to),
    bands: bandsOf(row, row.context_tiers, row.price_basis),
    windows: row.daily_windows.map((window) => ({
      startMs: msOfDay(window.from),
      endMs: msOfDay(window.to),
      label: `${window.from.slice(0, 5)}-${window.to.slice(0, 5)}Z`,
      bands: bandsOf(window, window.context_tiers, window.price_basis),
    })),
    otherPrices: {
      input_audio_per_mtok: other('input_audio_per_mtok'),
      output_audio_per_mtok: other('output_audio_per_mtok'),
      input_image_per_mtok: other('input_image_per_mtok'),
      output_image_per_mtok: other('output_image_per_mtok'),
    },
    unpricedReason: text('unpriced_reason') as StoredPrice['unpricedReason'],
    discountPercent: text('discount_percent')?.replace(/\.?0+$/, '') ?? null,
    source: text('source') ?? '',
    version: text('version') ?? '',
    note: text('note'),
    createdAt: row['created_at'] as Date,
    createdBy: text('created_by') ?? '',
    endedAt: row['ended_at'] as Date | null,
    endedBy: text('ended_by'),
  };
}

/** `pg` reads an infinite time as a number. */
function milliseconds(time: Date | number): number {
  return typeof time === 'number' ? time : time.getTime();
}

/** The bands of a price; none where it has no price for input. */
export function bandsOf(
  texts: PriceTexts,
  tiers: readonly ContextTier[],
  basis: Readonly<Record<string, string>>,
): readonly RateBand[] {
  if (texts.cache_read_per_mtok === null || texts.input_per_mtok === null) return [];
  return [
    { overInputTokens: -1, rates: ratesOf(texts, basis) },
    ...tiers.map((tier) => ({ overInputTokens: tier.over_input_tokens, rates: ratesOf(tier, basis) })),
  ];
}

function ratesOf(texts: PriceTexts, basis: Readonly<Record<string, string>>): Rates {
  const rate = (kind: ChargeKind): Rate | null => {
    const field = PRICE_FIELDS[kind];
    const text = texts[field];
    return text === null
      ? null
      : { attoUsd: parseDecimal(text, decimalsOf(kind)), basis: basis[field] ?? field };
  };
  const zero: Rate = { attoUsd: 0n, basis: '' };
  return {
    input: rate('input') ?? zero,
    cacheRead: rate('cacheRead') ?? zero,
    cacheWrite5m: rate('cacheWrite5m') ?? zero,
    cacheWrite1h: rate('cacheWrite1h') ?? zero,
    output: rate('output'),
    reasoning: rate('reasoning'),
    request: rate('request'),
  };
}
