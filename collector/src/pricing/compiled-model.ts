import { compileBand, type CompiledBand } from './compiled-price.ts';
import type { ModelPrices, ListBook, RateBand, UnpricedReason } from './rates.ts';
import { applyRule, isListPrice, rulesFor, type ServiceTierRule } from './service-tiers.ts';

/** Bands that hold at one time, with the price that an event keeps. */
export interface CompiledRates {
  priceId: number;
  discountId: number | null;
  priceSource: string;
  priceVersion: string;
  bands: readonly CompiledBand[];
}

/** Rates, or why there are none, from one moment until the next segment begins. */
export interface PriceSegment {
  fromMs: number;
  rates: CompiledRates | UnpricedReason;
  /** Hours of the day (UTC) with rates of their own. Where several hold, the last wins. */
  windows: readonly { startMs: number; endMs: number; rates: CompiledRates }[];
}

/** A model in a service tier, ready to be asked for the rates at any time. */
export interface CompiledModel {
  /** In order; the first one begins at -Infinity. */
  segments: readonly PriceSegment[];
}

/**
 * Compiles the prices of a model in a service tier, straight from a list.
 *
 * A price version is the book's version, whose price it is, since when (and at which hours) and the tier:
 * '0.1.8#openai/o3@2025-06-10', '0.1.8#deepseek/deepseek-chat@00:30-16:30Z', '0.1.8#openai/gpt-4o+batch'.
 */
export function compileModel(
  book: ListBook,
  prices: ModelPrices,
  serviceTier: string | null,
  rules: readonly ServiceTierRule[],
): CompiledModel | 'unknown_service_tier' {
  if (serviceTier === null || isListPrice(serviceTier)) {
    return { segments: segmentsOf(book, prices, null, -Infinity, Infinity) };
  }
  const tierRules = rulesFor(rules, prices.providerId, prices.modelId, serviceTier);
  if (tierRules.length === 0) return 'unknown_service_tier';
  const segments: PriceSegment[] = [{ fromMs: -Infinity, rates: 'unknown_service_tier', windows: [] }];
  for (const [position, rule] of tierRules.entries()) {
    const next = tierRules[position + 1];
    const toMs = next === undefined ? Infinity : Date.parse(next.from);
    segments.push(...segmentsOf(book, prices, rule, Date.parse(rule.from), toMs));
  }
  return { segments };
}

/** The periods of a model's prices that touch [fromMs, toMs), cut to it. */
function segmentsOf(
  book: ListBook,
  prices: ModelPrices,
  rule: ServiceTierRule | null,
  fromMs: number,
  toMs: number,
): PriceSegment[] {
  const compile = (bands: readonly RateBand[], label: string): CompiledRates => ({
    priceId: 0,
    discountId: null,
    priceSource: book.source,
    priceVersion: priceVersion(book.version, prices.priceId, label, rule?.tier),
    bands: bands.map((band) => compileBand(rule === null ? band : applyRule(band, rule))),
  });
  return prices.periods.flatMap((period, position) => {
    const beginsMs = Math.max(position === 0 ? -Infinity : period.fromMs, fromMs);
    const endsMs = Math.min(prices.periods[position + 1]?.fromMs ?? Infinity, toMs);
    if (beginsMs >= endsMs) return [];
    return [
      {
        fromMs: beginsMs,
        rates: compile(period.bands, period.label),
        windows: period.windows.map(({ startMs, endMs, label, bands }) => ({
          startMs,
          endMs,
          rates: compile(bands, period.label === '' ? label : `${period.label}T${label}`),
        })),
      },
    ];
  });
}

/** '0.1.8#openai/o3@2025-06-10+batch'. */
export function priceVersion(listVersion: string, priceOf: string, label: string, tier?: string): string {
  return `${listVersion}#${priceOf}${label === '' ? '' : `@${label}`}${tier === undefined ? '' : `+${tier}`}`;
}

const DAY_MS = 86_400_000;

/** The rates at a time, or why there are none. */
export function ratesAt({ segments }: CompiledModel, timestampMs: number): CompiledRates | UnpricedReason {
  const segment =
    segments.length === 1 ? segments[0] : segments.findLast(({ fromMs }) => fromMs <= timestampMs);
  if (segment === undefined) return 'no_price';
  if (segment.windows.length === 0) return segment.rates;
  return windowAt(segment.windows, timestampMs)?.rates ?? segment.rates;
}

/** The window of the day that a time lies in; the last one where several do. */
export function windowAt<Window extends { startMs: number; endMs: number }>(
  windows: readonly Window[],
  timestampMs: number,
): Window | undefined {
  const msOfDay = ((timestampMs % DAY_MS) + DAY_MS) % DAY_MS;
  return windows.findLast(({ startMs, endMs }) =>
    startMs <= endMs ? startMs <= msOfDay && msOfDay < endMs : startMs <= msOfDay || msOfDay < endMs,
  );
}
