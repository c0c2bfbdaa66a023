import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reasonsOf, splitOf, type PartFigures } from './reasons.ts';

const part = (changes: Partial<PartFigures>): PartFigures => ({
  total_requests: 100,
  unpriced_requests: 0,
  total_cost_usd: '10',
  input_tokens: 50_000,
  cache_read_tokens: 0,
  cache_write_5m_tokens: 0,
  cache_write_1h_tokens: 0,
  output_tokens: 20_000,
  ...changes,
});

test('more calls and dearer calls add up to the change, whatever it is', () => {
  const figures = fc.record({
    total_requests: fc.integer({ min: 1, max: 1e6 }),
    cents: fc.integer({ min: 0, max: 1e8 }),
  });
  fc.assert(
    fc.property(figures, figures, (before, now) => {
      const [previous, current] = [before, now].map(({ total_requests, cents }) =>
        part({ total_requests, total_cost_usd: String(cents / 100) }),
      ) as [PartFigures, PartFigures];
      const split = splitOf(previous, current);
      expect((split?.byCallsUsd ?? NaN) + (split?.byPriceUsd ?? NaN)).toBeCloseTo(
        (now.cents - before.cents) / 100,
        3,
      );
    }),
  );
});

test('a prompt whose answers doubled is told to be dearer by the call, because of its output', () => {
  const reasons = reasonsOf(part({}), part({ total_cost_usd: '15', output_tokens: 40_000 }));
  expect(reasons[0]).toEqual({
    title: '±$0.00 by the number of calls',
    text: '100 before, 100 now (±0 %).',
  });
  expect(reasons[1]?.title).toBe('+$5.00 by the cost of a call');
  expect(reasons[1]?.text).toBe('$0.10 before, $0.15 now (+50 %).');
  expect(reasons[2]?.text).toBe('output 200 → 400 (+100 %).');
});

test('calls without a price make no call look cheaper', () => {
  const split = splitOf(part({}), part({ total_requests: 200, unpriced_requests: 100 }));
  expect(split?.now).toBe(split?.before);
});

test('a part that is new has nothing to be compared with', () => {
  const nothing = part({ total_requests: 0, total_cost_usd: null, input_tokens: 0, output_tokens: 0 });
  expect(splitOf(nothing, part({}))).toBeNull();
  expect(reasonsOf(nothing, part({}))).toEqual([]);
});
