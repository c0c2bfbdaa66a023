import { expect, test } from '@jest/globals';
import { endCurve, type Forecast } from './end-curve.ts';

const forecast = {
  period: { start: '2026-11-01T00:00:00+01:00', end: '2026-11-06T00:00:00+01:00', timezone: 'Europe/Berlin' },
  history: [
    { date: '2026-10-31', value: '100' },
    { date: '2026-11-01', value: '1.5' },
    { date: '2026-11-02', value: '2' },
  ],
  today: { date: '2026-11-03', so_far: '0.5', mean: '2', lower: '1.5', upper: '3', usual_share: 0.3 },
  forecast: [
    { date: '2026-11-04', mean: '2', lower: '1', upper: '3' },
    { date: '2026-11-05', mean: '2', lower: '0.5', upper: '4' },
  ],
  period_so_far: '4',
  period_total: { mean: '9.5', lower: '8', upper: '11.5' },
} as unknown as Forecast;

test('days before the period are in no sum, and what is spent today is', () => {
  const { dates, spent } = endCurve(forecast);
  expect(dates).toEqual(['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05']);
  expect(spent).toEqual([1.5, 3.5, 4, null, null]);
});

test('the bounds open where the forecast sets out and meet those of the whole period at its end', () => {
  const { expected, lower, upper } = endCurve(forecast);
  expect(expected).toEqual([null, 3.5, 5.5, 7.5, 9.5]);
  expect(lower[1]).toBe(3.5);
  expect(upper[1]).toBe(3.5);
  expect(lower[4]).toBeCloseTo(8, 9);
  expect(upper[4]).toBeCloseTo(11.5, 9);
  expect(lower[2]).toBeLessThan(5.5);
  // The sum of the days' own bounds would be wider: days do not all err to the same side.
  expect(upper[4]).toBeLessThan(3.5 + 3 + 3 + 4);
});
