import { expect, test } from '@jest/globals';
import { changeReason, perCallReason } from './change-reason.ts';
import {
  cacheReadShare,
  costPerMillionTokens,
  costPerThousandCalls,
  knownCost,
  type UsageFigures,
} from './usage-rates.ts';

const before: UsageFigures = {
  total_requests: 1000,
  failed_requests: 5,
  unpriced_requests: 0,
  unpriced_tokens: 0,
  unknown_usage_requests: 0,
  total_tokens_used: 1_200_000,
  input_tokens: 500_000,
  cache_read_tokens: 500_000,
  cache_write_5m_tokens: 0,
  cache_write_1h_tokens: 0,
  output_tokens: 200_000,
  total_cost_usd: '2',
};

test('longer answers are named as the reason of dearer calls', () => {
  expect(changeReason(before, { ...before, output_tokens: 240_000, total_cost_usd: '2.2' })).toBe(
    '10 % dearer each (20 % more output tokens a call)',
  );
});

test('a prompt cache that is missed is named', () => {
  const now = { ...before, input_tokens: 900_000, cache_read_tokens: 100_000, total_cost_usd: '2.6' };
  expect(perCallReason(before, now)).toBe(
    '30 % dearer each (10 % of the input from the prompt cache instead of 50 %)',
  );
});

test('more calls of the same cost are more calls', () => {
  const now = {
    ...before,
    total_requests: 1500,
    input_tokens: 750_000,
    cache_read_tokens: 750_000,
    output_tokens: 300_000,
    total_cost_usd: '3',
  };
  expect(changeReason(before, now)).toBe('50 % more calls');
  expect(perCallReason(before, now)).toBeNull();
});

test('what came, what went and what has no price is said', () => {
  const none = { ...before, total_requests: 0, total_cost_usd: '0' };
  expect(changeReason(none, before)).toBe('not called before');
  expect(changeReason(before, none)).toBe('not called any more');
  expect(changeReason(before, { ...before, unpriced_requests: 1000, total_cost_usd: null })).toBe(
    'its calls have no price',
  );
  expect(changeReason(before, before)).toBe('about the same');
});

test('calls without a price make nothing look cheap, and nothing known is not $0', () => {
  const half = { ...before, unpriced_requests: 500, unpriced_tokens: 600_000 };
  expect(costPerThousandCalls(half)).toBe(4);
  expect(costPerMillionTokens(half)).toBeCloseTo(3.333, 3);
  expect(knownCost({ ...before, unpriced_requests: 996, total_cost_usd: '0' })).toBeNull();
  expect(knownCost({ ...before, total_cost_usd: '0' })).toBe(0);
  expect(cacheReadShare(before)).toBe(50);
});
