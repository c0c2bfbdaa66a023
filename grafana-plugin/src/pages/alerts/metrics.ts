import { count, duration, percent, usd, type Unit } from '../../figures/format.ts';
import { dimensionLabel, memberLabel } from '../../filters/dimensions.ts';
import type { Alert, Rule } from './alert-types.ts';

export type MetricName = Rule['metric'];

interface Metric {
  label: string;
  unit: Unit;
  /** What a threshold is typed in. */
  typedIn: string;
  /** Budgets and anomalies have periods and baselines of their own. */
  kind: 'usage' | 'percentile' | 'budget' | 'anomaly';
}

const usage = (label: string, unit: Unit, typedIn: string): Metric => ({
  label,
  unit,
  typedIn,
  kind: 'usage',
});
const ofTime = (label: string, kind: Metric['kind'] = 'percentile'): Metric => ({
  label,
  unit: 'ms',
  typedIn: 'milliseconds',
  kind,
});
const ofPercent = (label: string, kind: Metric['kind']): Metric => ({
  label,
  unit: 'percent',
  typedIn: 'percent',
  kind,
});

/** What a rule can watch, in people's words. The registry is the collector's; the type holds the two together. */
export const METRICS: Record<MetricName, Metric> = {
  cost_usd: usage('Cost', 'usd', 'US dollars'),
  cost_per_request_usd: usage('Cost of a call', 'usd', 'US dollars'),
  requests: usage('Calls', 'count', 'calls'),
  failed_requests: usage('Failed calls', 'count', 'calls'),
  unpriced_requests: usage('Calls without a price', 'count', 'calls'),
  tokens: usage('Tokens', 'count', 'tokens'),
  output_tokens: usage('Output tokens', 'count', 'tokens'),
  error_rate: ofPercent('Error rate', 'usage'),
  cache_hit_rate: ofPercent('Answered by cache', 'usage'),
  prompt_cache_hit_rate: ofPercent('Input from the prompt cache', 'usage'),
  response_time_mean_ms: ofTime('Mean response time', 'usage'),
  time_to_first_token_mean_ms: ofTime('Mean time to the first token', 'usage'),
  response_time_p50_ms: ofTime('Response time, median'),
  response_time_p90_ms: ofTime('Response time, 90th percentile'),
  response_time_p95_ms: ofTime('Response time, 95th percentile'),
  response_time_p99_ms: ofTime('Response time, 99th percentile'),
  budget_used_percent: ofPercent('Budget used', 'budget'),
  budget_forecast_percent: ofPercent('Budget expected at the end', 'budget'),
  anomaly_cost_percent: ofPercent('Cost above the usual', 'anomaly'),
  anomaly_requests_percent: ofPercent('Calls above the usual', 'anomaly'),
  anomaly_tokens_percent: ofPercent('Tokens above the usual', 'anomaly'),
};

function metricOf(name: string): Metric | undefined {
  return Object.hasOwn(METRICS, name) ? METRICS[name as MetricName] : undefined;
}

/** A value in its metric's unit. */
export function valueText(metric: string, value: number | null): string {
  switch (metricOf(metric)?.unit) {
    case 'usd':
      return usd(value);
    case 'percent':
      return percent(value);
    case 'ms':
      return duration(value);
    default:
      return count(value);
  }
}

/** How long something took. */
export function secondsText(seconds: number | null): string {
  return seconds === null ? '–' : duration(seconds * 1000);
}

const SPANS: [minutes: number, unit: string][] = [
  [1440, 'day'],
  [60, 'hour'],
  [1, 'minute'],
];

/** "15 minutes", "1 day". */
function spanText(minutes: number): string {
  const [size, unit] = SPANS.find(([length]) => minutes % length === 0) ?? [1, 'minute'];
  const units = minutes / size;
  return `${units} ${unit}${units === 1 ? '' : 's'}`;
}

/** Of what is looked at in windows, their length. */
function inSpan({ kind }: Metric, minutes: number | null): string {
  return kind === 'budget' || kind === 'anomaly' || minutes === null ? '' : ` in ${spanText(minutes)}`;
}

/** A threshold that is a factor: "3 times the usual". */
function timesText(factor: number, baseline: string): string {
  return `${count(factor)} times ${baseline === 'previous_window' ? 'the window before' : 'the usual'}`;
}

export const OPERATOR_WORDS: Record<Rule['operator'], string> = {
  '>': 'above',
  '>=': 'at or above',
  '<': 'below',
  '<=': 'at or below',
};

/** What a rule says: "Error rate above 5 % in 15 minutes, by model". */
export function conditionText(rule: Rule): string {
  const metric = METRICS[rule.metric];
  const limit =
    rule.baseline === null
      ? valueText(rule.metric, rule.threshold)
      : timesText(rule.threshold, rule.baseline);
  const span = inSpan(metric, rule.window_duration);
  const by = rule.group_by === null ? '' : `, by ${dimensionLabel(rule.group_by).toLowerCase()}`;
  return `${metric.label} ${OPERATOR_WORDS[rule.operator]} ${limit}${span}${by}`;
}

/** Whom an alert is of: "Model gpt-4o". */
export function groupText(alert: Pick<Alert, 'group'>): string | null {
  if (alert.group === null) return null;
  const { dimension, member } = alert.group;
  if (dimension === 'budget') return `Budget ${member ?? '–'}`;
  return `${dimensionLabel(dimension)} ${memberLabel(dimension, member)}`;
}

/** The value against its threshold; alerts of Grafana have their own words. */
export function againstText(alert: Alert): string {
  const metric = metricOf(alert.metric);
  if (!metric || alert.operator === null || alert.threshold === null) return alert.message;
  const span = inSpan(metric, alert.window_minutes);
  if (alert.is_no_data) return `No calls${span}`;
  const limit =
    alert.baseline === null
      ? valueText(alert.metric, alert.threshold)
      : `${timesText(alert.threshold, alert.baseline)} (${valueText(alert.metric, alert.baseline_value)})`;
  return `${metric.label} ${valueText(alert.metric, alert.value)}${span}; fires ${OPERATOR_WORDS[alert.operator]} ${limit}`;
}
