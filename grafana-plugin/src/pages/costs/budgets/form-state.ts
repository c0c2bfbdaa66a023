import { amountProblem, type Measure } from '../../../budgets/amount.ts';
import type { Budget } from '../../../budgets/outlook.ts';
import {
  toFilterConditions,
  toPageFilters,
  type FilterConditions,
} from '../../../filters/filter-conditions.ts';
import type { Filter } from '../../../filters/use-filters.ts';

export type PeriodType = 'day' | 'week' | 'month' | 'quarter' | 'year' | 'rolling';
export type Enforcement = 'none' | 'warn' | 'block';

/** A budget as it is typed. */
export interface FormState {
  name: string;
  description: string;
  measure: Measure;
  amount: string;
  periodType: PeriodType;
  weekStart: string;
  /** Of a rolling window. */
  hours: string;
  /** '' is the tenant's. */
  timeZone: string;
  filters: Filter[];
  thresholds: { percent: string; kind: 'actual' | 'forecast' }[];
  enforcement: Enforcement;
}

export function stateOf(budget: Budget | undefined, filters: Filter[]): FormState {
  return {
    name: budget?.name ?? '',
    description: budget?.description ?? '',
    measure: budget?.measure ?? 'cost',
    amount: budget?.amount ?? '',
    periodType: budget?.period.type ?? 'month',
    weekStart: budget?.period.week_start ?? 'monday',
    hours: String(budget?.period.hours ?? 720),
    timeZone: budget?.period.time_zone ?? '',
    filters: budget ? toPageFilters(budget.filters as FilterConditions) : filters,
    thresholds: (
      budget?.thresholds ?? [
        { percent: 80, kind: 'actual' as const },
        { percent: 100, kind: 'actual' as const },
        { percent: 100, kind: 'forecast' as const },
      ]
    ).map(({ percent, kind }) => ({ percent: String(percent), kind: kind })),
    enforcement: budget?.enforcement ?? 'none',
  };
}

export interface FormProblems {
  name?: string | undefined;
  amount?: string | undefined;
  hours?: string | undefined;
  thresholds?: string | undefined;
}

/** What is wrong by itself; the collector says what else is. */
export function problemsOf(state: FormState): FormProblems {
  const problems: FormProblems = {};
  if (state.name.trim() === '') problems.name = 'A name is needed.';
  problems.amount = amountProblem(state.amount, state.measure) ?? undefined;
  if (state.periodType === 'rolling' && !(/^\d+$/.test(state.hours) && Number(state.hours) >= 1))
    problems.hours = 'A whole number of hours.';
  const wrong = state.thresholds.find(({ percent }) => !(Number(percent) > 0 && Number(percent) <= 1000));
  if (wrong) problems.thresholds = 'Each is above 0 and at most 1000 percent.';
  return problems;
}

/** The body that the API takes. */
export function bodyOf(state: FormState) {
  const { periodType: type } = state;
  return {
    name: state.name.trim(),
    description: state.description,
    measure: state.measure,
    amount: state.amount.trim(),
    filters: toFilterConditions(state.filters),
    period: {
      type,
      time_zone: state.timeZone === '' ? null : state.timeZone,
      ...(type === 'week' ? { week_start: state.weekStart } : {}),
      ...(type === 'rolling' ? { hours: Number(state.hours) } : {}),
    },
    thresholds: state.thresholds
      // A window that moves has no end to foretell.
      .filter(({ kind }) => type !== 'rolling' || kind === 'actual')
      .map(({ percent, kind }) => ({ percent: Number(percent), kind })),
    enforcement: state.enforcement,
  };
}
