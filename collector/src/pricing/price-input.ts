import { Type, type Static } from 'typebox';
import { CollectorError } from '../http/errors.ts';
import { divideHalfUp, MTOK_DECIMALS, parseDecimal, USD_DECIMALS } from './decimal.ts';
import { PERCENT_DECIMALS } from './discount.ts';
import { MOST_STARS, ownMatch } from './own-pattern.ts';
import {
  CHARGE_KINDS,
  type ChargeKind,
  type DailyWindow,
  type Rate,
  type RateBand,
  type Rates,
} from './rates.ts';
import { ANY_TIER, canonicalTier, STANDARD_TIER } from './service-tiers.ts';
import { NO_OTHER_PRICES, PRICE_FIELDS, type NewPrice, type PriceField } from './stored-price.ts';

/** Dearer than anything sold, and far from what arithmetic here could not hold. */
const HIGHEST_PRICE = 1_000_000n;
const RATE_DECIMALS = 12;
const MOST_TIERS = 20;
const MOST_WINDOWS = 24;

const amount = (description: string) =>
  Type.Optional(
    Type.Unsafe<string | number | null>({ type: ['string', 'number', 'null'], maxLength: 40, description }),
  );

const PriceProperties = {
  input_per_mtok: amount('USD a million uncached input tokens, as decimal text; "0" is free'),
  cache_read_per_mtok: amount('Default: as input'),
  cache_write_5m_per_mtok: amount('Default: as input'),
  cache_write_1h_per_mtok: amount('Default: as cache_write_5m'),
  output_per_mtok: amount('null: sells no output, so that calls with output stay unpriced'),
  reasoning_per_mtok: amount('Only where reasoning is charged apart; default: as a part of the output'),
  per_request: amount('USD a call, beside its tokens; default none'),
};

const ContextTierInput = Type.Object(
  {
    over_input_tokens: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
    ...PriceProperties,
  },
  { additionalProperties: false, description: 'What is left out is as in the tier below' },
);
const TimeOfDay = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d)?$', description: 'UTC' });

/** A price or discount of one's own, as it is posted or imported. */
export const PriceInput = Type.Object(
  {
    model_provider: Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'As events name it; "*" for any',
    }),
    model_name: Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'The exact name, or a pattern: "gpt-4o-*", "*" for every model',
    }),
    service_tier: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: '"*" for any; default: standard for a price, any for a discount',
      }),
    ),
    effective_from: Type.Optional(
      Type.Unsafe<string | null>({
        type: ['string', 'null'],
        maxLength: 40,
        description: 'RFC 3339 or a date (UTC); null: since ever; default: now',
      }),
    ),
    effective_to: Type.Optional(
      Type.Unsafe<string | null>({
        type: ['string', 'null'],
        maxLength: 40,
        description: 'Not included; default: no end',
      }),
    ),
    ...PriceProperties,
    context_tiers: Type.Optional(
      Type.Array(ContextTierInput, {
        maxItems: MOST_TIERS,
        description: 'Prices of calls whose whole input, cached or not, is larger',
      }),
    ),
    daily_windows: Type.Optional(
      Type.Array(
        Type.Object({ from: TimeOfDay, to: TimeOfDay, ...PriceProperties }, { additionalProperties: false }),
        {
          maxItems: MOST_WINDOWS,
          description: 'Prices in hours of every day; what is left out is as outside of them',
        },
      ),
    ),
    discount_percent: amount('Instead of prices: percent off the list price in force, fees per request too'),
    currency: Type.Optional(
      Type.String({ maxLength: 10, description: 'Default USD; another one needs usd_rate' }),
    ),
    usd_rate: Type.Optional(
      Type.Unsafe<string | number>({
        type: ['string', 'number'],
        maxLength: 40,
        description: 'USD for one unit of the currency; the prices are converted by it once, now',
      }),
    ),
    source: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Contract, price page, …' }),
    ),
    version: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    note: Type.Optional(Type.String({ maxLength: 1900 })),
    all_tenants: Type.Optional(Type.Boolean({ description: "For all tenants; the operator's keys only" })),
  },
  { additionalProperties: false },
);
export type PriceInput = Static<typeof PriceInput>;
type Amounts = Partial<Record<PriceField, string | number | null>>;

/** What is wrong with an input: a field, and a sentence about it. */
export class InvalidPrice extends CollectorError {
  override name = 'InvalidPrice';
  readonly field: string;

  constructor(field: string, reason: string) {
    super(reason);
    this.field = field;
  }
}

export interface PriceContext {
  tenantId: string;
  nowMs: number;
  canonicalProvider: (name: string) => string;
}

/**
 * Reads a posted price.
 * @throws InvalidPrice with the field and what to do about it
 */
export function readPrice(input: PriceInput, { tenantId, nowMs, canonicalProvider }: PriceContext): NewPrice {
  const isDiscount = input.discount_percent != null;
  const convert = readCurrency(input);
  const fromMs =
    input.effective_from === undefined
      ? nowMs
      : (readTime('effective_from', input.effective_from) ?? -Infinity);
  const toMs = readTime('effective_to', input.effective_to ?? null) ?? Infinity;
  if (toMs <= fromMs) throw new InvalidPrice('effective_to', 'must lie after effective_from');
  const modelName = input.model_name.trim().toLowerCase();
  if (modelName === '' || modelName.split('*').length - 1 > MOST_STARS)
    throw new InvalidPrice('model_name', `must be a name, with ${MOST_STARS} stars at most`);
  const provider = input.model_provider.trim();
  if (provider !== '*' && provider.includes('*'))
    throw new InvalidPrice('model_provider', 'must be a name, or "*" alone for any');
  const bands = isDiscount ? [] : readBands(input, convert);
  return {
    kind: isDiscount ? 'discount' : 'override',
    tenantId: input.all_tenants === true ? null : tenantId,
    providerId: provider === '*' ? '*' : canonicalProvider(provider),
    modelPattern: modelName,
    modelMatch: ownMatch(modelName),
    listModelId: null,
    listPosition: null,
    serviceTier: readTier(input.service_tier, isDiscount),
    fromMs,
    toMs,
    bands,
    windows: isDiscount ? [] : readWindows(input, bands, convert),
    otherPrices: NO_OTHER_PRICES,
    unpricedReason: null,
    discountPercent: isDiscount ? readPercent(input) : null,
    source: input.source ?? 'own',
    version: input.version ?? new Date(nowMs).toISOString().slice(0, 10),
    note: noteOf(input),
  };
}

function readTier(tier: string | undefined, isDiscount: boolean): string {
  if (tier === undefined) return isDiscount ? ANY_TIER : STANDARD_TIER;
  return tier.trim() === ANY_TIER ? ANY_TIER : canonicalTier(tier);
}

/** How amounts of the currency become atto-USD. */
function readCurrency({ currency = 'USD', usd_rate }: PriceInput): (attoUnits: bigint) => bigint {
  if (currency === 'USD') {
    if (usd_rate !== undefined)
      throw new InvalidPrice('usd_rate', 'is for prices in another currency than USD');
    return (atto) => atto;
  }
  if (usd_rate === undefined) {
    throw new InvalidPrice(
      'currency',
      `costs are kept in USD: state the prices in USD, or say in usd_rate how many USD one ${currency} is`,
    );
  }
  const rate = decimal('usd_rate', usd_rate, RATE_DECIMALS);
  if (rate === 0n) throw new InvalidPrice('usd_rate', 'must be above 0');
  return (atto) => divideHalfUp(atto * rate, 10n ** BigInt(RATE_DECIMALS));
}

function noteOf({ note, currency = 'USD', usd_rate }: PriceInput): string | null {
  if (currency === 'USD') return note ?? null;
  const conversion = `Converted from ${currency} at ${String(usd_rate)} USD.`;
  return note === undefined ? conversion : `${note} ${conversion}`;
}

function readPercent(input: PriceInput): string {
  const given = [...Object.values(PRICE_FIELDS), 'context_tiers', 'daily_windows'] as const;
  const price = given.find((field) => input[field] != null);
  if (price !== undefined)
    throw new InvalidPrice(price, 'cannot stand beside discount_percent: give prices or a discount');
  const percent = decimal('discount_percent', input.discount_percent ?? 0, PERCENT_DECIMALS);
  if (percent === 0n || percent > 100n * 10n ** BigInt(PERCENT_DECIMALS))
    throw new InvalidPrice('discount_percent', 'must be above 0 and at most 100');
  return String(input.discount_percent).trim();
}

function readBands(input: PriceInput, convert: (atto: bigint) => bigint): readonly RateBand[] {
  if (input.input_per_mtok == null)
    throw new InvalidPrice('input_per_mtok', 'is required (0 is free), unless discount_percent is given');
  if (input.output_per_mtok === undefined)
    throw new InvalidPrice('output_per_mtok', 'is required: 0 is free, null sells no output');
  const bands: RateBand[] = [{ overInputTokens: -1, rates: readRates(input, null, '', convert) }];
  for (const [index, tier] of (input.context_tiers ?? []).entries()) {
    const below = bands.at(-1);
    const field = `context_tiers.${index}`;
    if (below === undefined || tier.over_input_tokens <= below.overInputTokens)
      throw new InvalidPrice(`${field}.over_input_tokens`, 'must be more than in the tier before');
    bands.push({
      overInputTokens: tier.over_input_tokens,
      rates: readRates(tier, below.rates, `${field}.`, convert),
    });
  }
  return bands;
}

function readWindows(
  input: PriceInput,
  outside: readonly RateBand[],
  convert: (atto: bigint) => bigint,
): readonly DailyWindow[] {
  return (input.daily_windows ?? []).map((window, index) => {
    if ((input.context_tiers ?? []).length > 0)
      throw new InvalidPrice('daily_windows', 'cannot stand beside context_tiers');
    const [startMs, endMs] = [window.from, window.to].map((text) =>
      Date.parse(`1970-01-01T${text.padEnd(8, ':00')}Z`),
    );
    if (startMs === undefined || endMs === undefined || startMs === endMs)
      throw new InvalidPrice(`daily_windows.${index}.to`, 'must be another time than from');
    const base = outside[0]?.rates ?? null;
    return {
      startMs,
      endMs,
      label: `${window.from.slice(0, 5)}-${window.to.slice(0, 5)}Z`,
      bands: [{ overInputTokens: -1, rates: readRates(window, base, `daily_windows.${index}.`, convert) }],
    };
  });
}

/** What an input leaves out is as in `below`; without one, by the defaults of the schema. */
function readRates(
  amounts: Amounts,
  below: Rates | null,
  place: string,
  convert: (atto: bigint) => bigint,
): Rates {
  const given = (kind: ChargeKind): Rate | null | undefined => {
    const field = PRICE_FIELDS[kind];
    const value = amounts[field];
    if (value == null) return value;
    const digits = kind === 'request' ? USD_DECIMALS : MTOK_DECIMALS;
    const price = decimal(place + field, value, digits);
    if (price > HIGHEST_PRICE * 10n ** BigInt(digits))
      throw new InvalidPrice(place + field, `is more than ${HIGHEST_PRICE} USD`);
    return { attoUsd: convert(price), basis: field };
  };
  const as = ({ attoUsd, basis }: Rate): Rate => ({ attoUsd, basis: `as ${basis.replace(/^as /, '')}` });
  const input = given('input') ?? below?.input;
  if (input === undefined) throw new InvalidPrice(`${place}input_per_mtok`, 'is required');
  const cacheWrite5m = given('cacheWrite5m') ?? below?.cacheWrite5m ?? as(input);
  const optional = (kind: 'output' | 'reasoning' | 'request'): Rate | null => {
    const rate = given(kind);
    return rate === undefined ? (below?.[kind] ?? null) : rate;
  };
  return {
    input,
    cacheRead: given('cacheRead') ?? below?.cacheRead ?? as(input),
    cacheWrite5m,
    cacheWrite1h: given('cacheWrite1h') ?? below?.cacheWrite1h ?? as(cacheWrite5m),
    output: optional('output'),
    reasoning: optional('reasoning'),
    request: optional('request'),
  };
}

function decimal(field: string, value: string | number, digits: number): bigint {
  try {
    return parseDecimal(String(value), digits);
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidPrice(field, `${error.message} (at least 0)`);
    throw error;
  }
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** @returns milliseconds since 1970; null without a text */
export function readTime(field: string, text: string | null): number | null {
  if (text === null) return null;
  const ms = DATE.test(text) || TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms))
    throw new InvalidPrice(
      field,
      'must be a date such as 2026-07-01 (UTC) or an RFC 3339 time with its offset',
    );
  return ms;
}

/** The columns of a CSV file of prices: the simple fields of an input. */
export const CSV_COLUMNS: readonly string[] = [
  'model_provider', 'model_name', 'service_tier', 'effective_from', 'effective_to', ...CHARGE_KINDS.map((kind) => PRICE_FIELDS[kind]),
  'context_tiers', 'daily_windows', 'discount_percent', 'currency', 'usd_rate', 'source', 'version', 'note', 'all_tenants',
]; // prettier-ignore
