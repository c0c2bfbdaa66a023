import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { waitForUpdate, type ModelInfo, type Provider } from '@pydantic/genai-prices';
import { pricedPeriods } from './genai-periods.ts';
import { genaiRates } from './genai-rates.ts';
import { ModelIndex, matchTexts } from './model-match.ts';
import { isCustomModel, modelNameCandidates, withDashedDate } from './model-names.ts';
import { foldProviderName, resolveProvider } from './providers.ts';
import type { DailyWindow, ModelPrices, PriceBook, PricePeriod, UnpricedReason } from './rates.ts';

/**
 * The price list that comes with the installed @pydantic/genai-prices: no network, and `updatePrices` elsewhere in the
 * process does not change it once it is read. Prices are in USD.
 */
export const bundledProviders: readonly Provider[] = (await waitForUpdate()) ?? [];
export const bundledVersion: string = installedVersion();

/** The package's prices as a price book. Looks models up as the package does, but never guesses who the provider is. */
export function genaiPriceBook(
  providers: readonly Provider[] = bundledProviders,
  version: string = bundledVersion,
): PriceBook {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const idByFolded = new Map(providers.map((provider) => [foldProviderName(provider.id), provider.id]));
  const indexes = new Map<string, ModelIndex>();

  function findIn(provider: Provider, name: string): ModelInfo | undefined {
    let index = indexes.get(provider.id);
    if (index === undefined) indexes.set(provider.id, (index = new ModelIndex(provider.models)));
    return index.find(name);
  }

  /** In the provider's own list, else in those whose prices it shares: Azure's in OpenAI's, Vertex AI's in Anthropic's. */
  function findPriced(provider: Provider, name: string): { owner: Provider; model: ModelInfo } | undefined {
    for (const id of [provider.id, ...(provider.fallback_model_providers ?? [])]) {
      const owner = byId.get(id);
      const model = owner && findIn(owner, name);
      if (owner && model) return { owner, model };
    }
    return undefined;
  }

  function find(modelProvider: string, modelName: string): ModelPrices | UnpricedReason {
    const kind = resolveProvider(modelProvider, idByFolded);
    if (kind === 'self_hosted') return 'self_hosted';
    if (kind === 'unknown') return 'unknown_provider_or_model';
    if (kind === 'gateway') {
      const slash = modelName.indexOf('/');
      if (slash <= 0) return 'unknown_provider_or_model';
      const served = modelName.slice(0, slash);
      if (resolveProvider(served, idByFolded) === 'gateway') return 'unknown_provider_or_model';
      return find(served, modelName.slice(slash + 1));
    }
    const provider = byId.get(kind.id);
    if (provider === undefined) return 'unknown_provider_or_model';
    const isSameProvider = (prefix: string): boolean => {
      const other = resolveProvider(prefix, idByFolded);
      return typeof other === 'object' && other.id === provider.id;
    };
    for (const name of modelNameCandidates(modelName, isSameProvider)) {
      const found = findPriced(provider, name) ?? findPriced(provider, withDashedDate(name));
      if (found === undefined) continue;
      if (isCustomModel(modelName) && !pricesCustomModels(found.model)) return 'unknown_provider_or_model';
      return modelPrices(provider, found.owner, found.model);
    }
    return 'unknown_provider_or_model';
  }

  return { source: 'genai-prices', version, find };
}

function pricesCustomModels(model: ModelInfo): boolean {
  return matchTexts(model.match).some((text) => isCustomModel(text));
}

function modelPrices(provider: Provider, owner: Provider, model: ModelInfo): ModelPrices | UnpricedReason {
  const periods: PricePeriod[] = [];
  for (const { fromMs, label, price, windows } of pricedPeriods(model.prices)) {
    const bands = genaiRates(model.id, price);
    if (typeof bands === 'string') return bands;
    const dailyWindows: DailyWindow[] = [];
    for (const window of windows) {
      const windowBands = genaiRates(model.id, window.price);
      if (typeof windowBands === 'string') return windowBands;
      dailyWindows.push({ ...window, bands: windowBands });
    }
    periods.push({ fromMs, label, bands, windows: dailyWindows });
  }
  return { providerId: provider.id, priceId: `${owner.id}/${model.id}`, modelId: model.id, periods };
}

/** The package exports no package.json, so its file is found beside its entry point. Read once, at start. */
function installedVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@pydantic/genai-prices');
  const directory = entry.slice(0, entry.lastIndexOf('genai-prices') + 'genai-prices'.length);
  const manifest: unknown = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  throw new Error('@pydantic/genai-prices has no version in its package.json');
}
