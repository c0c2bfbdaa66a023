import { expect, test } from '@jest/globals';
import { problemOfField } from './problem.ts';

test('the collector’s words find their field', () => {
  expect(problemOfField('window_duration: 20 is no multiple of 15.')).toEqual({
    field: 'window_duration',
    words: '20 is no multiple of 15.',
  });
  expect(problemOfField('mute_windows.0.start: is no time.')?.field).toBe('mute_windows');
  expect(problemOfField('There is a rule of that name.')).toBeNull();
});
