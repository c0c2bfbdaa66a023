import { expect, test } from '@jest/globals';
import { questionOf } from './question-key.ts';

const NOW = Date.parse('2026-11-24T12:07:00Z');
const at = (query: Record<string, unknown>, nowMs = NOW): string => questionOf(query, nowMs).text;

test('the same question in another order, or with a filter told twice, is the same', () => {
  const one = at({ start_date: '2026-01-01', end_date: '2026-01-31', model_name: ['b', 'a'], limit: 10 });
  expect(
    at({ limit: '10', model_name: ['a', 'b', 'a'], end_date: '2026-01-31', start_date: '2026-01-01' }),
  ).toBe(one);
  expect(at({ end_date: '2026-01-31', start_date: '2026-01-01', model_name: 'a', limit: 10 })).not.toBe(one);
  expect(at({ start_date: '2026-01-31', end_date: '2026-01-31', model_name: 'a' })).toBe(
    at({ start_date: '2026-01-31', end_date: '2026-01-31', model_name: ['a'] }),
  );
});

test('pairs of dimensions keep their order, as the answer does', () => {
  expect(at({ dimension: ['user_id', 'model_name'] })).not.toBe(at({ dimension: ['model_name', 'user_id'] }));
});

test('parameters that look alike when joined stay apart', () => {
  expect(at({ user_id: 'a","b' })).not.toBe(at({ user_id: ['a', 'b'] }));
  expect(at({ user_id: 'a', session_id: 'b' })).not.toBe(at({ user_id: 'b', session_id: 'a' }));
  expect(at({ 'not.user_id': 'a' })).not.toBe(at({ user_id: 'a' }));
});

test('relative times are the same question within a quarter of an hour, and another one after it', () => {
  const relative = { start_date: 'now-30d', end_date: 'now' };
  expect(at(relative, NOW + 60_000)).toBe(at(relative));
  expect(at(relative, NOW + 15 * 60_000)).not.toBe(at(relative));
  expect(at({ ...relative, compare_start: 'now-60d', compare_end: 'now-30d' })).not.toBe(at(relative));
  expect(at({ start_date: 'now/d' }, NOW + 60_000)).toBe(at({ start_date: 'now/d' }));
});

test('a question without dates is another one on another day of its time zone', () => {
  expect(at({}, NOW + 3_600_000)).toBe(at({}));
  expect(at({}, NOW + 86_400_000)).not.toBe(at({}));
  // 21:07 in Tokyo: its day ends within three hours.
  expect(at({ timezone: 'Asia/Tokyo' }, NOW + 3 * 3_600_000)).not.toBe(at({ timezone: 'Asia/Tokyo' }));
});

test('the end is that of the later of two compared periods', () => {
  const query = { start_date: '2026-01-01', end_date: '2026-01-31' };
  expect(questionOf(query, NOW).endMs).toBe(Date.parse('2026-02-01T00:00:00Z'));
  const compared = { ...query, compare_start: '2026-03-01', compare_end: '2026-03-02' };
  expect(questionOf(compared, NOW).endMs).toBe(Date.parse('2026-03-03T00:00:00Z'));
});

test('wrong times are told as the route would', () => {
  expect(() => at({ start_date: 'yesterday' })).toThrow(/start_date: "yesterday" is neither/);
});
