import type { FIGURE_COLUMNS, Figures } from '../usage/figures.ts';

/**
 * What a rule can judge: the closed registry. Values come from the figures and latency buckets that every answer is made of, so an alert and the view
 * that it links to show the same number.
 */
export type AlertMetric = FigureMetric | PercentileMetric | BudgetMetric | AnomalyMetric;

interface Described {
  description: string;
  unit: 'requests' | 'tokens' | 'usd' | 'percent' | 'ms';
}
/** A sum only grows while its window fills up; a rate may go either way. */
export interface FigureMetric extends Described {
  from: 'figures';
  isSum: boolean;
  value: (figures: Figures) => number | null;
  /** The column whose largest members are looked at where a rule is grouped. */
  weight: (typeof FIGURE_COLUMNS)[number];
}
export interface PercentileMetric extends Described {
  from: 'latency';
  isSum: false;
  quantile: number;
}
export interface BudgetMetric extends Described {
  from: 'budgets';
  isSum: false;
  of: 'spent' | 'forecast';
}
export interface AnomalyMetric extends Described {
  from: 'anomalies';
  isSum: false;
  measure: 'cost' | 'requests' | 'tokens';
}

const sum = (
  unit: Described['unit'],
  description: string,
  weight: FigureMetric['weight'],
  value: FigureMetric['value'],
): FigureMetric => ({ from: 'figures', isSum: true, unit, description, weight, value });
const rate = (
  unit: Described['unit'],
  description: string,
  value: FigureMetric['value'],
  weight: FigureMetric['weight'] = 'request_count',
): FigureMetric => ({ from: 'figures', isSum: false, unit, description, weight, value });
const percentile = (percent: number): PercentileMetric => ({
  from: 'latency',
  isSum: false,
  unit: 'ms',
  description: `${percent}th percentile of the response time, true within 4.4 %`,
  quantile: percent / 100,
});
const anomaly = (measure: AnomalyMetric['measure']): AnomalyMetric => ({
  from: 'anomalies',
  isSum: false,
  unit: 'percent',
  description: `How far the ${measure} of the hours or days just over are above the same ones of the last four weeks, where that is no chance`,
  measure,
});
const share = (part: number, whole: number): number | null => (whole === 0 ? null : (part * 100) / whole);

export const ALERT_METRICS = {
  requests: sum('requests', 'LLM calls', 'request_count', (of) => of.total_requests),
  failed_requests: sum('requests', 'Calls with status error', 'failed_requests', (of) => of.failed_requests),
  unpriced_requests: sum(
    'requests',
    'Calls without a known cost',
    'unpriced_requests',
    (of) => of.unpriced_requests,
  ),
  tokens: sum('tokens', 'Tokens used', 'total_tokens_used', (of) => of.total_tokens_used),
  output_tokens: sum('tokens', 'Output tokens', 'output_tokens', (of) => of.output_tokens),
  cost_usd: sum('usd', 'Cost of the priced calls', 'total_cost_nano_usd', (of) =>
    of.total_cost_usd === null ? null : Number(of.total_cost_usd),
  ),
  cost_per_request_usd: rate('usd', 'Mean cost of a priced call', (of) => {
    const priced = of.total_requests - of.unpriced_requests;
    return of.total_cost_usd === null || priced === 0 ? null : Number(of.total_cost_usd) / priced;
  }),
  error_rate: rate(
    'percent',
    'Failed of all calls',
    (of) => share(of.failed_requests, of.total_requests),
    'failed_requests',
  ),
  cache_hit_rate: rate('percent', "Calls answered by the application's own response cache", (of) =>
    share(of.cache_hits, of.total_requests),
  ),
  prompt_cache_hit_rate: rate('percent', "Input tokens read from the provider's prompt cache", (of) =>
    share(
      of.cache_read_tokens,
      of.input_tokens + of.cache_read_tokens + of.cache_write_5m_tokens + of.cache_write_1h_tokens,
    ),
  ),
  response_time_mean_ms: rate('ms', 'Mean response time', (of) => of.average_response_time_ms),
  time_to_first_token_mean_ms: rate(
    'ms',
    'Mean time to the first token of streams',
    (of) => of.average_time_to_first_token_ms,
  ),
  response_time_p50_ms: percentile(50),
  response_time_p90_ms: percentile(90),
  response_time_p95_ms: percentile(95),
  response_time_p99_ms: percentile(99),
  budget_used_percent: {
    from: 'budgets',
    isSum: false,
    unit: 'percent',
    description: "Spent part of a budget's amount in its current period",
    of: 'spent',
  },
  budget_forecast_percent: {
    from: 'budgets',
    isSum: false,
    unit: 'percent',
    description: 'What the end of the period is expected to bring, of the amount',
    of: 'forecast',
  },
  anomaly_cost_percent: anomaly('cost'),
  anomaly_requests_percent: anomaly('requests'),
  anomaly_tokens_percent: anomaly('tokens'),
} as const satisfies Record<string, AlertMetric>;

export type AlertMetricName = keyof typeof ALERT_METRICS;
export const ALERT_METRIC_NAMES = Object.keys(ALERT_METRICS) as AlertMetricName[];

export function metricOf(name: AlertMetricName): AlertMetric {
  return ALERT_METRICS[name];
}

/** A value for people: "$12.50", "7.3 %", "1,840 ms". */
export function sayValue(value: number, { unit }: Described): string {
  const number = value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 1 ? 6 : 2 });
  if (unit === 'usd') return `$${number}`;
  if (unit === 'percent') return `${number} %`;
  return `${number} ${unit}`;
}
