import { expect, test } from '@jest/globals';
import { addFilter, filterQuery, filtersOf, withFilters } from './use-filters.ts';

const address = new URLSearchParams(
  'from=now-7d&model_name=gpt-4o&model_name=o3&not.user_id=u-1&prefix.metadata.team=se&tab=x',
);

test('filters are read from the address in the form of the API, and other parameters are none', () => {
  expect(filterQuery(filtersOf(address))).toEqual({
    model_name: ['gpt-4o', 'o3'],
    'not.user_id': ['u-1'],
    'prefix.metadata.team': ['se'],
  });
});

test('a clicked member takes the place of the filter of its dimension and leaves the rest', () => {
  const after = withFilters(address, addFilter(filtersOf(address), 'model_name', null));
  expect(after.toString()).toBe(
    'from=now-7d&tab=x&not.user_id=u-1&prefix.metadata.team=se&model_name=__none__',
  );
});
