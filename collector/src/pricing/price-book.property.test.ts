import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bundledBook } from './bundled-book.ts';
import { bundledProviders, genaiPriceBook } from './genai-book.ts';
import { matchTexts } from './model-match.ts';
import { createPricer, listSource, type PriceRequest } from './price.ts';

const list = createPricer(listSource(genaiPriceBook()), { cacheSize: 20_000 });
const book = bundledBook();
const database = createPricer(book, { cacheSize: 20_000 });

/** What both tell; the list alone has no ids of rows. */
function costOf(pricer: typeof list, request: PriceRequest): unknown {
  const { priceId: _, ...rest } = { priceId: 0, ...pricer.parts(request) };
  return { ...rest, priced: pricer.price(request).costNanoUsd };
}

const names = bundledProviders.flatMap(({ id, fallback_model_providers: fallbacks = [] }) =>
  bundledProviders
    .filter((provider) => provider.id === id || fallbacks.includes(provider.id))
    .flatMap((provider) => provider.models)
    .flatMap((model) =>
      [model.id, ...matchTexts(model.match)].map((name) => ({ modelProvider: id, modelName: name })),
    ),
);
const gateways = names.map(({ modelProvider, modelName }) => ({
  modelProvider: 'litellm',
  modelName: `${modelProvider}/${modelName}`,
}));
/** Every moment at which some price changes, and those next to it. */
const changes = [
  ...new Set(
    bundledProviders.flatMap(({ models }) =>
      models.flatMap(({ prices }) => (Array.isArray(prices) ? prices : [])),
    ),
  ),
].flatMap(({ constraint }) => (constraint?.type === 'start_date' ? [Date.parse(constraint.start_date)] : []));
const tierStarts = ['2024-04-15', '2024-10-08', '2025-04-01', '2025-04-17', '2025-07-07'].map((date) =>
  Date.parse(date),
);
const DAY_MS = 86_400_000;
const timestampMs = fc.oneof(
  fc.integer({ min: Date.UTC(2023, 0, 1), max: Date.UTC(2027, 11, 1) }),
  fc
    .tuple(fc.constantFrom(...changes, ...tierStarts), fc.constantFrom(-1, 0, 1, -DAY_MS / 2, DAY_MS / 2))
    .map(([at, offset]) => at + offset),
);
const count = fc.oneof(fc.nat(5000), fc.nat(400_000), fc.constantFrom(0, 128_000, 200_000, 200_001, 272_000));
const anyRequest: fc.Arbitrary<PriceRequest> = fc
  .record({
    name: fc.oneof(fc.constantFrom(...names), fc.constantFrom(...gateways)),
    suffix: fc.constantFrom('', '', '', '', '', '', '-latest', '-20250101', ':free', '@001'),
    serviceTier: fc.constantFrom(null, null, null, 'default', 'batch', 'flex', 'priority', 'Batch '),
    timestampMs,
    tokens: fc.record({
      input: count,
      cacheRead: count,
      cacheWrite5m: count,
      cacheWrite1h: count,
      output: count,
      reasoning: fc.nat(5000),
    }),
  })
  .map(({ name, suffix, ...rest }) => ({
    tenantId: 'acme',
    modelProvider: name.modelProvider,
    modelName: name.modelName + suffix,
    ...rest,
  }));

describe('the price book of a freshly set up database', () => {
  test('prices every call as the price list does, part by part, and gives the same reasons where there is no price', () => {
    let priced = 0;
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(costOf(database, request)).toEqual(costOf(list, request));
        if (database.price(request).costNanoUsd !== null) priced++;
      }),
      { numRuns: 20_000 },
    );
    expect(priced).toBeGreaterThan(4_000);
  });

  test('does so for every single model of the list, in every tier', () => {
    for (const [index, name] of names.entries()) {
      for (const serviceTier of [null, 'batch', 'flex']) {
        const request: PriceRequest = {
          tenantId: 'acme',
          ...name,
          serviceTier,
          timestampMs: Date.UTC(2025, 8, 1) + index * 4_321_987,
          tokens: {
            input: 1009 + index * 150,
            cacheRead: 2003,
            cacheWrite5m: 17,
            cacheWrite1h: 19,
            output: 307,
            reasoning: 101,
          },
        };
        expect(costOf(database, request)).toEqual(costOf(list, request));
      }
    }
  });

  test('names a row that is in force and charges just that', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const parts = database.parts(request);
        if (parts.costNanoUsd === null) return;
        const row = book.get(parts.priceId);
        expect(row).toBeDefined();
        if (row === undefined) return;
        expect(row.fromMs <= request.timestampMs && request.timestampMs < row.toMs).toBe(true);
        expect(row.unpricedReason).toBeNull();
        const bases = new Set(
          [...row.bands, ...row.windows.flatMap(({ bands }) => bands)].flatMap(({ rates }) =>
            Object.values(rates).map((rate) => `${rate?.attoUsd ?? ''} ${rate?.basis ?? ''}`),
          ),
        );
        for (const part of parts.parts) expect(bases.has(`${part.unitAttoUsd} ${part.basis}`)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('costs do not depend on the order or the company in which calls are priced', () => {
    fc.assert(
      fc.property(
        fc.array(anyRequest, { maxLength: 30 }),
        fc.infiniteStream(fc.nat()),
        (requests, random) => {
          const alone = requests.map((request) => createPricer(book).price(request));
          const together = createPricer(book, { cacheSize: 3 });
          const order = requests
            .map((_, index) => ({ index, key: random.next().value as number }))
            .sort((a, b) => a.key - b.key);
          for (const { index } of order) {
            const request = requests[index];
            if (request !== undefined) expect(together.price(request)).toEqual(alone[index]);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
