import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { postRandomCalls } from '../testing/random-calls.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../testing/test-collector.ts';
import type { Overview } from './overview.ts';
import { couldHaveSaved, usdOfAtto } from './prompt-cache-savings.ts';
import type { CacheAnswer, CacheFigures } from './prompt-cache.ts';

let collector: TestCollector;
let cachedKey: string;

const HAIKU = { model_provider: 'anthropic', model_name: 'claude-3-5-haiku-latest' };

beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('cached');
  cachedKey = await collector.makeKey('cached', ['ingest', 'read', 'admin']);
  // A price of the tenant's own from June 10, 12:00 in India on.
  const price = await collector.call({
    method: 'POST',
    url: '/v1/prices',
    key: cachedKey,
    payload: {
      ...HAIKU, effective_from: '2026-06-10T06:30:00Z', input_per_mtok: '4', cache_read_per_mtok: '1', cache_write_5m_per_mtok: '5',
      cache_write_1h_per_mtok: '6', output_per_mtok: '10',
    },
  }); // prettier-ignore
  expect([price.statusCode, price.body]).toEqual([201, expect.any(String)]);
  await postRandomCalls(collector, { seed: 51, count: 1500 });
  let state = 77;
  const below = (limit: number): number => (state = (state * 48_271) % 2_147_483_647) % limit;
  const events = Array.from({ length: 900 }, (_, index) => {
    const [read, write5m, write1h] = [
      below(5000),
      below(3) === 0 ? below(4000) : 0,
      below(7) === 0 ? below(2000) : 0,
    ];
    return testEvent({
      event_id: `cached-${index}`,
      timestamp: new Date(Date.parse('2026-06-08T00:00:00Z') + below(5 * 86_400_000)).toISOString(),
      prompt_id: `prompt-${below(4)}`,
      ...(below(2) === 0 ? HAIKU : { model_name: 'gpt-4o' }),
      input_tokens: read + write5m + write1h + below(3000),
      cache_read_tokens: read,
      cache_write_5m_tokens: write5m,
      cache_write_1h_tokens: write1h,
    });
  });
  for (const half of [events.slice(450), events.slice(0, 450)]) {
    expect((await collector.post(half, { key: cachedKey })).json()).toMatchObject({ rejected: 0 });
    await collector.complete();
  }
  // On TimescaleDB two histories are refreshed, on a busy machine for more than a minute.
}, 240_000);
afterAll(() => collector.close());

type Query = Record<string, string | string[]>;
async function get<Answer>(path: string, query: Query, key?: string): Promise<Answer> {
  const answer = await collector.call({
    method: 'GET',
    url: `/v1/analytics/usage/${path}`,
    query,
    ...(key === undefined ? {} : { key }),
  });
  if (answer.statusCode !== 200) throw new Error(`${path} ${JSON.stringify(query)}: ${answer.body}`);
  return answer.json<Answer>();
}
const cache = (query: Query, key?: string): Promise<CacheAnswer> => get('cache', query, key);

interface Truth {
  member: string | null;
  total_requests: number;
  all_input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  read_saving_usd: string;
  write_cost_usd: string;
  net_saving_usd: string;
}
/** Each call by the very price that made its cost. */
async function plain(member: string, where: string, zone: string, tenant: string): Promise<Truth[]> {
  const { rows } = await collector.pool.query<Truth>(
    `WITH calls AS (
       SELECT ${member} AS member, coalesce(input_tokens, 0) AS i, coalesce(cache_read_tokens, 0) AS r, coalesce(cache_write_5m_tokens, 0) AS w5,
         coalesce(cache_write_1h_tokens, 0) AS w1, p.input_per_mtok AS pi, p.cache_read_per_mtok AS pr, p.cache_write_5m_per_mtok AS p5, p.cache_write_1h_per_mtok AS p1
       FROM (SELECT *, to_char("timestamp" AT TIME ZONE $2, 'YYYY-MM-DD') AS day FROM client_usage_logs) l LEFT JOIN model_prices p USING (price_id)
       WHERE l.tenant_id = $1 AND ${where}
     )
     SELECT member, count(*)::int AS total_requests, sum(i + r + w5 + w1)::int AS all_input_tokens, sum(r)::int AS cache_read_tokens, sum(w5 + w1)::int AS cache_write_tokens,
       trim_scale(round(coalesce(sum(r * (pi - pr)), 0) / 1000000, 9))::text AS read_saving_usd,
       trim_scale(round(coalesce(sum(w5 * (p5 - pi) + w1 * (p1 - pi)), 0) / 1000000, 9))::text AS write_cost_usd,
       trim_scale(round(coalesce(sum(r * (pi - pr) - w5 * (p5 - pi) - w1 * (p1 - pi)), 0) / 1000000, 9))::text AS net_saving_usd
     FROM calls GROUP BY 1`,
    [tenant, zone],
  );
  return rows;
}
const expectFigures = (told: CacheFigures | undefined, truth: Truth | undefined): void => {
  const { member: _, ...rest } = truth ?? { member: null };
  expect(told).toMatchObject(rest);
};

const JUNE = { start_date: '2026-06-09', end_date: '2026-06-11', group_by: 'day' };
const IN_JUNE = `day >= '2026-06-09' AND day <= '2026-06-11'`;

describe.each(['UTC', 'America/New_York', 'Asia/Kolkata'])('in %s', (timezone) => {
  test('tokens and money of rollups are those of each call at its own price, before and after the price changed', async () => {
    const answer = await cache({ ...JUNE, timezone }, cachedKey);
    expect(answer.source).toBe('rollups');
    const [whole] = await plain('NULL::text', IN_JUNE, timezone, 'cached');
    expectFigures(answer.total, whole);
    expect(answer.total.hit_rate_percent).toBeCloseTo(
      ((whole?.cache_read_tokens ?? 0) * 100) / (whole?.all_input_tokens ?? 1),
      3,
    );
    const days = await plain('day', IN_JUNE, timezone, 'cached');
    expect(answer.time_series).toHaveLength(3);
    for (const point of answer.time_series)
      expectFigures(
        point,
        days.find(({ member }) => member === point.timestamp.slice(0, 10)),
      );
    const models = await plain('model_name', IN_JUNE, timezone, 'cached');
    expect(answer.models).toHaveLength(2);
    for (const model of answer.models)
      expectFigures(
        model,
        models.find(({ member }) => member === model.model_name),
      );
    const prompts = await plain('prompt_id', IN_JUNE, timezone, 'cached');
    expect(answer.prompts).toHaveLength(4);
    for (const prompt of answer.prompts)
      expectFigures(
        prompt,
        prompts.find(({ member }) => member === prompt.prompt_id),
      );
    const { summary } = await get<Overview>('overview', { ...JUNE, timezone }, cachedKey);
    expect(answer.total.total_requests).toBe(summary.total_requests);
    expect(answer.total.cache_read_tokens).toBe(summary.cache_read_tokens);
  });

  test('under filters that need the events likewise', async () => {
    // A response cache's hit costs nothing whatever its tokens, and the standard tier is what the book is asked for.
    const query = {
      start_date: '2026-10-20',
      end_date: '2026-11-05',
      group_by: 'week',
      timezone,
      cache_hit: 'false',
      service_tier: ['default', '__none__'],
    };
    const answer = await cache({ ...query, limit: '2' });
    expect(answer.source).toBe('events');
    const where = `day >= '2026-10-20' AND day <= '2026-11-05' AND NOT cache_hit AND (l.service_tier IS NULL OR l.service_tier = 'default')`;
    const [whole] = await plain('NULL::text', where, timezone, FIRST_TENANT);
    expectFigures(answer.total, whole);
    expect(answer.models).toHaveLength(2);
    const members = [...answer.models, answer.other_models ?? answer.total];
    expect(members.reduce((sum, { all_input_tokens }) => sum + all_input_tokens, 0)).toBe(
      whole?.all_input_tokens,
    );
    expect(answer.time_series.reduce((sum, { cache_read_tokens }) => sum + cache_read_tokens, 0)).toBe(
      whole?.cache_read_tokens,
    );
    const [unpriced] = await plain(
      'NULL::text',
      `${where} AND cost_nano_usd IS NULL`,
      timezone,
      FIRST_TENANT,
    );
    expect(answer.total.unpriced_cached_tokens).toBe(unpriced?.cache_read_tokens);
  });
});

test('writing more than is read costs: the net saving is negative', async () => {
  await collector.post(
    [
      testEvent({
        ...HAIKU,
        timestamp: '2026-06-20T00:00:00Z',
        input_tokens: 10_000,
        cache_write_5m_tokens: 9000,
        cache_read_tokens: 1000,
      }),
    ],
    { key: cachedKey },
  );
  await collector.complete();
  const answer = await cache({ start_date: '2026-06-20', end_date: '2026-06-20' }, cachedKey);
  // 1000 x (4 - 1) and 9000 x (5 - 4) USD a million.
  expect(answer.total).toMatchObject({
    hit_rate_percent: 10,
    read_saving_usd: '0.003',
    write_cost_usd: '0.009',
    net_saving_usd: '-0.006',
  });
});

test('a model without a price has tokens and no money', async () => {
  await collector.post(
    [
      testEvent({
        model_provider: 'vllm',
        model_name: 'own',
        timestamp: '2026-06-22T00:00:00Z',
        cache_read_tokens: 400,
      }),
    ],
    { key: cachedKey },
  );
  await collector.complete();
  const answer = await cache({ start_date: '2026-06-22', end_date: '2026-06-22' }, cachedKey);
  expect(answer.total).toMatchObject({
    cache_read_tokens: 400,
    hit_rate_percent: 40,
    net_saving_usd: null,
    unpriced_cached_tokens: 400,
  });
});

test('prompts with much input and no caching are told with what it would have saved', async () => {
  // 288 calls in a day, one in five minutes: each finds the beginning of the one before with probability 1 - 1/e.
  const day = Date.parse('2026-06-24T00:00:00Z');
  const calls = Array.from({ length: 288 }, (_, index) =>
    testEvent({
      ...HAIKU,
      timestamp: new Date(day + index * 300_000).toISOString(),
      prompt_id: 'long',
      input_tokens: 10_000,
      output_tokens: 1,
    }),
  );
  const short = Array.from({ length: 50 }, (_, index) =>
    testEvent({
      ...HAIKU,
      timestamp: new Date(day + index * 300_000).toISOString(),
      prompt_id: 'short',
      input_tokens: 500,
      output_tokens: 1,
    }),
  );
  await collector.post([...calls, ...short], { key: cachedKey });
  await collector.complete();
  const answer = await cache(
    { start_date: '2026-06-24', end_date: '2026-06-24', repeated_percent: '80' },
    cachedKey,
  );
  const warm = 1 - Math.exp(-1);
  // Of 2.88 million tokens 80 % repeat: read at 3 USD a million less, or written at 1 USD more.
  const saving = 2.88 * 0.8 * (warm * 3 - (1 - warm) * 1);
  expect(answer.could_have_saved.prompts).toMatchObject([
    {
      prompt_id: 'long',
      requests: 288,
      mean_input_tokens: 10_000,
      hit_rate_percent: 0,
      calls_that_would_read_percent: Math.round(warm * 1e4) / 100,
    },
  ]);
  expect(Number(answer.could_have_saved.prompts[0]?.estimated_saving_usd)).toBeCloseTo(saving, 5);
  expect(answer.could_have_saved.estimated_saving_usd).toBe(
    answer.could_have_saved.prompts[0]?.estimated_saving_usd,
  );
  expect(answer.could_have_saved.assumptions.join(' ')).toContain('80 % of the uncached input');
  expect((await cache({ ...JUNE }, cachedKey)).could_have_saved.prompts).toEqual([]); // cached already
});

test('rare calls would have paid for writing only: nothing is promised', () => {
  const rates = { input: 4n, cacheRead: 1n, cacheWrite5m: 5n, cacheWrite1h: 6n };
  const question = { uncachedInput: 1_000_000n, repeatedPercent: 50, minutes: 1440 };
  expect(couldHaveSaved({ ...question, requests: 20 }, rates).atto).toBe(0n);
  expect(couldHaveSaved({ ...question, requests: 100_000 }, rates).atto).toBe(1_500_000n);
  expect(couldHaveSaved({ ...question, requests: 100_000 }, { ...rates, cacheRead: 4n }).atto).toBe(0n);
});

test('hits of the response cache save what the other calls of the same prompt and model cost', async () => {
  const at = { timestamp: '2026-06-26T00:00:00Z', prompt_id: 'faq', model_name: 'gpt-4o' };
  await collector.post(
    [
      testEvent({ ...at, input_tokens: 1000, output_tokens: 100 }), // 0.0035
      testEvent({ ...at, input_tokens: 3000, output_tokens: 300 }), // 0.0105
      testEvent({ ...at, cache_hit: true, input_tokens: null, output_tokens: null }),
      testEvent({ ...at, cache_hit: true, input_tokens: null, output_tokens: null }),
      testEvent({ ...at, cache_hit: true, input_tokens: null, output_tokens: null }),
      testEvent({ ...at, prompt_id: 'only-hits', cache_hit: true, input_tokens: null, output_tokens: null }),
    ],
    { key: cachedKey },
  );
  await collector.complete();
  const answer = await cache({ start_date: '2026-06-26', end_date: '2026-06-26' }, cachedKey);
  expect(answer.response_cache).toEqual({
    cache_hits: 4,
    hit_rate_percent: 66.6667,
    estimated_saving_usd: '0.021',
    hits_without_estimate: 1,
  });
});

test('nothing at all is nothing, and a tenant sees its own calls only', async () => {
  const answer = await cache({ start_date: '2020-01-01', end_date: '2020-01-02', group_by: 'day' });
  expect(answer).toMatchObject({
    total: { total_requests: 0, hit_rate_percent: null, net_saving_usd: '0' },
    models: [],
    prompts: [],
    could_have_saved: { estimated_saving_usd: '0', prompts: [] },
    response_cache: {
      cache_hits: 0,
      hit_rate_percent: null,
      estimated_saving_usd: '0',
      hits_without_estimate: 0,
    },
  });
  expect((await cache(JUNE)).total.total_requests).toBe(0);
});

test('atto-USD are rounded once to nano-USD, halves away from nothing', () => {
  expect([0n, 499_999_999n, 500_000_000n, -500_000_000n, 1_500_000_000_000_000_000n].map(usdOfAtto)).toEqual([
    '0',
    '0',
    '0.000000001',
    '-0.000000001',
    '1.5',
  ]);
});

test.each([
  [
    { start_date: '2026-01-01', end_date: '2026-12-31', user_id: 'x' },
    422,
    /user_id: is read from the events/,
  ],
  [{ repeated_percent: '101' }, 400, /repeated_percent: must be <= 100/],
] as [Query, number, RegExp][])('a wrong query is told: %j', async (query, status, detail) => {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/cache', query });
  expect({ status: answer.statusCode, detail: answer.json<{ detail: string }>().detail }).toEqual({
    status,
    detail: expect.stringMatching(detail),
  });
});
