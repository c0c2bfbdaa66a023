import { expect, test } from '@jest/globals';
import { changeOf } from './usage-rates.ts';

test('a change from nothing is not known', () => {
  expect(changeOf(100, 150)).toBe(50);
  expect(changeOf(0, 150)).toBeNull();
  expect(changeOf(undefined, 150)).toBeNull();
  expect(changeOf(100, null)).toBeNull();
});
