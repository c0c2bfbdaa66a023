import { expect, test } from '@jest/globals';
import { areSameFilters, scopeText, toFilterConditions, toPageFilters } from './filter-conditions.ts';

const filters = {
  project_id: { in: ['checkout', null] },
  environment: { not_in: ['test'] },
  'metadata.team': { prefix: ['sea'] },
};

test('stored filters survive the form, calls without a member included', () => {
  expect(toFilterConditions(toPageFilters(filters))).toEqual(filters);
});

test('the same filters in another order are the same', () => {
  const [one, two, three] = toPageFilters(filters);
  if (!one || !two || !three) throw new Error('three filters');
  expect(areSameFilters([one, two, three], [three, one, two])).toBe(true);
  expect(areSameFilters([one, two], [one, two, three])).toBe(false);
  expect(areSameFilters([{ ...one, operator: 'not' }], [one])).toBe(false);
});

test('stored filters say in words which usage they are about', () => {
  expect(scopeText(filters)).toBe(
    'Project is checkout or (none), Environment is not test, team begins with sea',
  );
  expect(scopeText({})).toBe('All usage');
});
