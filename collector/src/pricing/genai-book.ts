import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { waitForUpdate, type ModelInfo, type Provider } from '@pydantic/genai-prices';
import { pricedPeriods } from './genai-periods.ts';
import { genaiRates } from './genai-rates.ts';
import { ListLookup } from './list-lookup.ts';
import type { DailyWindow, ModelPrices, ListBook, PricePeriod, UnpricedReason } from './rates.ts';

/**
 * The price list that comes with the installed @pydantic/genai-prices: no network, and `updatePrices` elsewhere in the
 * process does not change it once it is read. Prices are in USD.
 */
export const bundledProviders: readonly Provider[] = (await waitForUpdate()) ?? [];
export const bundledVersion: string = installedVersion();

/** The source of its prices, as events and rows name it. */
export const GENAI_PRICES = 'genai-prices';

/** The package's prices as a price book. Looks models up as the package does, but never guesses who the provider is. */
export function genaiPriceBook(
  providers: readonly Provider[] = bundledProviders,
  version: string = bundledVersion,
): ListBook {
  const lookup = new ListLookup(
    providers.map(({ id, models, fallback_model_providers: fallbackProviderIds = [] }) => ({
      id,
      models,
      fallbackProviderIds,
    })),
  );

  function find(modelProvider: string, modelName: string): ModelPrices | UnpricedReason {
    const found = lookup.find(modelProvider, modelName);
    return typeof found === 'string' ? found : listedPrices(found.providerId, found.ownerId, found.model);
  }

  return { source: GENAI_PRICES, version, find };
}

/** All prices of a model of the list, billed by one provider at the prices of one (mostly the same). */
export function listedPrices(
  providerId: string,
  ownerId: string,
  model: ModelInfo,
): ModelPrices | 'no_price' | 'modality_unknown' {
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
  return { providerId, priceId: `${ownerId}/${model.id}`, modelId: model.id, periods };
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
