import type { NoticeKind } from '../alerts/notices.ts';
import type { Severity } from '../alerts/rule.ts';

/** An alert as `alert_outbox.payload` has it. Times are ISO 8601, `value` and `threshold` in the unit of the metric. */
export interface Alert {
  alert_id: number;
  rule_id: number | null;
  rule_name: string;
  description: string;
  /** One sentence with the figures. */
  message: string | null;
  alert_type: string;
  severity: Severity;
  status: string;
  metric: string;
  value: number | string | null;
  threshold: number | string | null;
  operator: string | null;
  window_minutes: number | null;
  group: { dimension: string; member: string | null } | null;
  started_at: string;
  resolved_at: string | null;
  acknowledged: { by: string | null; at: string | null; note: string | null; until: string | null } | null;
  evidence_path: string | null;
  page_path: string | null;
  tenant_id: string;
}

/** One row of the outbox. */
export interface AlertChange {
  outboxId: number;
  alertId: number;
  kind: NoticeKind;
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
