import { useCallback } from 'react';
import { useSearchParams } from 'react-router-dom';
import { addFilter, filtersOf, withFilters } from '../filters/use-filters.ts';
import { useHost } from '../host/host.ts';

/** The parameters that go along from page to page. */
export const KEPT = ['from', 'to', 'timezone', 'refresh'];

export interface LinkOptions {
  /** One more filter: dimension and member (null: events that have none). */
  filter?: [dimension: string, value: string | null];
  /** Parameters of the page that is linked to. */
  search?: Record<string, string>;
  /** False leaves the filters of this page behind. */
  keepFilters?: boolean;
}

/** Makes links to other pages that keep the period and the filters of this one. */
export function usePageLink(): (path: string, options?: LinkOptions) => string {
  const { basePath } = useHost();
  const [search] = useSearchParams();
  return useCallback(
    (path, { filter, search: own = {}, keepFilters = true } = {}) => {
      let target = new URLSearchParams();
      for (const name of KEPT) {
        const value = search.get(name);
        if (value !== null) target.set(name, value);
      }
      const filters = keepFilters ? filtersOf(search) : [];
      target = withFilters(target, filter ? addFilter(filters, ...filter) : filters);
      for (const [name, value] of Object.entries(own)) target.set(name, value);
      const text = target.toString();
      return `${basePath}/${path}${text === '' ? '' : `?${text}`}`;
    },
    [basePath, search],
  );
}
