import { calcPrice } from '@pydantic/genai-prices';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bundledProviders, genaiPriceBook } from './genai-book.ts';
import { matchTexts } from './model-match.ts';
import { createPricer, listSource, type PriceRequest, type TokenCounts } from './price.ts';

const pricer = createPricer(listSource(genaiPriceBook()), { cacheSize: 20_000 });

/** Every model of the list under every plain text of its rule. */
const names = bundledProviders.flatMap((provider) =>
  provider.models.flatMap((model) =>
    matchTexts(model.match).map((text) => ({ modelProvider: provider.id, modelName: text })),
  ),
);

const count = fc.oneof(
  { weight: 3, arbitrary: fc.nat(5000) },
  { weight: 2, arbitrary: fc.nat(300_000) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 199_999, 200_000, 200_001, 271_999, 272_000) },
);
const tokenCounts: fc.Arbitrary<TokenCounts> = fc
  .record({
    input: count,
    cacheRead: count,
    cacheWrite5m: count,
    cacheWrite1h: count,
    output: count,
    share: fc.nat(100),
  })
  .map(({ share, ...rest }) => ({ ...rest, reasoning: Math.floor((rest.output * share) / 100) }));
const timestampMs = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2027, 5, 1) });
const serviceTier = fc.constantFrom(null, null, 'batch', 'flex');
const anyRequest: fc.Arbitrary<PriceRequest> = fc
  .record({ name: fc.constantFrom(...names), tokens: tokenCounts, timestampMs, serviceTier })
  .map(({ name, ...rest }) => ({ tenantId: 'default', ...name, ...rest }));

/** The package's own price in nano-USD, a float; null when it has none. */
function packagePrice({ modelProvider, modelName, tokens, timestampMs: ms }: PriceRequest): number | null {
  const writes = tokens.cacheWrite5m + tokens.cacheWrite1h;
  const usage = {
    input_tokens: tokens.input + tokens.cacheRead + writes,
    cache_read_tokens: tokens.cacheRead,
    cache_write_tokens: writes,
    cache_write_5m_tokens: tokens.cacheWrite5m,
    cache_write_1h_tokens: tokens.cacheWrite1h,
    output_tokens: tokens.output,
    output_reasoning_tokens: tokens.reasoning,
  };
  const result = calcPrice(usage, modelName, { providerId: modelProvider, timestamp: new Date(ms) });
  return result === null ? null : result.total_price * 1e9;
}

/** Half a nano-USD of rounding, and what doubles lose. */
function expectSamePrice(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(0.5 + 1e-6 + expected * 1e-11);
}

/** Where this room is right and the package is known not to be: see genai-periods.ts and genai-rates.ts. */
function isKnownDifference({ modelProvider, modelName, timestampMs: ms }: PriceRequest): boolean {
  return modelProvider === 'deepseek' && modelName.startsWith('deepseek-v4') && ms < Date.UTC(2026, 7, 17);
}

describe('pricing against the package itself', () => {
  test('every model at its list price costs what calcPrice says', () => {
    let compared = 0;
    fc.assert(
      fc.property(anyRequest, (request) => {
        // Claude's cache writes without a price have rules of their own, tested below.
        const writes = /claude/i.test(request.modelName) ? { cacheWrite5m: 0, cacheWrite1h: 0 } : {};
        const asked = { ...request, serviceTier: null, tokens: { ...request.tokens, ...writes } };
        if (isKnownDifference(asked)) return;
        const result = pricer.price(asked);
        if (result.costNanoUsd === null) return;
        const expected = packagePrice(asked);
        expect(expected).not.toBeNull();
        expectSamePrice(result.costNanoUsd, expected ?? NaN);
        compared++;
      }),
      { numRuns: 10_000 },
    );
    expect(compared).toBeGreaterThan(6_000);
  });

  test('every single model is compared at least once', () => {
    const unpriced = new Map<string, number>();
    for (const [index, name] of names.entries()) {
      const asked: PriceRequest = {
        tenantId: 'default',
        ...name,
        serviceTier: null,
        timestampMs: Date.UTC(2026, 8, 1) + index * 1_234_567,
        tokens: {
          input: 1009 + index * 150,
          cacheRead: 2003,
          cacheWrite5m: 0,
          cacheWrite1h: 0,
          output: 307,
          reasoning: 101,
        },
      };
      const result = pricer.price(asked);
      if (result.costNanoUsd === null) unpriced.set(result.reason, (unpriced.get(result.reason) ?? 0) + 1);
      else expectSamePrice(result.costNanoUsd, packagePrice(asked) ?? NaN);
    }
    const missing = [...unpriced.values()].reduce((sum, n) => sum + n, 0);
    expect(missing / names.length).toBeLessThan(0.2);
  });

  test("Anthropic's own list needs no rule: cache writes of both kinds cost what calcPrice says", () => {
    const own = names.filter(
      ({ modelProvider, modelName }) => modelProvider === 'anthropic' && !/claude-(?:2|v)/.test(modelName),
    );
    fc.assert(
      fc.property(fc.constantFrom(...own), tokenCounts, timestampMs, (name, tokens, ms) => {
        const asked = { tenantId: 'default', ...name, tokens, timestampMs: ms, serviceTier: null };
        const result = pricer.price(asked);
        if (result.costNanoUsd === null) return;
        expectSamePrice(result.costNanoUsd, packagePrice(asked) ?? NaN);
      }),
    );
  });

  test('wherever else Claude is sold, a one-hour write costs twice its input', () => {
    let seen = 0;
    for (const name of names) {
      if (!/claude/i.test(name.modelName)) continue;
      const cost = (kind: 'input' | 'cacheWrite1h'): number | null =>
        pricer.price({
          tenantId: 'default',
          ...name,
          serviceTier: null,
          timestampMs: Date.UTC(2026, 8, 1),
          tokens: {
            input: 0,
            cacheRead: 0,
            cacheWrite5m: 0,
            cacheWrite1h: 0,
            output: 0,
            reasoning: 0,
            [kind]: 10_000,
          },
        }).costNanoUsd;
      const input = cost('input');
      if (input === null) continue;
      expect({ ...name, cost: cost('cacheWrite1h') }).toEqual({ ...name, cost: 2 * input });
      seen++;
    }
    expect(seen).toBeGreaterThan(100);
  });
});

describe('the parts of a cost', () => {
  test('sum up to the whole exactly, and the whole is that sum rounded once', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const whole = pricer.price(request);
        const explained = pricer.parts(request);
        if (explained.costNanoUsd === null) {
          expect(explained).toEqual(whole);
          return;
        }
        expect(whole).toEqual({
          costNanoUsd: explained.costNanoUsd,
          priceId: explained.priceId,
          discountId: explained.discountId,
          priceSource: explained.priceSource,
          priceVersion: explained.priceVersion,
        });
        let sum = 0n;
        for (const part of explained.parts) {
          expect(part.attoUsd).toBe(BigInt(part.quantity) * part.unitAttoUsd);
          sum += part.attoUsd;
        }
        expect(sum).toBe(explained.attoUsd);
        const rest = sum - BigInt(explained.costNanoUsd) * 1_000_000_000n;
        expect(rest >= -500_000_000n && rest < 500_000_000n).toBe(true);
        const charged = explained.parts.filter(({ kind }) => kind !== 'request');
        const { input, cacheRead, cacheWrite5m, cacheWrite1h, output } = request.tokens;
        expect(charged.reduce((total, part) => total + part.quantity, 0)).toBe(
          input + cacheRead + cacheWrite5m + cacheWrite1h + output,
        );
      }),
      { numRuns: 2000 },
    );
  });

  test('more tokens of any kind never make a call cheaper within a context tier', () => {
    const kinds = ['input', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'output'] as const;
    fc.assert(
      fc.property(anyRequest, fc.constantFrom(...kinds), fc.nat(1000), (request, kind, more) => {
        const less = pricer.price(request).costNanoUsd;
        const tokens = { ...request.tokens, [kind]: request.tokens[kind] + more };
        const cost = pricer.price({ ...request, tokens }).costNanoUsd;
        if (less !== null && cost !== null) expect(cost).toBeGreaterThanOrEqual(less);
      }),
      { numRuns: 1000 },
    );
  });
});
