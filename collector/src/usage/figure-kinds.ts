import type { FIGURE_COLUMNS, FigureName } from './figures.ts';
import { usd } from './usd.ts';

/**
 * The figures that are sums, so that parts add up, and the column of rollup rows that each is the sum of. Figures that are not here are averages and
 * rates.
 */
export const SUM_COLUMNS = {
  total_requests: 'request_count',
  successful_requests: 'successful_requests',
  failed_requests: 'failed_requests',
  cache_hits: 'cache_hits',
  total_tokens_requested: 'total_tokens_requested',
  total_tokens_used: 'total_tokens_used',
  input_tokens: 'input_tokens',
  cache_read_tokens: 'cache_read_tokens',
  cache_write_5m_tokens: 'cache_write_5m_tokens',
  cache_write_1h_tokens: 'cache_write_1h_tokens',
  output_tokens: 'output_tokens',
  reasoning_tokens: 'reasoning_tokens',
  total_cost_usd: 'total_cost_nano_usd',
  unpriced_requests: 'unpriced_requests',
  unpriced_tokens: 'unpriced_tokens',
  unknown_usage_requests: 'unknown_usage_requests',
  reported_cost_usd: 'reported_cost_nano_usd',
} as const satisfies Partial<Record<FigureName, (typeof FIGURE_COLUMNS)[number]>>;
export type SumFigure = keyof typeof SUM_COLUMNS;
export const SUM_FIGURES = Object.keys(SUM_COLUMNS) as SumFigure[];

/** Whether a figure is USD, a decimal string in answers; all others are numbers. */
export function isMoney(name: FigureName): boolean {
  return name === 'total_cost_usd' || name === 'reported_cost_usd';
}

export function isSum(name: FigureName): name is SumFigure {
  return Object.hasOwn(SUM_COLUMNS, name);
}

/** The nano-USD of a decimal string of USD. */
export function nanoUsdOf(text: string): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  const nano = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return sign === '' ? nano : -nano;
}

/** A sum in whole numbers: nano-USD, or a count; null where it is not known. */
export function wholeOf(name: SumFigure, value: string | number | null): bigint | null {
  if (value === null) return null;
  return isMoney(name) ? nanoUsdOf(String(value)) : BigInt(value);
}

/** The value as answers have it: a decimal string of USD, or a number. */
export function valueOf(name: SumFigure, whole: bigint): string | number {
  return isMoney(name) ? usd(whole) : Number(whole);
}
