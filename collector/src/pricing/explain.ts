import { Type, type Static } from 'typebox';
import { applyPrice, FAILED_WITHOUT_USAGE_PRICE_ID, RESPONSE_CACHE_PRICE_ID } from '../ingest/apply-price.ts';
import { tokenCounts, type UsageRow } from '../ingest/usage-row.ts';
import { REASONS, WHAT_TO_DO, type Reason } from '../usage/unpriced.ts';
import { usd } from '../usage/usd.ts';
import { formatDecimal, USD_DECIMALS } from './decimal.ts';
import type { BookSnapshot } from './live-prices.ts';
import { priceAnswer, PriceSchema } from './price-answer.ts';
import { choosePrice, rankOf, whyThis } from './price-choice.ts';
import { rowSource, windowOf } from './price-book.ts';
import { createPricer, type PriceParts, type PriceRequest } from './price.ts';
import { canonicalTier } from './service-tiers.ts';
import { PRICE_FIELDS, unitPriceText } from './stored-price.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const NullableId = Type.Union([Type.Integer(), Type.Null()]);
const Count = Type.Union([Type.Integer(), Type.Null()], { description: 'null: the sender did not say' });

export const CostExplanationSchema = Type.Object({
  event_id: Type.String(),
  timestamp: Type.String(),
  model_provider: Type.String(),
  model_name: Type.String(),
  service_tier: Type.String({ description: 'As prices name it; standard is the list price' }),
  tokens: Type.Object({
    input: Count,
    cache_read: Count,
    cache_write_5m: Count,
    cache_write_1h: Count,
    output: Count,
    reasoning: Count,
  }),
  cost_usd: Type.Union([Type.String(), Type.Null()], { description: 'As stored; null: unpriced' }),
  exact_cost_usd: Type.Union([Type.String(), Type.Null()], {
    description: 'The sum of the parts; rounded once to whole nano-USD, half up, it is cost_usd',
  }),
  is_explained: Type.Boolean({
    description: 'Whether the parts come to the stored cost; false would be a fault',
  }),
  parts: Type.Array(
    Type.Object({
      kind: Type.String(),
      quantity: Type.Integer({ description: 'Tokens; of per_request 1' }),
      unit_price_usd: Type.String({ description: 'A million tokens; of per_request a call' }),
      cost_usd: Type.String({ description: 'quantity x unit price, exact' }),
      basis: Type.String({ description: "The list's key, or the rule, that gives the unit price" }),
    }),
  ),
  price: Type.Union([PriceSchema, Type.Null()]),
  discount: Type.Union([PriceSchema, Type.Null()]),
  over_input_tokens: NullableId,
  daily_window: NullableText,
  why: Type.String({ description: 'Why this price' }),
  reported_cost_usd: Type.Union([Type.String(), Type.Null()], { description: 'What the sender claims' }),
  reported_difference_usd: Type.Union([Type.String(), Type.Null()], { description: 'Reported less ours' }),
  today: Type.Object(
    {
      cost_usd: NullableText,
      price_id: NullableId,
      discount_id: NullableId,
      difference_usd: Type.Union([Type.String(), Type.Null()], { description: "Today's less stored" }),
      is_same: Type.Boolean({ description: 'false: repricing would change this event' }),
    },
    { description: 'What the book of now says about the time of the call' },
  ),
  unpriced: Type.Union([Type.Object({ reason: Type.Enum(REASONS), what_to_do: Type.String() }), Type.Null()]),
});
export type CostExplanation = Static<typeof CostExplanationSchema>;

/** How the stored cost of an event came about, by the very row of the book that it was priced by, and what the book says now. */
export function explainCost(row: UsageRow, { book, pricer }: BookSnapshot): CostExplanation {
  const tokens = tokenCounts(row);
  const request: PriceRequest = {
    tenantId: row.tenantId,
    modelProvider: row.modelProvider,
    modelName: row.modelName,
    serviceTier: row.serviceTier,
    timestampMs: row.timestampUs / 1000,
    tokens: tokens ?? { input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0 },
  };
  const price = row.priceId === null ? undefined : book.get(row.priceId);
  const discount = row.discountId === null ? undefined : book.get(row.discountId);
  const isRule = row.priceId === RESPONSE_CACHE_PRICE_ID || row.priceId === FAILED_WITHOUT_USAGE_PRICE_ID;
  const parts =
    price === undefined || isRule
      ? undefined
      : createPricer(rowSource(price, discount ?? null)).parts(request);
  const made = parts !== undefined && parts.costNanoUsd !== null ? parts : undefined;

  const now = { ...row };
  applyPrice(now, pricer);
  const isSame =
    now.costNanoUsd === row.costNanoUsd && now.priceId === row.priceId && now.discountId === row.discountId;
  const choice = choosePrice(book, request);
  return {
    event_id: row.eventId,
    timestamp: new Date(row.timestampUs / 1000).toISOString(),
    model_provider: row.modelProvider,
    model_name: row.modelName,
    service_tier: canonicalTier(row.serviceTier),
    tokens: {
      input: row.inputTokens,
      cache_read: row.cacheReadTokens,
      cache_write_5m: row.cacheWrite5mTokens,
      cache_write_1h: row.cacheWrite1hTokens,
      output: row.outputTokens,
      reasoning: row.reasoningTokens,
    },
    cost_usd: usdOf(row.costNanoUsd),
    exact_cost_usd: made === undefined ? (isRule ? '0' : null) : formatDecimal(made.attoUsd, USD_DECIMALS),
    is_explained: isRule ? row.costNanoUsd === 0 : (made?.costNanoUsd ?? null) === row.costNanoUsd,
    parts: made === undefined ? [] : partsOf(made),
    price: price === undefined ? null : priceAnswer(price),
    discount: discount === undefined ? null : priceAnswer(discount),
    over_input_tokens: made?.overInputTokens ?? null,
    daily_window: price === undefined ? null : (windowOf(price, request.timestampMs)?.label ?? null),
    why: whyStored(),
    reported_cost_usd: usdOf(row.reportedCostNanoUsd),
    reported_difference_usd: difference(row.reportedCostNanoUsd, row.costNanoUsd),
    today: {
      cost_usd: usdOf(now.costNanoUsd),
      price_id: now.priceId,
      discount_id: now.discountId,
      difference_usd: difference(now.costNanoUsd, row.costNanoUsd),
      is_same: isSame,
    },
    unpriced: unpriced(),
  };

  function whyStored(): string {
    if (price === undefined) return 'No price was in force for it when it was priced.';
    if (isRule) return price.note ?? '';
    const why = whyThis(price, rankOf(price), discount ?? null, request.timestampMs);
    const isStill = choice.price?.priceId === price.priceId && choice.discount?.priceId === discount?.priceId;
    return isStill
      ? why
      : `${why} That was so when it was priced; the book has changed since. Now: ${choice.why}`;
  }

  function unpriced(): CostExplanation['unpriced'] {
    if (row.costNanoUsd !== null) return null;
    const today = pricer.price(request);
    const reason: Reason =
      tokens === null ? 'no_token_counts' : today.costNanoUsd === null ? today.reason : 'has_price_now';
    return { reason, what_to_do: WHAT_TO_DO[reason] };
  }
}

function partsOf({ parts }: PriceParts): CostExplanation['parts'] {
  return parts.map(({ kind, quantity, unitAttoUsd, attoUsd, basis }) => ({
    kind: kind === 'request' ? 'per_request' : PRICE_FIELDS[kind].replace('_per_mtok', ''),
    quantity,
    unit_price_usd: unitPriceText(kind, unitAttoUsd),
    cost_usd: formatDecimal(attoUsd, USD_DECIMALS),
    basis,
  }));
}

function usdOf(nanoUsd: number | null): string | null {
  return nanoUsd === null ? null : usd(BigInt(nanoUsd));
}

function difference(nanoUsd: number | null, from: number | null): string | null {
  return nanoUsd === null || from === null ? null : usd(BigInt(nanoUsd) - BigInt(from));
}
