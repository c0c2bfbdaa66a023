import type { Filter } from '../../../filters/use-filters.ts';
import { dimensionLabel, memberLabel, memberText } from '../../../filters/dimensions.ts';

/** Filters as budgets have them: by dimension, null for calls without a member. */
export type BudgetFilters = Record<
  string,
  { in?: (string | null)[]; not_in?: (string | null)[]; prefix?: string[] }
>;

const OPERATORS = { in: 'is', not_in: 'not', prefix: 'prefix' } as const;

/** A budget's filters as the page's. */
export function toPageFilters(filters: BudgetFilters): Filter[] {
  return Object.entries(filters).flatMap(([dimension, conditions]) =>
    (Object.keys(OPERATORS) as (keyof typeof OPERATORS)[]).flatMap((name): Filter[] => {
      const values = conditions[name] ?? [];
      return values.length === 0
        ? []
        : [{ dimension, operator: OPERATORS[name], values: values.map(memberText) }];
    }),
  );
}

/** The page's filters as a budget's. */
export function toBudgetFilters(filters: Filter[]): BudgetFilters {
  const budget: BudgetFilters = {};
  for (const { dimension, operator, values } of filters) {
    const conditions = (budget[dimension] ??= {});
    if (operator === 'prefix') conditions.prefix = [...(conditions.prefix ?? []), ...values];
    else {
      const name = operator === 'is' ? 'in' : 'not_in';
      conditions[name] = [
        ...(conditions[name] ?? []),
        ...values.map((value) => (value === '' || value === '__none__' ? null : value)),
      ];
    }
  }
  return budget;
}

/** Whether both let the same calls through, in whatever order they are written. */
export function areSameFilters(one: Filter[], other: Filter[]): boolean {
  const key = (filters: Filter[]): string =>
    JSON.stringify(
      filters
        .map(({ dimension, operator, values }) => [
          dimension,
          operator,
          values.map((value) => (value === '' ? '__none__' : value)).sort(),
        ])
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    );
  return key(one) === key(other);
}

const WORDS = { is: 'is', not: 'is not', prefix: 'begins with' } as const;

/** One filter in words: `Project is checkout`. */
export function filterText({ dimension, operator, values }: Filter): string {
  const members = values.map((value) =>
    value === '' || value === '__none__' ? memberLabel(dimension, null) : value,
  );
  return `${dimensionLabel(dimension)} ${WORDS[operator]} ${members.join(' or ')}`;
}

/** What a budget is about, in words. */
export function scopeText(filters: BudgetFilters): string {
  const texts = toPageFilters(filters).map(filterText);
  return texts.length === 0 ? 'All usage' : texts.join(', ');
}
