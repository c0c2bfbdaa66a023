import type { DimensionName } from '../usage/dimensions.ts';
import { parseFilters, type Filters } from '../usage/filters.ts';
import type { AlertMetricName } from './alert-metrics.ts';
import type { MuteWindow } from './mute-windows.ts';

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
export type AlertType = (typeof ALERT_TYPES)[number];
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];
export const OPERATORS = ['>', '>=', '<', '<='] as const;
export type Operator = (typeof OPERATORS)[number];
export const BASELINES = ['previous_window', 'same_hour_last_weeks'] as const;
export type Baseline = (typeof BASELINES)[number];
export const NO_DATA = ['ok', 'keep', 'fire'] as const;

/** What a caller decides about a rule. */
export interface RuleDraft {
  name: string;
  description: string;
  alertType: AlertType;
  severity: Severity;
  metric: AlertMetricName;
  operator: Operator;
  /** In the metric's unit; with a baseline a factor of it. */
  threshold: number;
  /** Minutes, a multiple of fifteen. */
  windowMinutes: number;
  baseline: Baseline | null;
  filters: Filters;
  groupBy: DimensionName | null;
  /** The rule's own; null: the tenant's. */
  ownTimeZone: string | null;
  forMinutes: number;
  resolveThreshold: number | null;
  keepFiringMinutes: number;
  renotifyMinutes: number | null;
  minRequests: number;
  noData: (typeof NO_DATA)[number];
  muteWindows: readonly MuteWindow[];
  budgetId: number | null;
  enabled: boolean;
}

export interface Rule extends RuleDraft {
  ruleId: number;
  tenantId: string;
  tenantTimeZone: string;
  version: number;
  createdAt: Date;
  createdBy: string;
  updatedAt: Date;
  updatedBy: string;
}

/** The zone of a rule's weeks and mute windows. */
export function timeZoneOf(rule: Pick<Rule, 'ownTimeZone' | 'tenantTimeZone'>): string {
  return rule.ownTimeZone ?? rule.tenantTimeZone;
}

export interface RuleRow {
  alert_rule_id: number;
  tenant_id: string;
  tenant_time_zone: string;
  name: string;
  description: string;
  alert_type: AlertType;
  severity: Severity;
  metric: AlertMetricName;
  operator: Operator;
  threshold: number;
  window_duration: number;
  baseline: Baseline | null;
  filters: unknown;
  group_by: DimensionName | null;
  time_zone: string | null;
  for_minutes: number;
  resolve_threshold: number | null;
  keep_firing_minutes: number;
  renotify_minutes: number | null;
  min_requests: number;
  no_data: RuleDraft['noData'];
  mute_windows: MuteWindow[];
  budget_id: number | null;
  is_enabled: boolean;
  version: number;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

/** @throws Problem when what is stored is no filter: a row that was changed by hand */
export function ruleFromRow(row: RuleRow): Rule {
  return {
    ruleId: row.alert_rule_id,
    tenantId: row.tenant_id,
    tenantTimeZone: row.tenant_time_zone,
    name: row.name,
    description: row.description,
    alertType: row.alert_type,
    severity: row.severity,
    metric: row.metric,
    operator: row.operator,
    threshold: row.threshold,
    windowMinutes: row.window_duration,
    baseline: row.baseline,
    filters: parseFilters(row.filters),
    groupBy: row.group_by,
    ownTimeZone: row.time_zone,
    forMinutes: row.for_minutes,
    resolveThreshold: row.resolve_threshold,
    keepFiringMinutes: row.keep_firing_minutes,
    renotifyMinutes: row.renotify_minutes,
    minRequests: row.min_requests,
    noData: row.no_data,
    muteWindows: row.mute_windows,
    budgetId: row.budget_id,
    enabled: row.is_enabled,
    version: row.version,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
  };
}

/** The columns of alert_rules that a draft decides, in the order of `draftValues`. */
export const DRAFT_COLUMNS = [
  'name', 'description', 'alert_type', 'severity', 'metric', 'operator', 'threshold', 'window_duration', 'baseline', 'filters', 'group_by',
  'time_zone', 'for_minutes', 'resolve_threshold', 'keep_firing_minutes', 'renotify_minutes', 'min_requests', 'no_data', 'mute_windows', 'budget_id',
  'is_enabled',
] as const; // prettier-ignore

export function draftValues(draft: RuleDraft): unknown[] {
  return [
    draft.name,
    draft.description,
    draft.alertType,
    draft.severity,
    draft.metric,
    draft.operator,
    draft.threshold,
    draft.windowMinutes,
    draft.baseline,
    JSON.stringify(draft.filters),
    draft.groupBy,
    draft.ownTimeZone,
    draft.forMinutes,
    draft.resolveThreshold,
    draft.keepFiringMinutes,
    draft.renotifyMinutes,
    draft.minRequests,
    draft.noData,
    JSON.stringify(draft.muteWindows),
    draft.budgetId,
    draft.enabled,
  ];
}

/** Whether two drafts judge the same thing in the same way: if not, what is open belongs to the old one. */
export function isSameCondition(one: RuleDraft, other: RuleDraft): boolean {
  const key = (draft: RuleDraft): string =>
    JSON.stringify([
      draft.metric,
      draft.operator,
      draft.threshold,
      draft.windowMinutes,
      draft.baseline,
      Object.entries(draft.filters).sort(([a], [b]) => (a < b ? -1 : 1)),
      draft.groupBy,
      draft.budgetId,
      draft.minRequests,
    ]);
  return key(one) === key(other);
}
