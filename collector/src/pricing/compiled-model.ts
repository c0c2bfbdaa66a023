import { compileBand, type CompiledBand } from './compiled-price.ts';
import type { ModelPrices, PriceBook, RateBand } from './rates.ts';
import { applyRule, isListPrice, rulesFor, type ServiceTierRule } from './service-tiers.ts';

/** Bands that hold at one time, with the version that an event keeps. */
export interface CompiledRates {
  priceVersion: string;
  bands: readonly CompiledBand[];
}

interface CompiledPeriod {
  fromMs: number;
  rates: CompiledRates;
  windows: readonly { startMs: number; endMs: number; rates: CompiledRates }[];
}

/** A model in a service tier, ready to be asked for the rates at any time. */
export interface CompiledModel {
  /** In the order that they began. Before the first one began, the tier has no price. */
  tiers: readonly { fromMs: number; periods: readonly CompiledPeriod[] }[];
}

/**
 * Compiles the prices of a model in a service tier.
 *
 * A price version is the book's version, whose price it is, since when (and at which hours) and the tier:
 * '0.1.8#openai/o3@2025-06-10', '0.1.8#deepseek/deepseek-chat@00:30-16:30Z', '0.1.8#openai/gpt-4o+batch'.
 */
export function compileModel(
  book: PriceBook,
  prices: ModelPrices,
  serviceTier: string | null,
  rules: readonly ServiceTierRule[],
): CompiledModel | 'unknown_service_tier' {
  const periods = (rule: ServiceTierRule | null): readonly CompiledPeriod[] => {
    const suffix = rule === null ? '' : `+${rule.tier}`;
    const compile = (bands: readonly RateBand[], label: string): CompiledRates => ({
      priceVersion: `${book.version}#${prices.priceId}${label === '' ? '' : `@${label}`}${suffix}`,
      bands: bands.map((band) => compileBand(rule === null ? band : applyRule(band, rule))),
    });
    return prices.periods.map(({ fromMs, label, bands, windows }) => ({
      fromMs,
      rates: compile(bands, label),
      windows: windows.map((window) => ({
        startMs: window.startMs,
        endMs: window.endMs,
        rates: compile(window.bands, label === '' ? window.label : `${label}T${window.label}`),
      })),
    }));
  };
  if (serviceTier === null || isListPrice(serviceTier)) {
    return { tiers: [{ fromMs: -Infinity, periods: periods(null) }] };
  }
  const tierRules = rulesFor(rules, prices.providerId, prices.modelId, serviceTier);
  if (tierRules.length === 0) return 'unknown_service_tier';
  return { tiers: tierRules.map((rule) => ({ fromMs: Date.parse(rule.from), periods: periods(rule) })) };
}

const DAY_MS = 86_400_000;

/** The rates at a time; undefined when the tier had not begun. */
export function ratesAt(model: CompiledModel, timestampMs: number): CompiledRates | undefined {
  const periods = model.tiers.findLast(({ fromMs }) => fromMs <= timestampMs)?.periods;
  if (periods === undefined) return undefined;
  const period =
    periods.length === 1
      ? periods[0]
      : (periods.findLast(({ fromMs }) => fromMs <= timestampMs) ?? periods[0]);
  if (period === undefined || period.windows.length === 0) return period?.rates;
  const msOfDay = ((timestampMs % DAY_MS) + DAY_MS) % DAY_MS;
  const window = period.windows.findLast(({ startMs, endMs }) =>
    startMs <= endMs ? startMs <= msOfDay && msOfDay < endMs : startMs <= msOfDay || msOfDay < endMs,
  );
  return window?.rates ?? period.rates;
}
