import type { Answer } from '../../api/use-api.ts';

export type Alerts = Answer<'/v1/analytics/alerts'>;
export type Alert = Alerts['alerts'][number];
export type AlertInDetail = Answer<'/v1/analytics/alerts/{alert_id}'>;
export type TimelineEntry = AlertInDetail['timeline'][number];
export type Rule = Answer<'/v1/analytics/alert-rules'>['rules'][number];
export type Severity = Alert['severity'];

/** The gravest first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const satisfies Severity[];
export const SEVERITY_LABELS: Record<Severity, string> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
};

export const ALERT_TYPES = {
  usage_spike: 'Usage spike',
  cost_threshold: 'Cost',
  performance: 'Performance',
  error_rate: 'Errors',
  budget: 'Budget',
  unpriced: 'Usage without a price',
  no_data: 'Silence',
  anomaly: 'Anomaly',
  custom: 'Other',
} as const satisfies Record<Alert['alert_type'], string>;
