import { divideHalfUp } from './decimal.ts';
import type { ChargeKind, Rate, RateBand } from './rates.ts';

/** Names of the list price: OpenAI's default and auto, Anthropic's standard and standard_only, Groq's on_demand, … */
const LIST_PRICE_TIERS: ReadonlySet<string> = new Set([
  '',
  'auto',
  'default',
  'standard',
  'standard_only',
  'on_demand',
  'on-demand',
]);

/** A service tier whose price is a published factor of the list price, for every model that it covers. */
export interface ServiceTierRule {
  /** The price book's provider id. */
  provider: string;
  tier: string;
  /** Covers models whose id starts so; '' for all. */
  modelPrefix: string;
  /** The day that it began, UTC. Before it, the tier has no known price. */
  from: string;
  factor: Factor;
  /** Kinds with another factor. Fees per request are never discounted. */
  exceptions?: Partial<Record<ChargeKind, Factor>>;
  reference: string;
}

export interface Factor {
  numerator: bigint;
  denominator: bigint;
}

const HALF: Factor = { numerator: 1n, denominator: 2n };
const SAME: Factor = { numerator: 1n, denominator: 1n };

/**
 * The price list has no service tiers, so these come from the providers' own pages. Only plain factors are here. OpenAI's
 * priority tier (1.7 to 2.5 x, by model), Anthropic's (a commitment), Google's flex (silent about cached tokens) and
 * priority (1.75 to 2 x), every tier of Bedrock and Azure (by model and region) and Groq's batch (does not combine with
 * its cache discount) are not: they stay unpriced.
 */
export const SERVICE_TIER_RULES: readonly ServiceTierRule[] = [
  {
    provider: 'openai',
    tier: 'batch',
    modelPrefix: '',
    from: '2024-04-15',
    factor: HALF,
    reference: 'https://developers.openai.com/api/docs/guides/batch',
  },
  {
    provider: 'openai',
    tier: 'flex',
    modelPrefix: '',
    from: '2025-04-17',
    factor: HALF, // "at Batch API rates, with additional discounts from prompt caching"
    reference: 'https://developers.openai.com/api/docs/guides/flex-processing',
  },
  {
    provider: 'anthropic',
    tier: 'batch',
    modelPrefix: '',
    from: '2024-10-08',
    factor: HALF, // of all usage, cache reads and writes included
    reference: 'https://platform.claude.com/docs/en/build-with-claude/batch-processing',
  },
  {
    provider: 'google',
    tier: 'batch',
    modelPrefix: 'gemini', // Claude on Vertex AI has batch prices of its own
    from: '2025-07-07',
    factor: HALF,
    exceptions: { cacheRead: SAME }, // "cached tokens are priced the same as for non-batch API traffic"
    reference: 'https://ai.google.dev/gemini-api/docs/batch-api',
  },
  {
    provider: 'groq',
    tier: 'flex',
    modelPrefix: '',
    from: '2025-04-01',
    factor: SAME, // "pricing matches the on-demand tier"
    reference: 'https://console.groq.com/docs/flex-processing',
  },
];

/** The tier of the list price, as the price book names it. */
export const STANDARD_TIER = 'standard';
/** In a price of one's own: whatever the tier. */
export const ANY_TIER = '*';

/** A tier, as an event names it, in the price book's spelling. */
export function canonicalTier(serviceTier: string | null): string {
  if (serviceTier === null || isListPrice(serviceTier)) return STANDARD_TIER;
  return serviceTier.trim().toLowerCase();
}

/** Whether a tier, as an event names it, is the list price. */
export function isListPrice(serviceTier: string | null): boolean {
  return serviceTier === null || LIST_PRICE_TIERS.has(serviceTier.trim().toLowerCase());
}

/** The rules for a model in a tier in the order that they began; none when the tier's price is unknown. */
export function rulesFor(
  rules: readonly ServiceTierRule[],
  providerId: string,
  modelId: string,
  serviceTier: string,
): readonly ServiceTierRule[] {
  const tier = serviceTier.trim().toLowerCase();
  return rules
    .filter(
      (rule) => rule.provider === providerId && rule.tier === tier && modelId.startsWith(rule.modelPrefix),
    )
    .sort((a, b) => Date.parse(a.from) - Date.parse(b.from));
}

/** The rates of a band in a tier. */
export function applyRule(band: RateBand, rule: ServiceTierRule): RateBand {
  const scaled = (kind: ChargeKind, rate: Rate): Rate => {
    const { numerator, denominator } = rule.exceptions?.[kind] ?? rule.factor;
    if (numerator === denominator) return rate;
    return {
      attoUsd: divideHalfUp(rate.attoUsd * numerator, denominator),
      basis: `${numerator}/${denominator} x ${rate.basis} (${rule.tier})`,
    };
  };
  const { input, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning, request } = band.rates;
  return {
    overInputTokens: band.overInputTokens,
    rates: {
      input: scaled('input', input),
      cacheRead: scaled('cacheRead', cacheRead),
      cacheWrite5m: scaled('cacheWrite5m', cacheWrite5m),
      cacheWrite1h: scaled('cacheWrite1h', cacheWrite1h),
      output: output && scaled('output', output),
      reasoning: reasoning && scaled('reasoning', reasoning),
      request,
    },
  };
}
