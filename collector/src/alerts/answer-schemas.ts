import { Type } from 'typebox';
import { nullable } from '../http/schema-parts.ts';
import { PeriodSchema } from '../usage/answer-parts.ts';
import { STATUSES } from './advance.ts';
import { TIMELINE_KINDS } from './notices.ts';
import { ALERT_TYPES, BASELINES, OPERATORS, SEVERITIES } from './rule.ts';

const Time = Type.String({ format: 'date-time' });
const Value = nullable(Type.Number());

export const AlertSchema = Type.Object({
  alert_id: Type.Integer(),
  tenant_id: Type.String(),
  source: Type.Enum(['rule', 'grafana'] as const, { description: 'Who evaluates it' }),
  rule_id: nullable(Type.Integer(), 'null: the rule is deleted, or Grafana has it'),
  rule_name: Type.String(),
  description: Type.String(),
  alert_type: Type.Enum(ALERT_TYPES),
  severity: Type.Enum(SEVERITIES),
  status: Type.Enum(STATUSES),
  metric: Type.String(),
  operator: nullable(Type.Enum(OPERATORS)),
  threshold: Value,
  window_minutes: nullable(Type.Integer()),
  baseline: nullable(Type.Enum(BASELINES)),
  group: nullable(
    Type.Object({ dimension: Type.String(), member: nullable(Type.String()) }),
    'The member that it is of; null: of all together',
  ),
  message: Type.String({ description: 'What holds, in a sentence' }),
  is_no_data: Type.Boolean({ description: 'It fired because there was no request in the window' }),
  value: nullable(Type.Number(), 'Of the last look'),
  baseline_value: nullable(Type.Number(), 'What the value is compared with, where the rule has a baseline'),
  first_value: nullable(Type.Number(), 'When it fired'),
  peak_value: nullable(Type.Number(), 'The furthest past the threshold'),
  window_start: nullable(Time, 'The window that the value is of'),
  window_end: nullable(Time),
  pending_since: nullable(Time, 'Since when the condition holds'),
  started_at: nullable(Time, 'When it fired; null while it is pending'),
  resolved_at: nullable(Time),
  resolved_by: nullable(Type.String(), 'null: the condition ended'),
  resolve_reason: nullable(Type.String()),
  acknowledged: nullable(
    Type.Object({
      by: Type.String(),
      at: Time,
      note: nullable(Type.String()),
      until: nullable(Time, 'null: until it is over'),
    }),
  ),
  time_to_acknowledge_seconds: nullable(Type.Integer(), 'From started_at to the first acknowledgement'),
  time_to_resolve_seconds: nullable(Type.Integer()),
  notification_count: Type.Integer(),
  last_notified_at: nullable(Time),
  evidence_path: nullable(
    Type.String(),
    'Path of the API that answers with the number, of exactly its window',
  ),
  page_path: Type.String({ description: 'Path of the page that shows it' }),
  labels: Type.Record(Type.String(), Type.String(), { description: "Of Grafana's alerts" }),
  links: Type.Record(Type.String(), Type.String(), {
    description: "Of Grafana's alerts: rule, silence, dashboard, panel",
  }),
});

const TimelineSchema = Type.Array(
  Type.Object({
    at: Time,
    kind: Type.Enum(TIMELINE_KINDS),
    by: nullable(Type.String(), 'null: the evaluator'),
    note: nullable(Type.String()),
    value: Value,
  }),
);

export const AlertWithTimelineSchema = Type.Object({ ...AlertSchema.properties, timeline: TimelineSchema });

const Seconds = Type.Object({ mean: Value, median: Value });
const TimesProperties = {
  alerts: Type.Integer({ description: 'That started in the period' }),
  acknowledged: Type.Integer(),
  resolved: Type.Integer(),
  time_to_acknowledge_seconds: Seconds,
  time_to_resolve_seconds: Seconds,
};
const BySeverity = Type.Object({
  low: Type.Integer(),
  medium: Type.Integer(),
  high: Type.Integer(),
  critical: Type.Integer(),
});

export const OpenCountsSchema = Type.Object(
  {
    pending: Type.Integer(),
    firing: Type.Integer(),
    acknowledged: Type.Integer({ description: 'Of the firing ones' }),
    by_severity: BySeverity,
  },
  { description: 'How many alerts are open now, whatever the list is narrowed to' },
);

export const AlertTrendsSchema = Type.Object({
  period: PeriodSchema,
  total: Type.Object(TimesProperties),
  by_severity: Type.Array(Type.Object({ severity: Type.Enum(SEVERITIES), ...TimesProperties })),
  by_rule: Type.Array(
    Type.Object({
      rule_id: nullable(Type.Integer()),
      rule_name: Type.String(),
      severity: Type.Enum(SEVERITIES),
      ...TimesProperties,
    }),
  ),
  other_rules: Type.Object({ rules: Type.Integer(), alerts: Type.Integer() }),
  time_series: Type.Array(
    Type.Object({ timestamp: Type.String(), alerts: Type.Integer(), by_severity: BySeverity }),
  ),
});
