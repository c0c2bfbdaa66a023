import { dimensionLabel, memberLabel, memberOf, memberText } from './dimensions.ts';
import type { Filter } from './use-filters.ts';

/** Filters as budgets, alert rules and routes have them: by dimension, null for calls without a member. */
export type FilterConditions = Record<
  string,
  { in?: (string | null)[]; not_in?: (string | null)[]; prefix?: string[] }
>;

const OPERATORS = { in: 'is', not_in: 'not', prefix: 'prefix' } as const;

/** Stored filters as the page's. */
export function toPageFilters(filters: FilterConditions): Filter[] {
  return Object.entries(filters).flatMap(([dimension, conditions]) =>
    (Object.keys(OPERATORS) as (keyof typeof OPERATORS)[]).flatMap((name): Filter[] => {
      const values = conditions[name] ?? [];
      return values.length === 0
        ? []
        : [{ dimension, operator: OPERATORS[name], values: values.map(memberText) }];
    }),
  );
}

/** The page's filters as they are stored. */
export function toFilterConditions(filters: Filter[]): FilterConditions {
  const byDimension: FilterConditions = {};
  for (const { dimension, operator, values } of filters) {
    const conditions = (byDimension[dimension] ??= {});
    if (operator === 'prefix') conditions.prefix = [...(conditions.prefix ?? []), ...values];
    else {
      const name = operator === 'is' ? 'in' : 'not_in';
      conditions[name] = [...(conditions[name] ?? []), ...values.map(memberOf)];
    }
  }
  return byDimension;
}

/** Whether both let the same calls through, in whatever order they are written. */
export function areSameFilters(one: Filter[], other: Filter[]): boolean {
  const key = (filters: Filter[]): string =>
    JSON.stringify(
      filters
        .map(({ dimension, operator, values }) => [
          dimension,
          operator,
          values.map((value) => memberText(memberOf(value))).sort(),
        ])
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    );
  return key(one) === key(other);
}

/** How a member is compared, in words. */
export const OPERATOR_WORDS = { is: 'is', not: 'is not', prefix: 'begins with' } as const;

/** One filter in words: `Project is checkout`. */
export function filterText({ dimension, operator, values }: Filter): string {
  return `${dimensionLabel(dimension)} ${OPERATOR_WORDS[operator]} ${membersText(dimension, values)}`;
}

/** The members of a filter in words: `checkout or (none)`. */
export function membersText(dimension: string, values: string[]): string {
  return values.map((value) => memberLabel(dimension, memberOf(value))).join(' or ');
}

/** Which usage such filters let through, in words. */
export function scopeText(filters: FilterConditions): string {
  const texts = toPageFilters(filters).map(filterText);
  return texts.length === 0 ? 'All usage' : texts.join(', ');
}
