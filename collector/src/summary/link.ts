import { rangeTexts } from '../usage/buckets.ts';
import { writeFilters, type Filters } from '../usage/filters.ts';
import type { Range } from '../usage/period.ts';

/** The API path, with its query, that answers with the numbers of a sentence. */
export function linkTo(
  path: string,
  range: Range,
  filters: Filters,
  more: Record<string, string> = {},
): string {
  const query = new URLSearchParams({ ...rangeQuery(range), ...more });
  writeFilters(query, filters);
  return `${path}?${query.toString()}`;
}

export function rangeQuery(range: Range): { start_date: string; end_date: string; timezone: string } {
  const { start, end, timezone } = rangeTexts(range);
  return { start_date: start, end_date: end, timezone };
}
