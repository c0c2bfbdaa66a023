import { Type, type Static } from 'typebox';

export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];
export const ALERT_TYPES = [
  'usage_spike',
  'cost_threshold',
  'performance',
  'error_rate',
  'budget',
  'unpriced',
  'no_data',
  'anomaly',
  'custom',
] as const;

export const CHANGE_KINDS = ['firing', 'renotify', 'resolved'] as const;
/** What happened to an alert: it began to fire, it still does, it is over. */
export type ChangeKind = (typeof CHANGE_KINDS)[number];

const MaybeText = Type.Union([Type.String(), Type.Null()]);

/** An alert as `alert_outbox.payload` has it. Times are ISO 8601, `value` and `threshold` in the unit of the metric. */
export const AlertSchema = Type.Object({
  alert_id: Type.Integer(),
  rule_id: Type.Union([Type.Integer(), Type.Null()]),
  rule_name: Type.String(),
  description: Type.String(),
  /** One sentence with the figures. */
  message: MaybeText,
  alert_type: Type.String(),
  severity: Type.Enum(SEVERITIES),
  status: Type.String(),
  metric: Type.String(),
  value: Type.Union([Type.Number(), Type.String(), Type.Null()]),
  threshold: Type.Union([Type.Number(), Type.String(), Type.Null()]),
  operator: MaybeText,
  window_minutes: Type.Union([Type.Number(), Type.Null()]),
  group: Type.Union([Type.Object({ dimension: Type.String(), member: MaybeText }), Type.Null()]),
  started_at: Type.String(),
  resolved_at: MaybeText,
  acknowledged: Type.Union([
    Type.Object({ by: MaybeText, at: MaybeText, note: MaybeText, until: MaybeText }),
    Type.Null(),
  ]),
  evidence_path: MaybeText,
  page_path: MaybeText,
  tenant_id: Type.String(),
});
export type Alert = Static<typeof AlertSchema>;

/** One row of the outbox. */
export interface AlertChange {
  outboxId: number;
  alertId: number;
  kind: ChangeKind;
  alert: Alert;
}

/** The changes of a message with one for each alert, the newest: what fired and resolved while the message waited is resolved. */
export function latestChanges(changes: readonly AlertChange[]): AlertChange[] {
  const latest = new Map<number, AlertChange>();
  for (const change of changes.toSorted((a, b) => a.outboxId - b.outboxId)) {
    // Deleted first, so that the map's order is that of the last changes.
    latest.delete(change.alertId);
    latest.set(change.alertId, change);
  }
  return [...latest.values()];
}
