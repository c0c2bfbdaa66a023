import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { genaiPriceBook } from './genai-book.ts';
import { createPricer, listSource, type ListBook } from './price.ts';
import type { Rate, RateBand } from './rates.ts';
import { request, tokens } from './example-requests.ts';

const pricer = createPricer(listSource(genaiPriceBook()));

function rate(attoUsd: bigint): Rate {
  return { attoUsd, basis: 'test' };
}

function flatBand(unit: bigint): RateBand {
  const each = rate(unit);
  return {
    overInputTokens: -1,
    rates: {
      input: each,
      cacheRead: each,
      cacheWrite5m: each,
      cacheWrite1h: each,
      output: each,
      reasoning: null,
      request: null,
    },
  };
}

function bookOf(unit: bigint, onFind: () => void = () => undefined): ListBook {
  return {
    source: 'test',
    version: '1',
    find: (_, modelName) => {
      onFind();
      return {
        providerId: 'acme',
        priceId: `acme/${modelName}`,
        modelId: modelName,
        periods: [{ fromMs: -Infinity, label: '', bands: [flatBand(unit)], windows: [] }],
      };
    },
  };
}

describe('pricing a call', () => {
  test('keeps which price made the cost', () => {
    expect(pricer.price(request('openai o3', { input: 1 }))).toMatchObject({
      priceSource: 'genai-prices',
      priceVersion: expect.stringMatching(/^\d+\.\d+\.\d+#openai\/o3@2025-06-10$/),
    });
  });

  test('explains it kind by kind', () => {
    const explained = pricer.parts(
      request('bedrock us.anthropic.claude-sonnet-4-5-20250929-v1:0', {
        input: 1000,
        cacheRead: 10,
        cacheWrite1h: 5,
        output: 2,
        reasoning: 1,
      }),
    );
    expect(explained).toMatchObject({
      costNanoUsd: 3_369_300,
      attoUsd: 3_369_300_000_000_000n,
      overInputTokens: null,
      parts: [
        { kind: 'input', quantity: 1000, unitAttoUsd: 3_300_000_000_000n, basis: 'input_mtok' },
        { kind: 'cacheRead', quantity: 10, unitAttoUsd: 330_000_000_000n, basis: 'cache_read_mtok' },
        { kind: 'cacheWrite1h', quantity: 5, unitAttoUsd: 6_600_000_000_000n, basis: '2 x input_mtok' },
        { kind: 'output', quantity: 2, unitAttoUsd: 16_500_000_000_000n, basis: 'output_mtok' },
      ],
    });
  });

  test('explains a long context and a tier', () => {
    const explained = pricer.parts(
      request('anthropic claude-sonnet-4-5', { input: 200_001 }, { tier: 'batch' }),
    );
    expect(explained).toMatchObject({
      overInputTokens: 200_000,
      parts: [{ kind: 'input', unitAttoUsd: 3_000_000_000_000n, basis: '1/2 x input_mtok (batch)' }],
    });
  });

  test('output tokens of a model that sells none are not given away', () => {
    expect(pricer.price(request('openai text-embedding-3-small', { input: 10 }))).toMatchObject({
      costNanoUsd: 200,
    });
    expect(pricer.price(request('openai text-embedding-3-small', { input: 10, output: 1 }))).toEqual({
      costNanoUsd: null,
      reason: 'no_price',
    });
  });

  test('reasoning beyond the output that contains it is not charged on top', () => {
    const within = pricer.price(request('perplexity sonar-deep-research', { output: 100, reasoning: 100 }));
    const beyond = pricer.price(request('perplexity sonar-deep-research', { output: 100, reasoning: 150 }));
    expect(beyond).toEqual(within);
  });

  test.each([
    ['a negative count', { input: -1 }],
    ['a fraction of a token', { output: 0.5 }],
    ['no number', { cacheRead: NaN }],
    ['more than can be counted', { input: Number.MAX_SAFE_INTEGER + 1 }],
  ])('%s is refused', (_, counts) => {
    const invalid = { costNanoUsd: null, reason: 'invalid_request' };
    expect(pricer.price(request('openai gpt-4o', counts))).toEqual(invalid);
    expect(pricer.parts(request('openai gpt-4o', counts))).toEqual(invalid);
  });

  test('a time that does not exist is refused', () => {
    expect(pricer.price(request('openai gpt-4o', { input: 1 }, { at: 'never' }))).toEqual({
      costNanoUsd: null,
      reason: 'invalid_request',
    });
  });

  test('counts whose products leave the safe integers are still exact', () => {
    // 3.3 USD a million tokens = 3300 nano-USD; one more unit of 1 atto-USD makes floats fail.
    const exact = createPricer(listSource(bookOf(3_300_000_000_001n)));
    const input = 1_000_000_000;
    expect(exact.price(request('acme m', { input }))).toMatchObject({ costNanoUsd: 3_300_000_000_001 });
  });

  test('plain numbers and BigInt agree', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 16n),
        fc.integer({ min: 0, max: 10 ** 9 }),
        fc.integer({ min: 0, max: 10 ** 9 }),
        (unit, input, output) => {
          const { price } = createPricer(listSource(bookOf(unit)));
          const exact = (unit * BigInt(input + output) * 2n + 10n ** 9n) / (2n * 10n ** 9n);
          const expected = exact > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(exact);
          expect(price(request('acme m', { input, output })).costNanoUsd).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a cost that no column could hold exactly is refused', () => {
    expect(pricer.price(request('openai gpt-4', { output: Number.MAX_SAFE_INTEGER }))).toEqual({
      costNanoUsd: null,
      reason: 'cost_out_of_range',
    });
  });
});

describe('the cache of resolved models', () => {
  test('resolves a model once, and a miss once', () => {
    let finds = 0;
    const { price } = createPricer(listSource(bookOf(1n, () => finds++)));
    for (let index = 0; index < 100; index++) price(request('acme m', { input: index }));
    expect(finds).toBe(1);
  });

  test('stays bounded when a sender makes names up, and keeps pricing the real ones', () => {
    let finds = 0;
    const { price } = createPricer(listSource(bookOf(10n ** 9n, () => finds++)), { cacheSize: 10 });
    for (let index = 0; index < 1000; index++) {
      price(request(`acme made-up-${index}`, { input: 1 }));
      expect(price(request('acme m', { input: 7 }))).toMatchObject({ costNanoUsd: 7 });
    }
    expect(finds).toBe(1001);
  });

  test('names that run into each other stay apart', () => {
    const first = {
      tenantId: 'default',
      modelProvider: 'ab',
      modelName: 'c',
      serviceTier: null,
      timestampMs: 0,
      tokens: tokens({}),
    };
    const { price } = createPricer(listSource(bookOf(1n)));
    expect(price(first)).toMatchObject({ priceVersion: '1#acme/c' });
    expect(price({ ...first, modelProvider: 'a', modelName: 'bc' })).toMatchObject({
      priceVersion: '1#acme/bc',
    });
    expect(price({ ...first, modelName: '', serviceTier: 'c' })).toEqual({
      costNanoUsd: null,
      reason: 'unknown_service_tier',
    });
  });

  test('names of absurd length are not looked up', () => {
    let finds = 0;
    const { price } = createPricer(listSource(bookOf(1n, () => finds++)));
    expect(price(request(`acme ${'x'.repeat(10_000)}`, {}))).toMatchObject({
      reason: 'unknown_provider_or_model',
    });
    expect(price(request('acme m', {}, { tier: 'x'.repeat(10_000) }))).toMatchObject({
      reason: 'unknown_service_tier',
    });
    expect(finds).toBe(0);
  });
});
