import { expect, test } from '@jest/globals';
import { changesOf, perDay } from './change.ts';
import { nanoUsdOf } from './figure-kinds.ts';
import { NO_FIGURES, type Figures } from './figures.ts';

const figures = (some: Partial<Figures>): Figures => ({ ...NO_FIGURES, ...some });

test('money changes by exact decimals, beyond what a floating-point number holds', () => {
  const change = changesOf(
    figures({ total_cost_usd: '90071992547.409930001' }),
    figures({ total_cost_usd: '0.000000002' }),
    { current: 1, previous: 1 },
  );
  expect(change.total_cost_usd.absolute).toBe('90071992547.409929999');
  const down = changesOf(figures({ total_cost_usd: '1.5' }), figures({ total_cost_usd: '2' }), {
    current: 1,
    previous: 1,
  });
  expect(down.total_cost_usd).toEqual({ absolute: '-0.5', percent: -25, percent_per_day: -25 });
});

test('what is not known is no change, and nothing grows from 0 by a percentage', () => {
  const change = changesOf(
    figures({ total_cost_usd: null, total_requests: 3, average_response_time_ms: 5, success_rate: 90 }),
    figures({ total_cost_usd: '2', total_requests: 0, average_response_time_ms: null, success_rate: 100 }),
    { current: 1, previous: 2 },
  );
  expect(change.total_cost_usd).toEqual({ absolute: null, percent: null, percent_per_day: null });
  expect(change.total_requests).toEqual({ absolute: 3, percent: null, percent_per_day: null });
  expect(change.average_response_time_ms).toEqual({ absolute: null, percent: null, percent_per_day: null });
  // A rate is no sum: it does not grow with the length of the period.
  expect(change.success_rate).toEqual({ absolute: -10, percent: -10, percent_per_day: -10 });
});

test('periods of unlike lengths are compared by the day too', () => {
  const days = { current: 31, previous: 28 };
  const [current, previous] = [figures({ total_requests: 310 }), figures({ total_requests: 280 })];
  expect(changesOf(current, previous, days).total_requests).toEqual({
    absolute: 30,
    percent: 10.7143,
    percent_per_day: 0,
  });
  expect(perDay(figures({ total_requests: 310, total_cost_usd: '1' }), 31)).toMatchObject({
    total_requests: 10,
    total_cost_usd: '0.032258065',
    reported_cost_usd: null,
  });
});

test.each([
  ['0', 0n],
  ['1', 1_000_000_000n],
  ['-0.5', -500_000_000n],
  ['12.000000001', 12_000_000_001n],
])('%s USD are %s nano-USD', (text, nano) => {
  expect(nanoUsdOf(text)).toBe(nano);
});
