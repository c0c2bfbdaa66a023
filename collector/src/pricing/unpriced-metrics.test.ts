import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tracesBody } from '../testing/otlp-bodies.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { MAX_UNPRICED_SERIES } from './unpriced-metrics.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.close());

/** The series of the metrics of unpriced usage: labels in the order that they are told in, and the value. */
async function series(key: string): Promise<Map<string, number>> {
  const answer = await collector.call({ method: 'GET', url: '/metrics', key });
  expect(answer.statusCode).toBe(200);
  const lines = answer.body.matchAll(/^promptops_unpriced_usage_(requests|tokens)\{(.*)\} (\S+)$/gm);
  return new Map([...lines].map(([, of = '', labels = '', value]) => [`${of} ${labels}`, Number(value)]));
}
const labels = (tenant: string, provider: string, model: string): string =>
  `tenant="${tenant}",model_provider="${provider}",model_name="${model}"`;

test('field-pain 3: usage without a price can be alerted on by model, however it was sent, until it has one', async () => {
  await collector.makeTenant('acme');
  const key = await collector.makeKey('acme', ['admin']);
  const now = new Date().toISOString();
  const own = { timestamp: now, model_provider: 'vllm', model_name: 'own', output_tokens: 50 };
  await collector.post([testEvent({ ...own, input_tokens: 100 }), testEvent({ timestamp: now })], { key });
  const call = {
    traceId: '1'.repeat(32),
    spanId: '2'.repeat(16),
    atMs: Date.now() - 2000,
    projectId: 'p',
    modelName: 'nobody-knows-its-price',
    inputTokens: 30,
    outputTokens: 3,
  };
  await collector.call({
    method: 'POST',
    url: '/v1/traces',
    headers: { 'content-type': 'application/json' },
    payload: tracesBody(call),
    key,
  });
  // Too long ago to be news.
  await collector.post(testEvent({ ...own, timestamp: new Date(Date.now() - 7_200_000).toISOString() }), {
    key,
  });
  await collector.complete();
  const expected = new Map([
    [`requests ${labels('acme', 'openai', 'nobody-knows-its-price')}`, 1],
    [`requests ${labels('acme', 'vllm', 'own')}`, 1],
    [`tokens ${labels('acme', 'openai', 'nobody-knows-its-price')}`, 33],
    [`tokens ${labels('acme', 'vllm', 'own')}`, 150],
  ]);
  const scraper = await collector.makeKey('acme', ['metrics']);
  expect(await series(scraper)).toEqual(expected);
  // The operator's scrape has it beside all others.
  expect(await series(collector.apiKey)).toEqual(expected);

  await collector.makeTenant('apart');
  expect(await series(await collector.makeKey('apart', ['metrics']))).toEqual(new Map());
});

test('field-pain 11: made-up model names are one series past a bound, and nothing is lost in it', async () => {
  await collector.makeTenant('typos');
  const key = await collector.makeKey('typos', ['admin']);
  const models = MAX_UNPRICED_SERIES + 7;
  await collector.post(
    Array.from({ length: models }, (_, index) =>
      testEvent({
        timestamp: new Date().toISOString(),
        model_name: `typo-${index}`,
        input_tokens: 10,
        output_tokens: 0,
      }),
    ),
    { key },
  );
  await collector.complete();
  const told = await series(key);
  expect(told.size).toBe(2 * (MAX_UNPRICED_SERIES + 1));
  expect(told.get(`requests ${labels('other', 'other', 'other')}`)).toBe(7);
  const sum = (of: string): number =>
    [...told].filter(([name]) => name.startsWith(of)).reduce((total, [, value]) => total + value, 0);
  expect([sum('requests'), sum('tokens')]).toEqual([models, models * 10]);
});
