import type { Answer } from '../../../api/use-api.ts';
import { toNumber } from '../../../figures/format.ts';

export type Forecast = Answer<'/v1/analytics/usage/forecast'>;

/** What is used by the end of each day of a period, summed up; null where a curve does not go. */
export interface EndCurve {
  /** Local dates, YYYY-MM-DD. */
  dates: string[];
  spent: (number | null)[];
  expected: (number | null)[];
  lower: (number | null)[];
  upper: (number | null)[];
}

/**
 * Sums a forecast up over its period. The bounds of a sum are not the sums of the bounds of its days: only those of the end are known, so the days'
 * own distances are scaled to meet them there. Before the end the bounds are drawn, not computed.
 */
export function endCurve(forecast: Forecast): EndCurve {
  const start = forecast.period.start.slice(0, 10);
  const past = forecast.history.filter(({ date }) => date >= start);
  const { today } = forecast;
  const ahead = [today, ...forecast.forecast];
  const end = forecast.period_total;

  const curve: EndCurve = { dates: [], spent: [], expected: [], lower: [], upper: [] };
  const add = (
    date: string,
    spent: number | null,
    expected: number | null,
    lower: number | null,
    upper: number | null,
  ): void => {
    curve.dates.push(date);
    curve.spent.push(spent);
    curve.expected.push(expected);
    curve.lower.push(lower);
    curve.upper.push(upper);
  };

  let sum = 0;
  past.forEach(({ date, value }, index) => {
    sum += toNumber(value) ?? 0;
    // The last day that is over is where the forecast sets out.
    const from = index === past.length - 1 ? sum : null;
    add(date, sum, from, from, from);
  });

  const distance = (side: 'lower' | 'upper', day: (typeof ahead)[number]): number | null => {
    const [bound, mean] = [toNumber(day[side]), toNumber(day.mean)];
    return bound === null || mean === null ? null : Math.abs(bound - mean);
  };
  const scale = (side: 'lower' | 'upper'): number | null => {
    const [bound, mean] = [toNumber(end[side]), toNumber(end.mean)];
    const days = ahead.reduce((total, day) => total + (distance(side, day) ?? 0), 0);
    if (bound === null || mean === null) return null;
    return days === 0 ? 0 : Math.abs(bound - mean) / days;
  };
  const [down, up] = [scale('lower'), scale('upper')];
  let [expected, below, above] = [sum, 0, 0];
  for (const day of ahead) {
    expected += toNumber(day.mean) ?? 0;
    below += distance('lower', day) ?? 0;
    above += distance('upper', day) ?? 0;
    add(
      day.date,
      day === today ? toNumber(forecast.period_so_far) : null,
      expected,
      down === null ? null : expected - below * down,
      up === null ? null : expected + above * up,
    );
  }
  return curve;
}
