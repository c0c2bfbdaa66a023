import { expect, test } from '@jest/globals';
import { chargesOf, isInForce, timeOf, type Price } from './price-text.ts';

const price = (more: Partial<Price>): Price =>
  ({
    kind: 'override',
    input_per_mtok: null,
    cache_read_per_mtok: null,
    cache_write_5m_per_mtok: null,
    output_per_mtok: null,
    reasoning_per_mtok: null,
    per_request: null,
    context_tiers: [],
    daily_windows: [],
    unpriced_reason: null,
    discount_percent: null,
    effective_from: null,
    effective_to: null,
    ...more,
  }) as Price;

test('amounts keep all of their digits', () => {
  expect(
    chargesOf(price({ input_per_mtok: '0.000000000001', output_per_mtok: '10', per_request: '0.01' })),
  ).toBe('input $0.000000000001, output $10 a million tokens; $0.01 a call');
});

test('a discount, what is free and what cannot be priced are told apart', () => {
  expect(chargesOf(price({ discount_percent: '12.5' }))).toBe('12.5 % off the list price');
  expect(chargesOf(price({}))).toBe('nothing: free of charge');
  expect(chargesOf(price({ unpriced_reason: 'modality_unknown' }))).toMatch(/^not priced/);
});

test('a price is in force from its begin up to its end, which is not included', () => {
  const row = price({ effective_from: '2026-01-01T00:00:00Z', effective_to: '2026-07-01T00:00:00Z' });
  expect(timeOf(row)).toBe('from 2026-01-01 to 2026-07-01');
  expect(timeOf(price({}))).toBe('since ever');
  expect(isInForce(row, Date.parse('2026-01-01T00:00:00Z'))).toBe(true);
  expect(isInForce(row, Date.parse('2026-07-01T00:00:00Z'))).toBe(false);
  expect(isInForce(row, Date.parse('2025-12-31T23:59:59Z'))).toBe(false);
});
