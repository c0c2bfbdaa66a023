import type { MatchLogic } from '@pydantic/genai-prices';
import { ModelIndex, matchTexts } from './model-match.ts';
import { isCustomModel, modelNameCandidates, withDashedDate } from './model-names.ts';
import { foldProviderName, resolveProvider } from './providers.ts';
import type { UnpricedReason } from './rates.ts';

/** A provider of a price list with its models in the list's order. */
export interface ListedProvider<Model> {
  id: string;
  /** Providers whose prices it shares: what is not in its own list is looked up in theirs. */
  fallbackProviderIds: readonly string[];
  models: readonly Model[];
}

export interface ListedModel<Model> {
  /** Who bills. */
  providerId: string;
  /** Whose list has the price. */
  ownerId: string;
  model: Model;
}

/** A reading of a call's provider and model: who may be meant to bill, and the spellings of the model's name there. */
export interface NamedModel {
  provider: string;
  /** Lower case, as it came first. */
  names: readonly string[];
}

/** Looks names up as @pydantic/genai-prices does, but never guesses who the provider is. */
export class ListLookup<Model extends { match: MatchLogic }> {
  readonly #byId: ReadonlyMap<string, ListedProvider<Model>>;
  readonly #idByFolded: ReadonlyMap<string, string>;
  readonly #indexes = new Map<string, ModelIndex<Model>>();

  constructor(providers: readonly ListedProvider<Model>[]) {
    this.#byId = new Map(providers.map((provider) => [provider.id, provider]));
    this.#idByFolded = new Map(providers.map(({ id }) => [foldProviderName(id), id]));
  }

  find(modelProvider: string, modelName: string): ListedModel<Model> | UnpricedReason {
    const kind = resolveProvider(modelProvider, this.#idByFolded);
    if (kind === 'self_hosted') return 'self_hosted';
    if (kind === 'unknown') return 'unknown_provider_or_model';
    if (kind === 'gateway') {
      const served = this.#servedBy(modelName);
      return served === undefined
        ? 'unknown_provider_or_model'
        : this.find(served.modelProvider, served.modelName);
    }
    const provider = this.#byId.get(kind.id);
    if (provider === undefined) return 'unknown_provider_or_model';
    for (const name of this.#spellings(provider.id, modelName)) {
      const found = this.#findPriced(provider, name) ?? this.#findPriced(provider, withDashedDate(name));
      if (found === undefined) continue;
      if (isCustomModel(modelName) && !pricesCustomModels(found.model)) return 'unknown_provider_or_model';
      return found;
    }
    return 'unknown_provider_or_model';
  }

  /** The form in which a provider's name is kept with a price of one's own: the list's id, else the folded name. */
  canonicalProvider(name: string): string {
    const kind = resolveProvider(name, this.#idByFolded);
    return typeof kind === 'object' ? kind.id : foldProviderName(name);
  }

  /** All readings of a call: as it came, and for a gateway also as the provider behind it. */
  readings(modelProvider: string, modelName: string): readonly NamedModel[] {
    const provider = this.canonicalProvider(modelProvider);
    const names: string[] = [];
    for (const name of this.#spellings(provider, modelName)) {
      for (const spelling of [name, withDashedDate(name)])
        if (!names.includes(spelling)) names.push(spelling);
    }
    const readings: NamedModel[] = [{ provider, names }];
    if (resolveProvider(modelProvider, this.#idByFolded) === 'gateway') {
      const served = this.#servedBy(modelName);
      if (served !== undefined) readings.push(...this.readings(served.modelProvider, served.modelName));
    }
    return readings;
  }

  /** 'openai/gpt-4o' behind a gateway; a gateway behind a gateway is not looked into. */
  #servedBy(modelName: string): { modelProvider: string; modelName: string } | undefined {
    const slash = modelName.indexOf('/');
    if (slash <= 0) return undefined;
    const modelProvider = modelName.slice(0, slash);
    if (resolveProvider(modelProvider, this.#idByFolded) === 'gateway') return undefined;
    return { modelProvider, modelName: modelName.slice(slash + 1) };
  }

  #spellings(providerId: string, modelName: string): readonly string[] {
    return modelNameCandidates(modelName, (prefix) => this.canonicalProvider(prefix) === providerId);
  }

  /** In the provider's own list, else in those whose prices it shares: Azure's in OpenAI's, Vertex AI's in Anthropic's. */
  #findPriced(provider: ListedProvider<Model>, name: string): ListedModel<Model> | undefined {
    for (const id of [provider.id, ...provider.fallbackProviderIds]) {
      const owner = this.#byId.get(id);
      if (owner === undefined) continue;
      let index = this.#indexes.get(id);
      if (index === undefined) this.#indexes.set(id, (index = new ModelIndex(owner.models)));
      const model = index.find(name);
      if (model !== undefined) return { providerId: provider.id, ownerId: id, model };
    }
    return undefined;
  }
}

function pricesCustomModels(model: { match: MatchLogic }): boolean {
  return matchTexts(model.match).some((text) => isCustomModel(text));
}
