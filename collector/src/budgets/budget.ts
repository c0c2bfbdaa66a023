import { parseFilters, type Filters } from '../usage/filters.ts';
import type { BudgetMeasure } from './amount.ts';
import type { BudgetPeriod, CalendarPeriod } from './period.ts';

export const THRESHOLD_KINDS = ['actual', 'forecast'] as const;
export const ENFORCEMENTS = ['none', 'warn', 'block'] as const;
export type Enforcement = (typeof ENFORCEMENTS)[number];

/** Percent of the amount, by what is spent or by what the end of the period is expected to bring. */
export interface Threshold {
  percent: number;
  kind: (typeof THRESHOLD_KINDS)[number];
}

/** A budget as the rest of the room uses it. `amount` is nano-USD, or a count of requests or tokens. */
export interface Budget {
  budgetId: number;
  tenantId: string;
  name: string;
  description: string;
  measure: BudgetMeasure;
  amount: bigint;
  filters: Filters;
  period: BudgetPeriod;
  /** The budget's own time zone; null: it follows the tenant's, which is in `period`. */
  ownTimeZone: string | null;
  thresholds: readonly Threshold[];
  enforcement: Enforcement;
  enabled: boolean;
  version: number;
  definedAt: Date;
  createdAt: Date;
  createdBy: string;
  updatedAt: Date;
  updatedBy: string;
}

/** What a caller decides about a budget. */
export type BudgetDraft = Pick<
  Budget,
  | 'name'
  | 'description'
  | 'measure'
  | 'amount'
  | 'filters'
  | 'period'
  | 'ownTimeZone'
  | 'thresholds'
  | 'enforcement'
  | 'enabled'
>;

export interface BudgetRow {
  budget_id: number;
  tenant_id: string;
  name: string;
  description: string;
  measure: BudgetMeasure;
  amount: number | string;
  filters: unknown;
  period_type: CalendarPeriod | 'rolling';
  week_start: number;
  rolling_hours: number | null;
  time_zone: string | null;
  tenant_time_zone: string;
  thresholds: Threshold[];
  enforcement: Enforcement;
  enabled: boolean;
  version: number;
  defined_at: Date;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

export function budgetFromRow(row: BudgetRow): Budget {
  const timeZone = row.time_zone ?? row.tenant_time_zone;
  return {
    budgetId: row.budget_id,
    tenantId: row.tenant_id,
    name: row.name,
    description: row.description,
    measure: row.measure,
    amount: BigInt(row.amount),
    filters: parseFilters(row.filters),
    period:
      row.period_type === 'rolling'
        ? { type: 'rolling', timeZone, hours: row.rolling_hours ?? 24 }
        : { type: row.period_type, timeZone, weekStart: row.week_start },
    ownTimeZone: row.time_zone,
    thresholds: row.thresholds,
    enforcement: row.enforcement,
    enabled: row.enabled,
    version: row.version,
    definedAt: row.defined_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
  };
}

/** The columns of `budgets` that a draft decides, in the order of DRAFT_COLUMNS. */
export function draftValues(draft: BudgetDraft): unknown[] {
  const { period } = draft;
  return [
    draft.name,
    draft.description,
    draft.measure,
    draft.amount.toString(),
    JSON.stringify(draft.filters),
    period.type,
    period.type === 'rolling' ? 1 : period.weekStart,
    period.type === 'rolling' ? period.hours : null,
    draft.ownTimeZone,
    JSON.stringify(draft.thresholds),
    draft.enforcement,
    draft.enabled,
  ];
}
export const DRAFT_COLUMNS = [
  'name', 'description', 'measure', 'amount', 'filters', 'period_type', 'week_start', 'rolling_hours', 'time_zone', 'thresholds', 'enforcement',
  'enabled',
] as const; // prettier-ignore
