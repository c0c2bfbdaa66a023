import { describe, expect, test } from '@jest/globals';
import { Problem } from '../http/errors.ts';
import { isInside, parseFilters, readFilters } from './filters.ts';

describe('the JSON form of filters', () => {
  test('is read with every way to write that a member is missing', () => {
    expect(
      parseFilters({
        model_name: { in: ['gpt-4o', '', 'gpt-4o'], not_in: ['__none__'], prefix: 'gpt-' },
        'metadata.team': { in: [null] },
        status_code: { prefix: ['4', '5'] },
      }),
    ).toEqual({
      model_name: { in: ['gpt-4o', null], not_in: [null], prefix: ['gpt-'] },
      'metadata.team': { in: [null] },
      status_code: { prefix: ['4', '5'] },
    });
    expect(parseFilters(null)).toEqual({});
    expect(parseFilters({})).toEqual({});
  });

  test('can be read again from what it was read to', () => {
    const filters = parseFilters({ user_id: { in: ['__none__', 'u'] }, 'metadata.a.b': { prefix: 'x' } });
    expect(parseFilters(JSON.parse(JSON.stringify(filters)))).toEqual(filters);
  });

  test.each([
    [[], /filters: must be an object/],
    [
      { modelname: { in: ['x'] } },
      /filters: "modelname" is not a dimension; use one of project_id, .*metadata\.<key>/,
    ],
    [{ toString: { in: ['x'] } }, /"toString" is not a dimension/],
    [{ model_name: 'x' }, /filters\.model_name: must be an object/],
    [{ model_name: {} }, /filters\.model_name: says nothing; use in, not_in, prefix/],
    [{ model_name: { like: ['x'] } }, /"like" is not known here/],
    [{ model_name: { in: 'x' } }, /filters\.model_name\.in: must be a list/],
    [{ model_name: { in: [] } }, /filters\.model_name\.in: is an empty list/],
    [{ model_name: { in: [7] } }, /7 is not a text/],
    [{ model_name: { prefix: '' } }, /an empty prefix says nothing/],
    [{ model_name: { in: ['a\0b'] } }, /NUL/],
    [{ model_name: { in: Array.from({ length: 101 }, String) } }, /at most 100/],
    [{ status: { in: ['failed'] } }, /"failed" must be one of success, error/],
    [{ status: { prefix: 'succ' } }, /name it in full/],
    [{ status_code: { in: ['four'] } }, /"four" is not an HTTP status/],
    [{ stream: { in: ['yes'] } }, /must be one of true, false/],
    [{ 'metadata.': { in: ['x'] } }, /is not a dimension/],
  ])('is refused with a reason: %j', (json, reason) => {
    expect(() => parseFilters(json)).toThrow(Problem);
    expect(() => parseFilters(json)).toThrow(reason);
  });
});

test('filters of a query string: equal, not, prefix, tags, and members that are missing', () => {
  expect(
    readFilters({
      start_date: '2026-01-01',
      timezone: 'UTC',
      model_name: ['gpt-4o', 'o3'],
      'not.model_provider': 'azure',
      'prefix.endpoint': '/v1/',
      project_id: '',
      'metadata.team': 'search',
      'not.metadata.cost.centre': '__none__',
    }),
  ).toEqual({
    model_name: { in: ['gpt-4o', 'o3'] },
    model_provider: { not_in: ['azure'] },
    endpoint: { prefix: ['/v1/'] },
    project_id: { in: [null] },
    'metadata.team': { in: ['search'] },
    'metadata.cost.centre': { not_in: [null] },
  });
  expect(() => readFilters({ 'not.status': 'bad' })).toThrow(/not\.status: "bad" must be one of/);
});

test('a call is inside by the same rules as the rows', () => {
  const call = (members: Record<string, string>) => (name: string) => members[name] ?? null;
  expect(isInside({}, call({}))).toBe(true);
  expect(isInside({ user_id: { in: [null] } }, call({}))).toBe(true);
  expect(isInside({ user_id: { in: ['a'] } }, call({}))).toBe(false);
  expect(isInside({ user_id: { not_in: ['a'] } }, call({}))).toBe(true);
  expect(isInside({ user_id: { not_in: ['a', null] } }, call({}))).toBe(false);
  expect(isInside({ user_id: { prefix: ['u-'] } }, call({ user_id: 'u-1' }))).toBe(true);
  expect(isInside({ user_id: { prefix: ['u-'] } }, call({}))).toBe(false);
  expect(
    isInside(
      { user_id: { in: ['a'] }, status: { in: ['error'] } },
      call({ user_id: 'a', status: 'success' }),
    ),
  ).toBe(false);
});
