import type { Spend } from '../usage/spend.ts';
import { usd } from '../usage/usd.ts';

/** What can be forecast and looked through for anomalies. */
export const FORECAST_MEASURES = ['cost', 'requests', 'tokens'] as const;
export type ForecastMeasure = (typeof FORECAST_MEASURES)[number];
export const UNITS = { cost: 'USD', requests: 'requests', tokens: 'tokens' } as const;

/** In whole numbers: nano-USD, or a count. */
export function amountOf(spend: Spend, measure: ForecastMeasure): bigint {
  if (measure === 'cost') return spend.costNanoUsd;
  return BigInt(measure === 'requests' ? spend.requests : spend.tokens);
}

/** A decimal string: USD of nano-USD, or the count. */
export function amountText(amount: bigint, measure: ForecastMeasure): string {
  return measure === 'cost' ? usd(amount) : amount.toString();
}

/** The same of USD. Six decimals are enough for what is partly an expectation; counts are whole. */
export function valueText(value: number, measure: ForecastMeasure): string {
  return amountText(
    measure === 'cost' ? BigInt(Math.round(value * 1e6)) * 1000n : BigInt(Math.round(value)),
    measure,
  );
}

/** The columns that `valueSql` needs of rollup rows `r`. */
export const VALUE_MEASURES = ['total_cost_nano_usd', 'request_count', 'total_tokens_used'] as const;

const VALUE_SQL = {
  cost: 'coalesce(sum(r.total_cost_nano_usd), 0)::float8 * 1e-9',
  requests: 'coalesce(sum(r.request_count), 0)::float8',
  tokens: 'coalesce(sum(r.total_tokens_used), 0)::float8',
} as const;

/** The sum of rollup rows `r` in USD, requests or tokens, as a floating-point number: for estimates alone. */
export function valueSql(measure: ForecastMeasure): string {
  return VALUE_SQL[measure];
}
