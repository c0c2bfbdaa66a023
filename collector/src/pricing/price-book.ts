import type { MatchLogic } from '@pydantic/genai-prices';
import { windowAt, type CompiledModel, type CompiledRates, type PriceSegment } from './compiled-model.ts';
import { compileBand } from './compiled-price.ts';
import { applyDiscount } from './discount.ts';
import { ListLookup, type ListedModel, type NamedModel } from './list-lookup.ts';
import { literalLength, matchesOwn } from './own-pattern.ts';
import type { PriceSource } from './price.ts';
import type { DailyWindow, RateBand, UnpricedReason } from './rates.ts';
import { ANY_TIER, canonicalTier, STANDARD_TIER } from './service-tiers.ts';
import type { OwnMatch, StoredPrice } from './stored-price.ts';

/** Whose rows they are: of a lower rank wins. */
export const RANKS = ['tenant', 'everyone', 'list'] as const;
export type Rank = (typeof RANKS)[number];

/** A row that a call falls under, and how closely. */
export interface Candidate {
  price: StoredPrice;
  rank: Rank;
}

/** The rows that a call falls under at any time, the winning ones first; those in force decide. */
export interface Candidates {
  prices: readonly Candidate[];
  discounts: readonly Candidate[];
  /** Why there is no price where no row is in force. */
  otherwise: UnpricedReason;
}

interface StoredModel {
  match: MatchLogic;
  /** By service tier, in order of time. */
  tiers: Map<string, StoredPrice[]>;
}

interface PlacedModel {
  position: number;
  model: StoredModel;
}

export interface StoredProvider {
  providerId: string;
  fallbackProviderIds: readonly string[];
}

/**
 * The prices of the database as they were at one moment, in memory. Which row prices a call (docs/prices.md has the rules):
 *
 * 1. a price of the tenant's own, 2. a price of one's own for all tenants, 3. the list, from which a discount is taken off;
 * among one's own: the exact model name before a pattern, more fixed characters before fewer, the named provider before any, the
 * named tier before any. Rows that are the same in all of this cannot overlap in time.
 */
export class PriceBook implements PriceSource {
  readonly #lookup: ListLookup<StoredModel>;
  /** Prices and discounts of one's own, of each tenant; those for all under ''. */
  readonly #own = new Map<string, { overrides: StoredPrice[]; discounts: StoredPrice[] }>();
  readonly #byId: ReadonlyMap<number, StoredPrice>;
  /** price_book_state.version. */
  readonly version: number;

  constructor(rows: readonly StoredPrice[], providers: readonly StoredProvider[], version: number) {
    this.version = version;
    this.#byId = new Map(rows.map((row) => [row.priceId, row]));
    this.#lookup = new ListLookup(listedProviders(rows, providers));
    for (const row of rows) {
      if (row.kind !== 'override' && row.kind !== 'discount') continue;
      if (row.toMs <= row.fromMs) continue;
      const key = row.tenantId ?? '';
      let own = this.#own.get(key);
      if (own === undefined) this.#own.set(key, (own = { overrides: [], discounts: [] }));
      own[row.kind === 'override' ? 'overrides' : 'discounts'].push(row);
    }
    for (const { overrides, discounts } of this.#own.values()) {
      overrides.sort(byPrecedence);
      discounts.sort(byPrecedence);
    }
  }

  get(priceId: number): StoredPrice | undefined {
    return this.#byId.get(priceId);
  }

  isOwnBook(tenantId: string): boolean {
    return this.#own.has(tenantId);
  }

  canonicalProvider(name: string): string {
    return this.#lookup.canonicalProvider(name);
  }

  /** All rows that could price a call, at any time. */
  candidates(
    tenantId: string,
    modelProvider: string,
    modelName: string,
    serviceTier: string | null,
  ): Candidates {
    const tier = canonicalTier(serviceTier);
    const readings = this.#lookup.readings(modelProvider, modelName);
    const prices: Candidate[] = [];
    const discounts: Candidate[] = [];
    for (const [key, rank] of [
      [tenantId, 'tenant'],
      ['', 'everyone'],
    ] as const) {
      const own = this.#own.get(key);
      if (own === undefined) continue;
      for (const price of own.overrides) if (falls(price, readings, tier)) prices.push({ price, rank });
      for (const price of own.discounts) if (falls(price, readings, tier)) discounts.push({ price, rank });
    }
    const found = this.#lookup.find(modelProvider, modelName);
    const listed = typeof found === 'string' ? found : rowsOf(found, tier);
    if (typeof listed === 'string') return { prices, discounts, otherwise: listed };
    prices.push(...listed.map((price): Candidate => ({ price, rank: 'list' })));
    return { prices, discounts, otherwise: tier === STANDARD_TIER ? 'no_price' : 'unknown_service_tier' };
  }

  resolve(
    tenantId: string,
    modelProvider: string,
    modelName: string,
    serviceTier: string | null,
  ): CompiledModel | UnpricedReason {
    const candidates = this.candidates(tenantId, modelProvider, modelName, serviceTier);
    if (candidates.prices.length === 0) return candidates.otherwise;
    const times = new Set([-Infinity]);
    for (const { price } of [...candidates.prices, ...candidates.discounts]) {
      times.add(price.fromMs);
      if (price.toMs < Infinity) times.add(price.toMs);
    }
    const segments = [...times]
      .sort((a, b) => a - b)
      .map((fromMs): PriceSegment => {
        const { price, discount, reason } = choose(candidates, fromMs);
        if (price === undefined) return { fromMs, rates: reason, windows: [] };
        return { fromMs, ...compileRow(price, discount) };
      });
    return { segments };
  }
}

/** Of what a call falls under, what is in force at a time. */
export function choose(
  candidates: Candidates,
  timestampMs: number,
):
  | { price: StoredPrice; rank: Rank; discount: StoredPrice | null; reason: null }
  | { price: undefined; discount: null; reason: UnpricedReason } {
  const winner = candidates.prices.find(({ price }) => isInForce(price, timestampMs));
  if (winner === undefined) return { price: undefined, discount: null, reason: candidates.otherwise };
  const { price, rank } = winner;
  const discount =
    rank === 'tenant' ? undefined : candidates.discounts.find((each) => isInForce(each.price, timestampMs));
  return { price, rank, discount: discount?.price ?? null, reason: null };
}

export function isInForce(price: StoredPrice, timestampMs: number): boolean {
  return price.fromMs <= timestampMs && timestampMs < price.toMs;
}

/** The window of the day whose prices a row has at a time, if any. */
export function windowOf(price: StoredPrice, timestampMs: number): DailyWindow | undefined {
  return windowAt(price.windows, timestampMs);
}

/** One row, whatever the call and the time: how a cost that it made came about. */
export function rowSource(price: StoredPrice, discount: StoredPrice | null): PriceSource {
  return {
    isOwnBook: () => false,
    resolve: () => ({ segments: [{ fromMs: -Infinity, ...compileRow(price, discount) }] }),
  };
}

function compileRow(price: StoredPrice, discount: StoredPrice | null): Omit<PriceSegment, 'fromMs'> {
  return {
    rates: compileRates(price, discount, price.bands, null),
    windows: price.windows.map((window) => ({
      startMs: window.startMs,
      endMs: window.endMs,
      rates: compileRates(price, discount, window.bands, window),
    })),
  };
}

function compileRates(
  price: StoredPrice,
  discount: StoredPrice | null,
  bands: readonly RateBand[],
  window: DailyWindow | null,
): CompiledRates {
  const percent = discount?.discountPercent ?? null;
  return {
    priceId: price.priceId,
    discountId: discount?.priceId ?? null,
    priceSource: price.source,
    priceVersion: window === null ? price.version : versionInWindow(price, window.label),
    bands: bands.map((band) => compileBand(percent === null ? band : applyDiscount(band, percent))),
  };
}

/** '0.1.8#deepseek/deepseek-chat@00:30-16:30Z'; the tier stays at the end. */
function versionInWindow({ version, serviceTier }: StoredPrice, label: string): string {
  const suffix = serviceTier === STANDARD_TIER ? '' : `+${serviceTier}`;
  const start = version.endsWith(suffix) ? version.slice(0, version.length - suffix.length) : version;
  return `${start}${start.includes('@') ? 'T' : '@'}${label}${suffix}`;
}

function falls(price: StoredPrice, readings: readonly NamedModel[], tier: string): boolean {
  if (price.serviceTier !== ANY_TIER && price.serviceTier !== tier) return false;
  return readings.some(
    ({ provider, names }) =>
      (price.providerId === '*' || price.providerId === provider) &&
      names.some((name) => matchesOwn(price.modelMatch as OwnMatch, name)),
  );
}

/** Exact before pattern, more fixed characters before fewer, a named provider before any, a named tier before any. */
export function precedence(
  price: Pick<StoredPrice, 'modelMatch' | 'providerId' | 'serviceTier'>,
): readonly number[] {
  const match = price.modelMatch as OwnMatch;
  return [
    'equals' in match ? 1 : 0,
    literalLength(match),
    price.providerId === '*' ? 0 : 1,
    price.serviceTier === ANY_TIER ? 0 : 1,
  ];
}

function byPrecedence(a: StoredPrice, b: StoredPrice): number {
  const [left, right] = [precedence(a), precedence(b)];
  for (const [index, value] of left.entries()) {
    const difference = (right[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return a.priceId - b.priceId;
}

/** The rows of a listed model in a tier; a list that is shared with another provider is shared without its service tiers. */
function rowsOf(
  { providerId, ownerId, model }: ListedModel<StoredModel>,
  tier: string,
): readonly StoredPrice[] | UnpricedReason {
  const standard = model.tiers.get(STANDARD_TIER) ?? [];
  const reason = standard.find(({ unpricedReason }) => unpricedReason !== null)?.unpricedReason;
  if (reason != null) return reason;
  if (tier === STANDARD_TIER) return standard;
  const rows = providerId === ownerId ? model.tiers.get(tier) : undefined;
  return rows ?? 'unknown_service_tier';
}

function listedProviders(
  rows: readonly StoredPrice[],
  providers: readonly StoredProvider[],
): { id: string; fallbackProviderIds: readonly string[]; models: StoredModel[] }[] {
  const byProvider = new Map<string, Map<string, PlacedModel>>();
  for (const { providerId } of providers) byProvider.set(providerId, new Map<string, PlacedModel>());
  for (const row of rows) {
    if (row.kind !== 'list' || row.listModelId === null) continue;
    let models = byProvider.get(row.providerId);
    if (models === undefined) byProvider.set(row.providerId, (models = new Map<string, PlacedModel>()));
    let entry = models.get(row.listModelId);
    if (entry === undefined) {
      const model: StoredModel = { match: row.modelMatch as MatchLogic, tiers: new Map() };
      models.set(row.listModelId, (entry = { position: row.listPosition ?? 0, model }));
    }
    if (row.toMs <= row.fromMs) continue; // withdrawn
    const tier = entry.model.tiers.get(row.serviceTier);
    if (tier === undefined) entry.model.tiers.set(row.serviceTier, [row]);
    else tier.push(row);
  }
  const fallbacks = new Map(providers.map((provider) => [provider.providerId, provider.fallbackProviderIds]));
  return [...byProvider].map(([id, models]) => ({
    id,
    fallbackProviderIds: fallbacks.get(id) ?? [],
    models: [...models.values()].sort((a, b) => a.position - b.position).map(({ model }) => model),
  }));
}
