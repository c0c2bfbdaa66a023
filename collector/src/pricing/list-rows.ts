import type { ModelInfo, ModelPrice, Provider } from '@pydantic/genai-prices';
import { priceVersion } from './compiled-model.ts';
import { attoUsdPerToken, formatDecimal, MTOK_DECIMALS } from './decimal.ts';
import { GENAI_PRICES, listedPrices } from './genai-book.ts';
import { pricedPeriods } from './genai-periods.ts';
import { textRates } from './genai-rates.ts';
import { readableMatch } from './model-match.ts';
import type { PricePeriod } from './rates.ts';
import {
  applyRule,
  rulesFor,
  SERVICE_TIER_RULES,
  STANDARD_TIER,
  type ServiceTierRule,
} from './service-tiers.ts';
import { NO_OTHER_PRICES, type NewPrice, type OtherPrices } from './stored-price.ts';

/**
 * The rows of model_prices that a price list is: one for each model, period and service tier. Everything that the list leaves to a
 * rule (genai-rates.ts, service-tiers.ts) is worked out here, so that a row says by itself what it charges.
 */
export function listRows(
  providers: readonly Provider[],
  version: string,
  rules: readonly ServiceTierRule[] = SERVICE_TIER_RULES,
): NewPrice[] {
  return providers.flatMap((provider) =>
    provider.models.flatMap((model, position) => modelRows(provider.id, model, position, version, rules)),
  );
}

function modelRows(
  providerId: string,
  model: ModelInfo,
  position: number,
  version: string,
  rules: readonly ServiceTierRule[],
): NewPrice[] {
  const common = {
    kind: 'list',
    tenantId: null,
    providerId,
    modelPattern: readableMatch(model.match),
    modelMatch: model.match,
    listModelId: model.id,
    listPosition: position,
    discountPercent: null,
    source: GENAI_PRICES,
    note: null,
  } as const;
  const priceOf = `${providerId}/${model.id}`;
  const listed = pricedPeriods(model.prices);
  const begins = (index: number): number => (index === 0 ? -Infinity : (listed[index]?.fromMs ?? Infinity));

  const prices = listedPrices(providerId, providerId, model);
  if (typeof prices === 'string') {
    return listed.map(({ label, price }, index) => ({
      ...common,
      serviceTier: STANDARD_TIER,
      fromMs: begins(index),
      toMs: begins(index + 1),
      bands: price.input_mtok === undefined ? [] : textRates(model.id, price),
      windows: [],
      otherPrices: otherPrices(price),
      unpricedReason: prices,
      version: priceVersion(version, priceOf, label),
    }));
  }

  const row = (
    period: PricePeriod,
    index: number,
    rule: ServiceTierRule | null,
    [fromMs, toMs]: readonly [number, number],
  ): NewPrice[] => {
    const [cutFromMs, cutToMs] = [Math.max(begins(index), fromMs), Math.min(begins(index + 1), toMs)];
    if (cutFromMs >= cutToMs) return [];
    const inTier = (bands: PricePeriod['bands']): PricePeriod['bands'] =>
      rule === null ? bands : bands.map((band) => applyRule(band, rule));
    const price = listed[index]?.price;
    return [
      {
        ...common,
        serviceTier: rule?.tier ?? STANDARD_TIER,
        fromMs: cutFromMs,
        toMs: cutToMs,
        bands: inTier(period.bands),
        windows: period.windows.map((window) => ({ ...window, bands: inTier(window.bands) })),
        otherPrices: price === undefined || rule !== null ? NO_OTHER_PRICES : otherPrices(price),
        unpricedReason: null,
        version: priceVersion(version, priceOf, period.label, rule?.tier),
        note: rule?.reference ?? null,
      },
    ];
  };
  const tiers = new Set(rules.filter(({ provider }) => provider === providerId).map(({ tier }) => tier));
  return [
    ...prices.periods.flatMap((period, index) => row(period, index, null, [-Infinity, Infinity])),
    ...[...tiers].flatMap((tier) =>
      rulesFor(rules, providerId, model.id, tier).flatMap((rule, position_, all) => {
        const next = all[position_ + 1];
        const span = [Date.parse(rule.from), next === undefined ? Infinity : Date.parse(next.from)] as const;
        return prices.periods.flatMap((period, index) => row(period, index, rule, span));
      }),
    ),
  ];
}

/** Audio and image prices, in the tier that every call reaches. */
function otherPrices(price: ModelPrice): OtherPrices {
  const text = (key: string): string | null => {
    const value = price[key];
    if (value === undefined) return null;
    return formatDecimal(attoUsdPerToken(typeof value === 'object' ? value.base : value), MTOK_DECIMALS);
  };
  return {
    input_audio_per_mtok: text('input_audio_mtok'),
    output_audio_per_mtok: text('output_audio_mtok'),
    input_image_per_mtok: text('input_image_mtok'),
    output_image_per_mtok: text('output_image_mtok'),
  };
}
