import { useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';
import { filtersOf, filterQuery, withFilters } from '../filters/use-filters.ts';
import { usePageLink } from '../navigation/use-page-link.ts';

export interface Subject {
  /** The member that the page is about, as the API's query has it; null: the page is about all of them. */
  member: string | null;
  /** The filters of the page, and the member as one. */
  query: Record<string, string[]>;
  /** The page about all of them. */
  allLink: string;
  /** The page about one of them. */
  linkTo: (member: string) => string;
}

/**
 * Which member of a dimension a page is about: `parameter` of the URL, or the only member that its filters let through, as links from other pages
 * have it.
 */
export function useSubject(page: string, parameter: string, dimension: string): Subject {
  const [search] = useSearchParams();
  const link = usePageLink();
  return useMemo(() => {
    const filters = filtersOf(search);
    const only = filters.find(
      (filter) => filter.dimension === dimension && filter.operator === 'is' && filter.values.length === 1,
    );
    const others = filters.filter((filter) => filter !== only);
    const member = search.get(parameter) ?? only?.values[0] ?? null;
    const query = member === null ? filterQuery(filters) : { ...filterQuery(others), [dimension]: [member] };
    const [path = '', text = ''] = link(page, { keepFilters: false }).split('?');
    const pageWith = (parameters: Record<string, string>) => {
      const target = withFilters(new URLSearchParams(text), others);
      for (const [name, value] of Object.entries(parameters)) target.set(name, value);
      const query = target.toString();
      return query === '' ? path : `${path}?${query}`;
    };
    return {
      member,
      query,
      allLink: pageWith({}),
      linkTo: (one) => pageWith({ [parameter]: one }),
    };
  }, [search, link, page, parameter, dimension]);
}
