import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';
import { isDimension, memberText } from './dimensions.ts';

export interface Filter {
  dimension: string;
  operator: 'is' | 'not' | 'prefix';
  /** As in the URL and the API: '__none__' for events without one. */
  values: string[];
}

export interface PageFilters {
  filters: Filter[];
  /** The API's query parameters of the filters. */
  query: Record<string, string[]>;
  set: (filters: Filter[]) => void;
  /** With one more: a member that was clicked. */
  add: (dimension: string, value: string | null) => void;
}

const PARAMETER = { is: '', not: 'not.', prefix: 'prefix.' } as const;

/** The filters that are in a URL, in its order. They are written there as the API takes them: `model_name=gpt-4o&not.user_id=u-1`. */
export function filtersOf(search: URLSearchParams): Filter[] {
  const byParameter = new Map<string, Filter>();
  for (const [parameter, value] of search) {
    const operator = parameter.startsWith('not.') ? 'not' : parameter.startsWith('prefix.') ? 'prefix' : 'is';
    const dimension = parameter.slice(PARAMETER[operator].length);
    if (!isDimension(dimension)) continue;
    const filter = byParameter.get(parameter);
    if (filter) filter.values.push(value);
    else byParameter.set(parameter, { dimension, operator, values: [value] });
  }
  return [...byParameter.values()];
}

export function filterQuery(filters: Filter[]): Record<string, string[]> {
  const query: Record<string, string[]> = {};
  for (const { dimension, operator, values } of filters)
    (query[PARAMETER[operator] + dimension] ??= []).push(...values);
  return query;
}

/** A URL's parameters with these filters instead of those that are there. */
export function withFilters(search: URLSearchParams, filters: Filter[]): URLSearchParams {
  const after = new URLSearchParams();
  for (const [parameter, value] of search)
    if (!isDimension(parameter.replace(/^(?:not|prefix)\./, ''))) after.append(parameter, value);
  for (const [parameter, values] of Object.entries(filterQuery(filters)))
    for (const value of values) after.append(parameter, value);
  return after;
}

export function addFilter(filters: Filter[], dimension: string, value: string | null): Filter[] {
  return [
    ...filters.filter((filter) => filter.dimension !== dimension || filter.operator !== 'is'),
    { dimension, operator: 'is', values: [memberText(value)] },
  ];
}

/** The filters of the page: part of its URL. */
export function useFilters(): PageFilters {
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => filtersOf(search), [search]);
  const set = useCallback((next: Filter[]) => setSearch((before) => withFilters(before, next)), [setSearch]);
  return useMemo(
    () => ({
      filters,
      query: filterQuery(filters),
      set,
      add: (dimension, value) => set(addFilter(filters, dimension, value)),
    }),
    [filters, set],
  );
}
