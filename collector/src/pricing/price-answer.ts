import { Type, type Static } from 'typebox';
import {
  contextTiers,
  PRICE_FIELDS,
  priceTexts,
  storedWindows,
  priceBasis,
  type StoredPrice,
} from './stored-price.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);

/** Prices as decimal text: USD a million tokens, and per_request in USD. */
export const PriceTextProperties = Object.fromEntries(
  Object.values(PRICE_FIELDS).map((field) => [field, NullableText]),
) as Record<(typeof PRICE_FIELDS)[keyof typeof PRICE_FIELDS], typeof NullableText>;

const ContextTierSchema = Type.Object({ over_input_tokens: Type.Integer(), ...PriceTextProperties });

export const PriceSchema = Type.Object({
  price_id: Type.Integer(),
  kind: Type.Enum(['list', 'override', 'discount', 'rule'] as const),
  tenant_id: Type.Union([Type.String(), Type.Null()], { description: 'null: for all tenants' }),
  model_provider: Type.String(),
  model_name: Type.String({ description: 'Which names it is for, readable' }),
  service_tier: Type.String(),
  effective_from: Type.Union([Type.String(), Type.Null()], { description: 'null: since ever' }),
  effective_to: Type.Union([Type.String(), Type.Null()], { description: 'Not included; null: no end' }),
  currency: Type.String(),
  ...PriceTextProperties,
  input_audio_per_mtok: NullableText,
  output_audio_per_mtok: NullableText,
  input_image_per_mtok: NullableText,
  output_image_per_mtok: NullableText,
  context_tiers: Type.Array(ContextTierSchema),
  daily_windows: Type.Array(
    Type.Object({
      from: Type.String(),
      to: Type.String(),
      ...PriceTextProperties,
      context_tiers: Type.Array(ContextTierSchema),
    }),
  ),
  price_basis: Type.Record(Type.String(), Type.String(), {
    description: "The list's key, or the rule, that each price comes from",
  }),
  unpriced_reason: NullableText,
  discount_percent: NullableText,
  source: Type.String(),
  version: Type.String(),
  created_at: Type.String(),
  created_by: Type.String(),
  ended_at: NullableText,
  ended_by: NullableText,
  note: NullableText,
});
export type PriceAnswer = Static<typeof PriceSchema>;

export function priceAnswer(price: StoredPrice): PriceAnswer {
  const rates = price.bands[0]?.rates;
  return {
    price_id: price.priceId,
    kind: price.kind,
    tenant_id: price.tenantId,
    model_provider: price.providerId,
    model_name: price.modelPattern,
    service_tier: price.serviceTier,
    effective_from: timeText(price.fromMs),
    effective_to: timeText(price.toMs),
    currency: 'USD',
    ...priceTexts(rates),
    ...price.otherPrices,
    context_tiers: contextTiers(price.bands),
    daily_windows: storedWindows(price.windows),
    price_basis: priceBasis(rates),
    unpriced_reason: price.unpricedReason,
    discount_percent: price.discountPercent,
    source: price.source,
    version: price.version,
    created_at: price.createdAt.toISOString(),
    created_by: price.createdBy,
    ended_at: price.endedAt?.toISOString() ?? null,
    ended_by: price.endedBy,
    note: price.note,
  };
}

/** A time for an answer. Of a price withdrawn from the beginning both ends are -Infinity. */
export function timeText(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
