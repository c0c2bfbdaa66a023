import { describe, expect, test } from '@jest/globals';
import { bundledProviders, bundledVersion, genaiPriceBook } from './genai-book.ts';
import { pricedPeriods } from './genai-periods.ts';
import { ModelIndex, matchTexts } from './model-match.ts';

/** What an upgrade of @pydantic/genai-prices must not change unnoticed. */
describe('the installed price list', () => {
  const prices = bundledProviders.flatMap((provider) =>
    provider.models.flatMap((model) =>
      pricedPeriods(model.prices)
        .flatMap(({ price, windows }) => [price, ...windows.map((window) => window.price)])
        .map((price) => ({ name: `${provider.id}/${model.id}`, price })),
    ),
  );

  test('is there, with its version', () => {
    expect(bundledProviders.length).toBeGreaterThan(40);
    expect(prices.length).toBeGreaterThan(1600);
    expect(bundledVersion).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('has no price key that pricing has not decided on', () => {
    const decided = new Set([
      // charged
      'input_mtok',
      'output_mtok',
      'cache_read_mtok',
      'cache_write_mtok',
      'cache_write_1h_mtok',
      'output_reasoning_mtok',
      'requests_kcount',
      // modalities, which events do not tell (genai-rates.ts)
      'input_audio_mtok',
      'input_image_mtok',
      'input_video_mtok',
      'cache_audio_read_mtok',
      'cache_image_read_mtok',
      'output_audio_mtok',
      'output_image_mtok',
      'output_video_mtok',
      // charged with the rest of the output, which is never less
      'output_citation_mtok',
      // not tokens: no event reports them yet
      'audio_hours',
      'input_audio_hours',
      'input_annotated_document_kpages',
      'input_document_kpages',
      'input_text_messages_kcount',
      'storage_searches_kcount',
      'web_searches_kcount',
    ]);
    const keys = new Set(prices.flatMap(({ price }) => Object.keys(price)));
    expect([...keys].filter((key) => !decided.has(key))).toEqual([]);
  });

  test('has every one-hour cache write at twice the input, as the rule for Claude elsewhere says', () => {
    const withHour = prices.filter(({ price }) => price.cache_write_1h_mtok !== undefined);
    expect(withHour.length).toBeGreaterThan(20);
    for (const { name, price } of withHour) {
      const { input_mtok: input, cache_write_1h_mtok: hour } = price;
      const double =
        typeof input === 'object'
          ? { base: input.base * 2, tiers: input.tiers.map((tier) => ({ ...tier, price: tier.price * 2 })) }
          : (input ?? NaN) * 2;
      expect({ name, hour }).toEqual({ name, hour: double });
    }
  });

  test('has citations no dearer than output', () => {
    for (const { price } of prices) {
      if (price.output_citation_mtok !== undefined) {
        expect(price.output_citation_mtok).toBeLessThanOrEqual(Number(price.output_mtok));
      }
    }
  });

  test('gives a price or a reason for every model under every plain name', () => {
    const book = genaiPriceBook();
    const reasons = new Map<string, number>();
    for (const provider of bundledProviders) {
      for (const model of provider.models) {
        for (const text of matchTexts(model.match)) {
          const found = book.find(provider.id, text);
          if (typeof found === 'string') reasons.set(found, (reasons.get(found) ?? 0) + 1);
        }
      }
    }
    // Regular expressions are texts too and name nothing; the rest is priced apart or not by the token.
    expect([...reasons.keys()].sort()).toEqual(['modality_unknown', 'no_price', 'unknown_provider_or_model']);
    expect(reasons.get('unknown_provider_or_model')).toBeLessThan(60);
  });

  test('is searched by equality first with the same result as in order', () => {
    const index = new ModelIndex([
      { id: 'a', match: { starts_with: 'x-1' }, prices: {} },
      { id: 'b', match: { or: [{ equals: 'X-1' }, { equals: 'y' }] }, prices: {} },
      { id: 'c', match: { and: [{ contains: 'y' }, { ends_with: 'z' }] }, prices: {} },
      { id: 'd', match: { regex: '^y' }, prices: {} },
    ]);
    expect(['x-1', 'x-12', 'y', 'y-z', 'y-2', 'z'].map((name) => index.find(name)?.id)).toEqual([
      'a',
      'a',
      'b',
      'c',
      'd',
      undefined,
    ]);
  });
});
