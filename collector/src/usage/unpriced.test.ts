import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { postRandomCalls, RANDOM_CALLS_PERIOD } from '../testing/random-calls.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../testing/test-collector.ts';
import type { Overview } from './overview.ts';
import type { UnpricedAnswer } from './unpriced.ts';

let collector: TestCollector;
let neighbourKey: string;

beforeAll(async () => {
  collector = await startTestCollector();
  await postRandomCalls(collector, { seed: 31, count: 900 });
  await collector.makeTenant('neighbour');
  neighbourKey = await collector.makeKey('neighbour', ['ingest', 'read']);
  await collector.post([testEvent({ model_provider: 'acme', model_name: 'secret-model' })], {
    key: neighbourKey,
  });
  await collector.complete();
});
afterAll(() => collector.close());

const unpriced = async (query: Record<string, string | string[]>, key?: string): Promise<UnpricedAnswer> => {
  const answer = await collector.call({
    method: 'GET',
    url: '/v1/analytics/usage/unpriced',
    query,
    ...(key === undefined ? {} : { key }),
  });
  expect(answer.statusCode).toBe(200);
  return answer.json<UnpricedAnswer>();
};

test.each([
  [{}, 'true'],
  [{ 'prefix.model_name': 'o' }, `model_name LIKE 'o%'`],
  [{ start_date: '2026-10-01', user_id: '__none__' }, `"timestamp" >= '2026-10-01' AND user_id IS NULL`],
])(
  'under %j every model with unpriced calls is named, with how many and since when',
  async (query, where) => {
    const answer = await unpriced({ ...RANDOM_CALLS_PERIOD, ...query });
    const { rows } = await collector.pool.query<Record<string, unknown>>(
      `SELECT model_provider, model_name, count(*)::int AS unpriced_requests, coalesce(sum(tokens_used), 0)::int AS unpriced_tokens,
       to_char(min("timestamp"), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS first_seen, to_char(max("timestamp"), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS last_seen
     FROM client_usage_logs WHERE tenant_id = $1 AND cost_nano_usd IS NULL AND ${where}
     GROUP BY 1, 2 ORDER BY 3 DESC, 4 DESC, 1, 2`,
      [FIRST_TENANT],
    );
    expect(answer.models).toMatchObject(rows);
    expect(answer.models).toHaveLength(rows.length);
    expect(rows.length).toBeGreaterThan(0);
  },
);

test('field-pain 13: models, others, points and the overview agree', async () => {
  const query = { ...RANDOM_CALLS_PERIOD, timezone: 'Europe/Berlin', group_by: 'week' };
  const answer = await unpriced({ ...query, limit: '1' });
  const { summary, time_series } = (
    await collector.call({ method: 'GET', url: '/v1/analytics/usage/overview', query })
  ).json<Overview>();
  const parts = [...answer.models, ...(answer.other ? [answer.other] : [])];
  for (const name of ['unpriced_requests', 'unpriced_tokens', 'unknown_usage_requests'] as const) {
    expect(parts.reduce((sum, part) => sum + part[name], 0)).toBe(answer.total[name]);
    expect(answer.total[name]).toBe(summary[name]);
  }
  expect(answer.total.total_requests).toBe(summary.total_requests);
  expect(answer.total.request_share_percent).toBeCloseTo(
    (summary.unpriced_requests * 100) / summary.total_requests,
    3,
  );
  for (const [index, point] of time_series.entries()) {
    const { timestamp, unpriced_requests, unpriced_tokens } = point;
    expect(answer.total.time_series?.[index]).toEqual({ timestamp, unpriced_requests, unpriced_tokens });
    expect(parts.reduce((sum, part) => sum + (part.time_series?.[index]?.unpriced_requests ?? 0), 0)).toBe(
      unpriced_requests,
    );
  }
});

test('field-pain 3: each model is told why it has no price and what to do', async () => {
  const day = { start_date: '2026-04-04', end_date: '2026-04-04' };
  const at = (fields: Record<string, unknown>) =>
    testEvent({ timestamp: '2026-04-04T04:04:04.004Z', ...fields });
  await collector.post([
    at({ model_provider: 'acme', model_name: 'rocket-1' }),
    at({ model_provider: 'ollama', model_name: 'llama3.2' }),
    at({ model_name: 'gpt-4o', service_tier: 'golden' }),
    at({ model_name: 'gpt-4o-mini', input_tokens: undefined, output_tokens: undefined }),
    at({ model_name: 'gpt-4.1' }),
  ]);
  await collector.complete();
  const answer = await unpriced(day);
  expect(Object.fromEntries(answer.models.map(({ model_name, reason }) => [model_name, reason]))).toEqual({
    'rocket-1': 'unknown_provider_or_model',
    'llama3.2': 'self_hosted',
    'gpt-4o': 'unknown_service_tier',
    'gpt-4o-mini': 'no_token_counts',
  });
  expect(answer.total).toMatchObject({
    models: 4,
    unpriced_requests: 4,
    total_requests: 5,
    unknown_usage_requests: 1,
  });
  for (const model of answer.models) {
    expect(model.what_to_do).toMatch(/\.$/);
    expect(model).toMatchObject({
      first_seen: '2026-04-04T04:04:04.004Z',
      last_seen: '2026-04-04T04:04:04.004Z',
    });
  }
});

test('calls that have a price by now ask for a repricing', async () => {
  await collector.post([
    testEvent({ timestamp: '2026-04-06T04:00:00Z', event_id: 'later-priced', model_name: 'gpt-4o' }),
  ]);
  await collector.pool.query(
    `UPDATE client_usage_logs SET cost_nano_usd = NULL WHERE event_key = 'later-priced'`,
  );
  // The rollups are told as a repricing tells them: on PostgreSQL by the row that changes, on TimescaleDB by a refresh.
  const { rows } = await collector.pool.query<{ tables: boolean }>(
    `SELECT relkind = 'r' AS tables FROM pg_class WHERE relname = 'usage_rollup_hour_by_model'`,
  );
  if (rows[0]?.tables) {
    for (const table of [
      'usage_rollup_quarter_hour',
      'usage_rollup_day',
      'usage_rollup_hour_by_model',
      'usage_rollup_total',
    ])
      await collector.pool.query(
        `UPDATE ${table} SET unpriced_requests = 1, total_cost_nano_usd = 0 WHERE bucket_start >= '2026-04-06' AND bucket_start < '2026-04-07'`,
      );
  } else {
    await collector.pool.query(
      `INSERT INTO usage_refresh_queue (range_start, range_end) VALUES ('2026-04-06', '2026-04-07')`,
    );
    await collector.complete();
  }
  const answer = await unpriced({ start_date: '2026-04-06', end_date: '2026-04-06' });
  expect(answer.models).toMatchObject([{ model_name: 'gpt-4o', reason: 'has_price_now' }]);
});

test("a tenant's unpriced models are nobody else's business", async () => {
  const query = { start_date: '2026-03-10', end_date: '2026-03-10' };
  expect((await unpriced(query, neighbourKey)).models.map(({ model_name }) => model_name)).toEqual([
    'secret-model',
  ]);
  expect((await unpriced(query)).models.map(({ model_name }) => model_name)).not.toContain('secret-model');
});

test('a period without any is an empty list', async () => {
  expect(await unpriced({ start_date: '2020-01-01', end_date: '2020-01-02' })).toMatchObject({
    models: [],
    other: null,
    total: { models: 0, unpriced_requests: 0, request_share_percent: null },
  });
});

test('Prometheus sees how many accepted calls had no price, and no names of models', async () => {
  const key = await collector.makeKey(FIRST_TENANT, ['metrics']);
  const counted = async (reason: string): Promise<number> => {
    const { body } = await collector.call({ method: 'GET', url: '/metrics', key });
    expect(body).not.toContain('rocket-2');
    return Number(
      new RegExp(`^promptops_unpriced_requests_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(body)?.[1],
    );
  };
  const before = [await counted('no_price'), await counted('no_token_counts')];
  const unknown = testEvent({ model_provider: 'acme', model_name: 'rocket-2' });
  await collector.post([
    unknown,
    unknown,
    testEvent({ model_provider: 'acme', model_name: 'rocket-2' }),
    testEvent({ input_tokens: undefined, output_tokens: undefined }),
    testEvent({ input_tokens: undefined, output_tokens: undefined, status: 'error' }),
    testEvent(),
  ]);
  expect([await counted('no_price'), await counted('no_token_counts')]).toEqual([
    (before[0] ?? 0) + 2,
    (before[1] ?? 0) + 1,
  ]);
});
