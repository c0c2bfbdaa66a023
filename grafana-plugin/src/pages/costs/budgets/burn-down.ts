import { toNumber } from '../../../figures/format.ts';
import { endCurve, type EndCurve, type Forecast } from '../spend/end-curve.ts';

/** What is left of a budget by the end of each day of its period, with what is expected to be left. Below 0 it is overspent. */
export function burnDown(forecast: Forecast, limit: string): EndCurve & { even: number[] } {
  const most = toNumber(limit) ?? 0;
  const curve = endCurve(forecast);
  const left = (values: (number | null)[]): (number | null)[] =>
    values.map((value) => (value === null ? null : most - value));
  const days = curve.dates.length;
  return {
    dates: curve.dates,
    spent: left(curve.spent),
    expected: left(curve.expected),
    // Much spent is little left.
    lower: left(curve.upper),
    upper: left(curve.lower),
    even: curve.dates.map((_date, index) => most * (1 - (index + 1) / days)),
  };
}
