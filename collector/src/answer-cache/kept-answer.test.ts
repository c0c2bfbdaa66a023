import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { decodeKept, encodeKept, keepAnswer, withAge, type KeptAnswer } from './kept-answer.ts';

const answer = (label: string, asOf = '2026-11-24T12:00:00.000Z', completeUntil = asOf) => ({
  label,
  freshness: { as_of: asOf, complete_until: completeUntil, cache_age_seconds: 0 },
  // Not every answer ends with its freshness.
  after: [1, 2],
});
const keep = (one: ReturnType<typeof answer>) => keepAnswer(JSON.stringify(one), one.freshness, 1000, 300);
const TRICKY = 'Über "cache_age_seconds":0, "freshness":{ and \\" "cache_age_seconds":0}';

async function told(kept: KeptAnswer, age: number): Promise<unknown> {
  const { body, bytes } = withAge(kept, age);
  const text = Buffer.isBuffer(body) ? body : await buffer(body);
  expect(text.length).toBe(bytes);
  return JSON.parse(text.toString());
}

test('an answer says how old it is, whatever the names in it', async () => {
  const one = answer(TRICKY);
  for (const age of [0, 1.5, 299])
    expect(await told(keep(one), age)).toEqual({
      ...one,
      freshness: { ...one.freshness, cache_age_seconds: age },
    });
});

test('a large answer is the same, given in parts', async () => {
  const large = answer('Ü'.repeat(100_000));
  expect(withAge(keep(large), 0).body).toBeInstanceOf(Readable);
  expect(await told(keep(large), 12)).toEqual({
    ...large,
    freshness: { ...large.freshness, cache_age_seconds: 12 },
  });
});

test('the ETag is of the figures and of whether they are complete, not of when they were computed', () => {
  const { etag } = keep(answer('a'));
  expect(etag).toMatch(/^"[\w-]{27}"$/);
  expect(keep(answer('a', '2026-11-24T13:00:00.000Z')).etag).toBe(etag);
  expect(keep(answer('b')).etag).not.toBe(etag);
  const behind = keep(answer('a', '2026-11-24T13:00:00.000Z', '2026-11-24T12:59:00.000Z')).etag;
  expect(behind).not.toBe(etag);
  const after = JSON.stringify({ ...answer('a'), after: [1, 3] });
  expect(keepAnswer(after, answer('a').freshness, 1000, 300).etag).not.toBe(etag);
});

test('an answer without freshness cannot be kept', () => {
  expect(() => keepAnswer('{"a":1}', answer('a').freshness, 0, 1)).toThrow(/no freshness/);
});

test('what is kept elsewhere comes back as it was, and anything else is nothing', async () => {
  const kept = keep(answer(TRICKY));
  const back = decodeKept(encodeKept(kept));
  expect(back).toEqual(kept);
  expect(back && (await told(back, 7))).toEqual(await told(kept, 7));
  for (const bytes of ['', '\n', 'null\n', '{}\n', '{"etag":1}\nx', 'no line'])
    expect(decodeKept(Buffer.from(bytes))).toBeUndefined();
});
