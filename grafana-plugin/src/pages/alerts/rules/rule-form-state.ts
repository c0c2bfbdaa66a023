import {
  toFilterConditions,
  toPageFilters,
  type FilterConditions,
} from '../../../filters/filter-conditions.ts';
import type { Filter } from '../../../filters/use-filters.ts';
import type { Rule } from '../alert-types.ts';
import { METRICS, OPERATOR_WORDS } from '../metrics.ts';

export type MuteWindow = Rule['mute_windows'][number];

/** A rule as it is typed: numbers as texts, '' where there is none. */
export interface FormState {
  name: string;
  description: string;
  alertType: Rule['alert_type'];
  severity: Rule['severity'];
  metric: Rule['metric'];
  operator: Rule['operator'];
  threshold: string;
  window: string;
  baseline: NonNullable<Rule['baseline']> | 'none';
  filters: Filter[];
  groupBy: string;
  forMinutes: string;
  resolveThreshold: string;
  keepFiringMinutes: string;
  renotifyMinutes: string;
  minRequests: string;
  noData: Rule['no_data'];
  muteWindows: MuteWindow[];
  timeZone: string;
  budgetId: string;
}

const text = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : String(value);

export function stateOf(rule: Rule | undefined): FormState {
  return {
    name: rule?.name ?? '',
    description: rule?.description ?? '',
    alertType: rule?.alert_type ?? 'custom',
    severity: rule?.severity ?? 'medium',
    metric: rule?.metric ?? 'error_rate',
    operator: rule?.operator ?? '>',
    threshold: text(rule?.threshold),
    window: text(rule?.window_duration ?? 60),
    baseline: rule?.baseline ?? 'none',
    filters: toPageFilters((rule?.filters ?? {}) as FilterConditions),
    groupBy: rule?.group_by ?? '',
    forMinutes: text(rule?.for_minutes ?? 0),
    resolveThreshold: text(rule?.resolve_threshold),
    keepFiringMinutes: text(rule?.keep_firing_minutes ?? 0),
    renotifyMinutes: text(rule?.renotify_minutes),
    minRequests: text(rule?.min_requests ?? 0),
    noData: rule?.no_data ?? 'ok',
    muteWindows: rule?.mute_windows ?? [],
    timeZone: rule?.time_zone ?? '',
    budgetId: text(rule?.budget_id),
  };
}

/** The rule as the API takes it. What the metric has no use for is left at its default, so that changing the metric does not make the rest wrong. */
export function bodyOf(state: FormState) {
  const { kind } = METRICS[state.metric];
  const isUsage = kind === 'usage' || kind === 'percentile';
  const orNull = (typed: string): number | null => (typed.trim() === '' ? null : Number(typed));
  return {
    name: state.name.trim(),
    description: state.description.trim(),
    alert_type: state.alertType,
    severity: state.severity,
    metric: state.metric,
    operator: state.operator,
    threshold: Number(state.threshold),
    window_duration: Number(state.window),
    baseline: isUsage && state.baseline !== 'none' ? state.baseline : null,
    filters: kind === 'budget' ? {} : toFilterConditions(state.filters),
    group_by: kind === 'budget' || state.groupBy === '' ? null : state.groupBy,
    time_zone: state.timeZone === '' ? null : state.timeZone,
    for_minutes: Number(state.forMinutes),
    resolve_threshold: orNull(state.resolveThreshold),
    keep_firing_minutes: Number(state.keepFiringMinutes),
    renotify_minutes: orNull(state.renotifyMinutes),
    min_requests: isUsage ? Number(state.minRequests) : 0,
    no_data: isUsage ? state.noData : ('ok' as const),
    mute_windows: state.muteWindows,
    budget_id: kind === 'budget' ? orNull(state.budgetId) : null,
  };
}

/** What is wrong, by the API's name of the field. */
export type Problems = Partial<Record<string, string>>;

const isNumber = (typed: string): boolean => typed.trim() !== '' && Number.isFinite(Number(typed));
const isWhole = (typed: string): boolean => /^\d+$/.test(typed.trim());

/** What is wrong by itself; the collector says what else is. */
export function problemsOf(state: FormState): Problems {
  const problems: Problems = {};
  if (state.name.trim() === '') problems.name = 'A name is needed.';
  if (!isNumber(state.threshold)) problems.threshold = 'A number is needed.';
  if (!isWhole(state.window) || Number(state.window) < 15 || Number(state.window) % 15 !== 0)
    problems.window_duration = 'A multiple of 15 minutes is needed.';
  if (state.resolveThreshold.trim() !== '') {
    const ends = Number(state.resolveThreshold);
    const isBack = state.operator.startsWith('>')
      ? ends <= Number(state.threshold)
      : ends >= Number(state.threshold);
    if (!isNumber(state.resolveThreshold)) problems.resolve_threshold = 'A number, or nothing.';
    else if (isNumber(state.threshold) && !isBack)
      problems.resolve_threshold = `It fires ${OPERATOR_WORDS[state.operator]} ${state.threshold}: the end cannot lie beyond that.`;
  }
  for (const [field, typed] of [
    ['for_minutes', state.forMinutes],
    ['keep_firing_minutes', state.keepFiringMinutes],
    ['min_requests', state.minRequests],
  ] as const)
    if (!isWhole(typed)) problems[field] = 'A whole number is needed.';
  if (
    state.renotifyMinutes.trim() !== '' &&
    !(isWhole(state.renotifyMinutes) && Number(state.renotifyMinutes) >= 5)
  )
    problems.renotify_minutes = 'At least 5 minutes, or nothing.';
  if (state.muteWindows.some(({ days, start, end }) => days.length === 0 || start === '' || end === ''))
    problems.mute_windows = 'Each needs a day, a start and an end.';
  return problems;
}
