import { expect, test } from '@jest/globals';
import { AnswerStore } from './answer-store.ts';
import { hasAlready, wantsFresh } from './conditional-request.ts';
import type { KeptAnswer } from './kept-answer.ts';

const answer = (bytes: number): KeptAnswer => ({
  head: Buffer.alloc(bytes),
  tail: Buffer.alloc(1),
  etag: '"x"',
  computedAtMs: Date.now(),
  ttlSeconds: 300,
});

test('memory is bounded by bytes: what was not asked for longest goes first, and what alone is too large is not kept', async () => {
  const store = new AnswerStore(10_000);
  for (const key of ['a', 'b', 'c']) await store.set(key, answer(3_000), 300);
  expect(await store.get('a')).toBeDefined();
  await store.set('d', answer(3_000), 300);
  expect(await store.get('b')).toBeUndefined();
  expect(await store.get('a')).toBeDefined();
  expect(await store.exists('d')).toBe(true);
  await store.set('large', answer(20_000), 300);
  expect(await store.get('large')).toBeUndefined();
  await store.remove('a');
  expect(await store.get('a')).toBeUndefined();
});

test.each([
  [undefined, false],
  ['no-cache', true],
  ['max-age=0, No-Store', true],
  ['max-age=60', false],
  ['private', false],
])('Cache-Control %s asks for a fresh answer: %s', (header, expected) => {
  expect(wantsFresh(header === undefined ? {} : { 'cache-control': header })).toBe(expected);
});

test('no-cache beside If-None-Match is what fetch() adds by itself, and asks for nothing', () => {
  expect(wantsFresh({ 'cache-control': 'no-cache', 'if-none-match': '"a"' })).toBe(false);
});

test.each([
  [undefined, false],
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  ['*', true],
  ['"b"', false],
  ['a', false],
])('If-None-Match %s has "a" already: %s', (header, expected) => {
  expect(hasAlready(header === undefined ? {} : { 'if-none-match': header }, '"a"')).toBe(expected);
});
