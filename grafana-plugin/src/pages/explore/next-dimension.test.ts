import { expect, test } from '@jest/globals';
import { addFilter, type Filter } from '../../filters/use-filters.ts';
import { nextDimension } from './next-dimension.ts';

function clicked(...members: string[]): Filter[] {
  return members.reduce<Filter[]>((filters, dimension) => addFilter(filters, dimension, 'x'), []);
}

test('clicks lead from a project to its prompts, their versions and who uses them', () => {
  expect(nextDimension(['project_id'], clicked('project_id'), true)).toBe('prompt_id');
  expect(nextDimension(['prompt_id'], clicked('project_id', 'prompt_id'), true)).toBe('prompt_version');
  expect(nextDimension(['prompt_version'], clicked('project_id', 'prompt_id', 'prompt_version'), true)).toBe(
    'user_id',
  );
});

test('a period that is too long for users leads to models instead', () => {
  expect(nextDimension(['prompt_version'], clicked('prompt_id', 'prompt_version'), false)).toBe('model_name');
});

test('what is settled already is left out, a filter by several is not settled', () => {
  expect(nextDimension(['project_id'], clicked('prompt_id', 'project_id'), true)).toBe('model_name');
  const several: Filter[] = [{ dimension: 'prompt_id', operator: 'is', values: ['a', 'b'] }];
  expect(nextDimension(['project_id'], several, true)).toBe('prompt_id');
});

test('a tag leads to projects', () => {
  expect(nextDimension(['metadata.team'], clicked('metadata.team'), true)).toBe('project_id');
});
