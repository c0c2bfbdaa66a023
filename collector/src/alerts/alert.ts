import type { Static } from 'typebox';
import type { Filters } from '../usage/filters.ts';
import type { AlertState } from './advance.ts';
import { ALERT_METRICS, sayValue, type AlertMetricName } from './alert-metrics.ts';
import type { AlertSchema } from './answer-schemas.ts';
import { evidenceOf } from './evidence.ts';
import type { Handling } from './notices.ts';
import type { AlertType, Baseline, Operator, Severity } from './rule.ts';

/** A row of `alerts`. */
export interface AlertRow {
  alert_id: number;
  tenant_id: string;
  source: 'rule' | 'grafana';
  alert_rule_id: number | null;
  rule_version: number | null;
  rule_name: string;
  description: string;
  alert_type: AlertType;
  severity: Severity;
  /** Of Grafana's alerts: `grafana`. */
  metric: string;
  operator: Operator | null;
  threshold: number | null;
  window_duration: number | null;
  baseline: Baseline | null;
  filters: Filters;
  dimension: string | null;
  member: string | null;
  member_key: string;
  budget_id: number | null;
  status: AlertState['status'];
  is_no_data: boolean;
  value: number | null;
  baseline_value: number | null;
  first_value: number | null;
  peak_value: number | null;
  window_start: Date | null;
  window_end: Date | null;
  pending_since: Date | null;
  breached_until: Date | null;
  started_at: Date | null;
  resolved_at: Date | null;
  resolved_by: string | null;
  resolve_reason: string | null;
  is_held_down: boolean;
  acknowledged_at: Date | null;
  acknowledged_by: string | null;
  acknowledged_note: string | null;
  acknowledged_until: Date | null;
  first_acknowledged_at: Date | null;
  notified_at: Date | null;
  notification_count: number;
  owed: Handling['owed'];
  fingerprint: string | null;
  labels: Record<string, string>;
  links: Record<string, string>;
  created_at: Date;
  change_id: number;
}

export const ALERT_COLUMNS = `alert_id, tenant_id, source, alert_rule_id, rule_version, rule_name, description, alert_type, severity, metric, operator,
  threshold, window_duration, baseline, filters, dimension, member, member_key, budget_id, status, is_no_data, value, baseline_value, first_value,
  peak_value, window_start, window_end, pending_since, breached_until, started_at, resolved_at, resolved_by, resolve_reason, is_held_down,
  acknowledged_at, acknowledged_by, acknowledged_note, acknowledged_until, first_acknowledged_at, notified_at, notification_count, owed, fingerprint,
  labels, links, created_at, change_id`;
/** The same of the table or alias `a`, for statements that name another one too. */
export const ALERT_COLUMNS_OF_A = ALERT_COLUMNS.split(',').map((name) => `a.${name.trim()}`).join(', '); // prettier-ignore

/** The part of a row that the rule's evaluation moves. */
export function stateOf(row: AlertRow): AlertState {
  return {
    status: row.status,
    isHeldDown: row.is_held_down,
    pendingSinceMs: row.pending_since?.getTime() ?? 0,
    breachedUntilMs: row.breached_until?.getTime() ?? 0,
    startedAtMs: row.started_at?.getTime() ?? null,
    resolvedAtMs: row.resolved_at?.getTime() ?? null,
    isNoData: row.is_no_data,
    value: row.value,
    baseline: row.baseline_value,
    firstValue: row.first_value,
    peakValue: row.peak_value,
    windowStartMs: row.window_start?.getTime() ?? 0,
    windowEndMs: row.window_end?.getTime() ?? 0,
  };
}

export function handlingOf(row: AlertRow): Handling {
  return {
    acknowledged:
      row.acknowledged_at === null
        ? null
        : {
            atMs: row.acknowledged_at.getTime(),
            by: row.acknowledged_by ?? '',
            note: row.acknowledged_note,
            untilMs: row.acknowledged_until?.getTime() ?? null,
          },
    notifiedAtMs: row.notified_at?.getTime() ?? null,
    notificationCount: row.notification_count,
    owed: row.owed,
  };
}

function acknowledgedOf(row: AlertRow): ToldAlert['acknowledged'] {
  if (row.acknowledged_at === null) return null;
  return {
    by: row.acknowledged_by ?? '',
    at: row.acknowledged_at.toISOString(),
    note: row.acknowledged_note,
    until: row.acknowledged_until?.toISOString() ?? null,
  };
}

/** What an alert is in answers, in streams and in notifications. Times are RFC 3339 in UTC. */
export type ToldAlert = Static<typeof AlertSchema>;

export function tellAlert(row: AlertRow): ToldAlert {
  const text = (date: Date | null): string | null => date?.toISOString() ?? null;
  return {
    alert_id: row.alert_id,
    tenant_id: row.tenant_id,
    source: row.source,
    rule_id: row.alert_rule_id,
    rule_name: row.rule_name,
    description: row.description,
    alert_type: row.alert_type,
    severity: row.severity,
    status: row.status,
    metric: row.metric,
    operator: row.operator,
    threshold: row.threshold,
    window_minutes: row.window_duration,
    baseline: row.baseline,
    group: row.dimension === null ? null : { dimension: row.dimension, member: row.member },
    message: messageOf(row),
    is_no_data: row.is_no_data,
    value: row.value,
    baseline_value: row.baseline_value,
    first_value: row.first_value,
    peak_value: row.peak_value,
    window_start: text(row.window_start),
    window_end: text(row.window_end),
    pending_since: text(row.pending_since),
    started_at: text(row.started_at),
    resolved_at: text(row.resolved_at),
    resolved_by: row.resolved_by,
    resolve_reason: row.resolve_reason,
    acknowledged: acknowledgedOf(row),
    time_to_acknowledge_seconds: secondsBetween(row.started_at, row.first_acknowledged_at),
    time_to_resolve_seconds: secondsBetween(row.started_at, row.resolved_at),
    notification_count: row.notification_count,
    last_notified_at: text(row.notified_at),
    ...evidenceOf(row),
    labels: row.labels,
    links: row.links,
  };
}

function secondsBetween(start: Date | null, end: Date | null): number | null {
  return start === null || end === null
    ? null
    : Math.max(0, Math.round((end.getTime() - start.getTime()) / 1000));
}

const SPANS: readonly [minutes: number, name: string][] = [
  [1440, 'day'],
  [60, 'hour'],
  [1, 'minute'],
];

/** "6 hours", "15 minutes". */
function saySpan(minutes: number): string {
  const [unit, name] = SPANS.find(([size]) => minutes % size === 0) ?? [1, 'minute'];
  const count = minutes / unit;
  return count === 1 ? `1 ${name}` : `${count} ${name}s`;
}

/** What holds, in one sentence: the value, what it is compared with, of which time and of whom. */
function messageOf(row: AlertRow): string {
  const metric = Object.hasOwn(ALERT_METRICS, row.metric)
    ? ALERT_METRICS[row.metric as AlertMetricName]
    : undefined;
  if (!metric || row.operator === null || row.threshold === null) return row.description || row.rule_name;
  const who = row.dimension === null ? '' : ` of ${row.dimension} ${row.member ?? '(none)'}`;
  const isOwnPeriod = metric.from === 'budgets' || metric.from === 'anomalies';
  const span = isOwnPeriod || row.window_duration === null ? '' : ` in ${saySpan(row.window_duration)}`;
  if (row.is_no_data) return `${row.rule_name}: no requests${who}${span}.`;
  const value = row.value === null ? 'no value' : sayValue(row.value, metric);
  const { baseline_value: baseline, threshold, operator } = row;
  const against =
    row.baseline !== null && baseline !== null
      ? `${operator} ${threshold} times the ${row.baseline === 'previous_window' ? 'window before' : 'usual'} (${sayValue(baseline, metric)})`
      : `${operator} ${sayValue(threshold, metric)}`;
  const isPast = row.status === 'resolved' ? 'no longer ' : '';
  return `${row.rule_name}: ${row.metric}${who} is ${value}${span}, ${isPast}${against}.`;
}
