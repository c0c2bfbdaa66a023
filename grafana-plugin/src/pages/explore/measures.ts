import { formatter, toNumber, type Unit } from '../../figures/format.ts';
import { knownCost, type UsageFigures } from '../../panels/usage-rates.ts';

interface Measure {
  label: string;
  unit: Unit;
  /** A sum: parts add up to the total, and shares and contributions mean something. Means do not. */
  isSum: boolean;
  increaseIs: 'good' | 'bad' | 'neutral';
}

/** What members can be ordered by, from the API's `order_by`. */
export const MEASURES = {
  total_cost_usd: { label: 'Cost', unit: 'usd', isSum: true, increaseIs: 'bad' },
  total_requests: { label: 'Requests', unit: 'count', isSum: true, increaseIs: 'neutral' },
  total_tokens_used: { label: 'Tokens', unit: 'count', isSum: true, increaseIs: 'neutral' },
  input_tokens: { label: 'Input tokens, uncached', unit: 'count', isSum: true, increaseIs: 'neutral' },
  cache_read_tokens: {
    label: 'Input tokens, from prompt cache',
    unit: 'count',
    isSum: true,
    increaseIs: 'neutral',
  },
  output_tokens: { label: 'Output tokens', unit: 'count', isSum: true, increaseIs: 'neutral' },
  reasoning_tokens: { label: 'Reasoning tokens', unit: 'count', isSum: true, increaseIs: 'neutral' },
  failed_requests: { label: 'Failed requests', unit: 'count', isSum: true, increaseIs: 'bad' },
  cache_hits: { label: 'Answered by cache', unit: 'count', isSum: true, increaseIs: 'neutral' },
  unpriced_requests: { label: 'Unpriced requests', unit: 'count', isSum: true, increaseIs: 'bad' },
  average_response_time_ms: { label: 'Response time, mean', unit: 'ms', isSum: false, increaseIs: 'bad' },
  average_time_to_first_token_ms: {
    label: 'Time to first token, mean',
    unit: 'ms',
    isSum: false,
    increaseIs: 'bad',
  },
} as const satisfies Record<string, Measure>;

export type MeasureName = keyof typeof MEASURES;
export const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[];

export type Measured = UsageFigures & Record<MeasureName, string | number | null>;

/** null where it is not known: a cost among them of which only calls without a price, and calls that cost nothing, are there. */
export function measureValue(name: MeasureName, figures: Measured): number | null {
  return name === 'total_cost_usd' ? knownCost(figures) : toNumber(figures[name]);
}

export function measureText(name: MeasureName, figures: Measured): string {
  return formatter(MEASURES[name].unit)(measureValue(name, figures));
}

/** The part of the total in percent; null of means, of nothing, and where either is not known. */
export function shareOf(name: MeasureName, figures: Measured, total: Measured): number | null {
  const [part, whole] = [measureValue(name, figures), measureValue(name, total)];
  return !MEASURES[name].isSum || part === null || whole === null || whole === 0
    ? null
    : (100 * part) / whole;
}
