import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { costChangeParts } from './cost-change.ts';
import type { UsageFigures } from './usage-rates.ts';

function calls(total_requests: number, cost: number | null, unpriced_requests = 0): UsageFigures {
  return {
    total_requests,
    failed_requests: 0,
    unpriced_requests,
    unpriced_tokens: 0,
    unknown_usage_requests: 0,
    total_tokens_used: 0,
    input_tokens: 0,
    cache_read_tokens: 0,
    cache_write_5m_tokens: 0,
    cache_write_1h_tokens: 0,
    output_tokens: 0,
    total_cost_usd: cost === null ? null : String(cost),
  };
}

describe('why a cost changed', () => {
  test('twice the calls at the same price are more calls and nothing else', () => {
    const parts = costChangeParts([{ label: '1', previous: calls(10, 5), current: calls(20, 10) }]);
    expect(parts).toMatchObject({ change: 5, moreCalls: 5, mix: 0, dearerCalls: 0 });
  });

  test('a version that costs more by itself is told by its name', () => {
    const parts = costChangeParts([
      { label: '1', previous: calls(10, 5), current: calls(10, 5) },
      { label: '2', previous: calls(10, 5), current: calls(10, 8) },
    ]);
    expect(parts).toMatchObject({ change: 3, moreCalls: 0, dearerCalls: 3 });
    expect(parts?.byGroup[0]).toEqual({ label: '2', usd: 3 });
  });

  test('a dearer version in place of an older one is a change of what is called, not of what it costs', () => {
    const parts = costChangeParts([
      { label: '1', previous: calls(10, 5), current: calls(0, 0) },
      { label: '2', previous: calls(0, null), current: calls(10, 9) },
    ]);
    expect(parts).toMatchObject({ change: 4, moreCalls: 0, mix: 4, dearerCalls: 0 });
  });

  test('calls without a price are in no part', () => {
    const parts = costChangeParts([{ label: '1', previous: calls(10, 5), current: calls(110, 5, 100) }]);
    expect(parts).toMatchObject({ change: 0, moreCalls: 0, dearerCalls: 0 });
  });

  test('what has no price in a period cannot be explained', () => {
    expect(
      costChangeParts([{ label: '1', previous: calls(10, 5), current: calls(10, null, 10) }]),
    ).toBeNull();
    // Two calls that the application's own cache answered cost nothing; the other eight are not known.
    expect(costChangeParts([{ label: '1', previous: calls(10, 5), current: calls(10, 0, 8) }])).toBeNull();
  });

  test('the parts always add up to the change', () => {
    const period = fc
      .record({
        priced: fc.integer({ min: 0, max: 1000 }),
        unpriced: fc.integer({ min: 0, max: 50 }),
        rate: fc.integer({ min: 0, max: 1000 }),
      })
      .map(({ priced, unpriced, rate }) => calls(priced + unpriced, (priced * rate) / 1000, unpriced));
    fc.assert(
      fc.property(
        fc.array(fc.record({ previous: period, current: period }), { minLength: 1, maxLength: 6 }),
        (periods) => {
          const segments = periods.map((one, index) => ({ label: String(index), ...one }));
          const parts = costChangeParts(segments);
          if (!parts) return;
          const sum = (of: 'previous' | 'current') =>
            segments.reduce((total, segment) => total + Number(segment[of].total_cost_usd), 0);
          expect(parts.change).toBeCloseTo(sum('current') - sum('previous'), 6);
          expect(parts.moreCalls + parts.mix + parts.dearerCalls).toBeCloseTo(parts.change, 6);
        },
      ),
    );
  });
});
