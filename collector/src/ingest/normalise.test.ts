import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PostedEvent } from './event-schema.ts';
import { parseNanoUsd, parseTimestamp, splitTokens } from './normalise.ts';
import { copyField, formatTimestamp } from './usage-row.ts';

const event = (fields: Partial<PostedEvent>): PostedEvent => ({
  timestamp: '2026-01-01T00:00:00Z',
  model_provider: 'p',
  model_name: 'm',
  ...fields,
});

describe('tokens are split so that each is counted once', () => {
  test('the parts of input sum to what was told (field pain 1)', () => {
    const parts = fc.tuple(fc.nat(1e6), fc.nat(1e6), fc.nat(1e6), fc.nat(1e6), fc.nat(1e6));
    fc.assert(
      fc.property(
        parts,
        ([uncached, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens]) => {
          const input_tokens = uncached + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens;
          const usage = splitTokens(
            event({
              input_tokens,
              cache_read_tokens,
              cache_write_5m_tokens,
              cache_write_1h_tokens,
              output_tokens,
            }),
          );
          expect(usage).toMatchObject({
            inputTokens: uncached,
            tokensUsed: input_tokens + output_tokens,
            usageNote: null,
          });
        },
      ),
    );
  });

  test('no count is ever negative, and the sum is the sum of the parts', () => {
    const count = fc.option(fc.nat(1e6));
    fc.assert(
      fc.property(
        count,
        count,
        count,
        count,
        count,
        count,
        (
          input_tokens,
          cache_read_tokens,
          cache_write_5m_tokens,
          cache_write_1h_tokens,
          output_tokens,
          reasoning_tokens,
        ) => {
          const usage = splitTokens(
            event({
              input_tokens,
              cache_read_tokens,
              cache_write_5m_tokens,
              cache_write_1h_tokens,
              output_tokens,
              reasoning_tokens,
            }),
          );
          const disjoint = [
            usage.inputTokens,
            usage.cacheReadTokens,
            usage.cacheWrite5mTokens,
            usage.cacheWrite1hTokens,
            usage.outputTokens,
          ];
          for (const part of disjoint) expect(part ?? 0).toBeGreaterThanOrEqual(0);
          expect(usage.tokensUsed ?? 0).toBe(disjoint.reduce<number>((sum, part) => sum + (part ?? 0), 0));
          expect(usage.outputTokens ?? 0).toBeGreaterThanOrEqual(usage.reasoningTokens ?? 0);
        },
      ),
    );
  });

  test('reasoning is a part of output, unless it is more than that (field pain 2)', () => {
    expect(splitTokens(event({ output_tokens: 310, reasoning_tokens: 120 }))).toMatchObject({
      outputTokens: 310,
      tokensUsed: 310,
    });
    expect(splitTokens(event({ output_tokens: 100, reasoning_tokens: 400 }))).toMatchObject({
      outputTokens: 500,
      usageNote: 'output_tokens excluded reasoning tokens',
    });
  });

  test('unknown stays unknown', () => {
    expect(splitTokens(event({}))).toMatchObject({ inputTokens: null, outputTokens: null, tokensUsed: null });
    expect(splitTokens(event({ input_tokens: 0 }))).toMatchObject({
      inputTokens: 0,
      outputTokens: null,
      tokensUsed: 0,
    });
  });
});

describe('times', () => {
  test('come back as they were told, to the microsecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2015) * 1000, max: Date.UTC(2100) * 1000 }), (timestampUs) => {
        expect(parseTimestamp(formatTimestamp(timestampUs))).toBe(timestampUs);
      }),
    );
  });

  test.each([
    ['2026-02-29T00:00:00Z', undefined],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29) * 1000],
    ['2026-01-01T24:30:00Z', undefined],
    ['2026-13-01T00:00:00Z', undefined],
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1) * 1000],
    ['2026-01-01t05:30:00.5+05:30', Date.UTC(2026, 0, 1) * 1000 + 500_000],
    ['2026-01-01', undefined],
  ])('%s', (text, timestampUs) => expect(parseTimestamp(text)).toBe(timestampUs));
});

test.each([
  ['0.004', 4_000_000],
  ['142.816', 142_816_000_000],
  ['0.0000000005', 1],
  ['0.00000000049', 0],
  ['9999999', 9_999_999_000_000_000],
])('$%s is %d nano-USD', (text, nano) => expect(parseNanoUsd(text)).toBe(nano));

test('COPY takes any text for what it is', () => {
  expect(copyField('a\tb\nc\\d\re')).toBe('a\\tb\\nc\\\\d\\re');
  expect(copyField('\\N')).toBe('\\\\N');
  expect(copyField(null)).toBe('\\N');
});
