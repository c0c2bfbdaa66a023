import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createApp } from '../app.ts';
import { readConfiguration } from '../configuration/configuration.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../testing/test-collector.ts';
import { TEST_ENGINE } from '../testing/test-database.ts';
import type { Overview } from '../usage/overview.ts';
import { CACHED_ROUTES } from './cached-routes.ts';
import { foldVersions } from './data-version.ts';

let collector: TestCollector;
/** A second collector on the same database. */
let other: FastifyInstance;
let neighbour: string;

beforeAll(async () => {
  collector = await startTestCollector({ ANSWER_CACHE_SECONDS: 300 });
  other = await createApp({
    configuration: { ...readConfiguration({}), INGEST_COMMIT_DELAY_MS: 0 },
    connectionString: collector.connectionString,
    engine: TEST_ENGINE,
    logger: pino({ level: 'silent' }),
  });
  await collector.makeTenant('neighbour');
  neighbour = await collector.makeKey('neighbour', ['ingest', 'read']);
  for (const key of [collector.apiKey, neighbour]) {
    const days = Array.from({ length: 28 }, (_, day) =>
      testEvent({
        timestamp: `2026-03-${String(day + 1).padStart(2, '0')}T12:00:00Z`,
        metadata: { team: 'a' },
      }),
    );
    await collector.post(days, { key });
  }
  await collector.complete();
});
afterAll(async () => {
  await other.close();
  await collector.close();
});

const MARCH = { start_date: '2026-03-01', end_date: '2026-03-31' };
const PATH = '/v1/analytics/usage/overview';
interface Asked {
  key?: string;
  path?: string;
  headers?: Record<string, string>;
  app?: FastifyInstance;
}
async function ask(
  query: Record<string, string | string[]>,
  { key = collector.apiKey, path = PATH, headers = {}, app = collector.app }: Asked = {},
) {
  return app.inject({
    method: 'GET',
    url: path,
    query,
    headers: { ...headers, authorization: `Bearer ${key}` },
  });
}
const overview = async (query: Record<string, string>, asked?: Asked): Promise<Overview> =>
  (await ask(query, asked)).json<Overview>();

/** Until an answer is as wanted: one that was kept and never made invalid would be given for five minutes. */
async function until(
  query: Record<string, string>,
  isWanted: (answer: Overview) => boolean,
  asked?: Asked,
): Promise<Overview> {
  for (;;) {
    const answer = await overview(query, asked);
    if (isWanted(answer)) return answer;
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function counted(): Promise<Record<string, number>> {
  const text = (await collector.call({ method: 'GET', url: '/metrics' })).body;
  const lines = text.matchAll(/^promptops_answer_cache_requests_total\{outcome="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, outcome = '', times]) => [outcome, Number(times)]));
}

test('a stampede costs one query, whatever the order of the parameters', async () => {
  const before = await counted();
  const queries = [
    { ...MARCH, model_name: 'gpt-4o', environment: '__none__' },
    { environment: '__none__', model_name: 'gpt-4o', end_date: MARCH.end_date, start_date: MARCH.start_date },
  ];
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => overview(queries[index % 2] as Record<string, string>)),
  );
  expect(new Set(answers.map(({ freshness }) => freshness.as_of)).size).toBe(1);
  expect(answers[0]?.summary.total_requests).toBe(28);
  const after = await counted();
  expect((after['miss'] ?? 0) - (before['miss'] ?? 0)).toBe(1);
  expect((after['hit'] ?? 0) - (before['hit'] ?? 0)).toBe(39);
  const again = await overview(queries[0] as Record<string, string>);
  expect(again.freshness.as_of).toBe(answers[0]?.freshness.as_of);
  expect(again.freshness.cache_age_seconds).toBeGreaterThan(0);
});

/** Something that each route takes, over a time that is past. */
const QUESTIONS: Record<string, Record<string, string | string[]>> = {
  '/v1/analytics/allocation': { ...MARCH, by: 'metadata.team' },
  '/v1/analytics/summary': MARCH,
  '/v1/analytics/usage/anomalies': { start_date: '2026-03-20', end_date: '2026-03-28' },
  '/v1/analytics/usage/breakdown': { ...MARCH, dimension: ['model_name', 'metadata.team'], group_by: 'day' },
  '/v1/analytics/usage/cache': { ...MARCH, group_by: 'day' },
  '/v1/analytics/usage/compare': { ...MARCH, dimension: 'model_name' },
  '/v1/analytics/usage/errors': MARCH,
  '/v1/analytics/usage/forecast': { measure: 'requests' },
  '/v1/analytics/usage/latency': { ...MARCH, dimension: 'model_name' },
  '/v1/analytics/usage/overview': { ...MARCH, timezone: 'Asia/Kolkata' },
  '/v1/analytics/usage/trends': { ...MARCH, measure: 'total_requests' },
  '/v1/analytics/usage/unpriced': MARCH,
};

describe.each(Object.keys(CACHED_ROUTES))('%s', (path) => {
  const query = QUESTIONS[path] ?? {};
  test('a kept answer is the computed one, with its age, and 304 to who has it', async () => {
    const first = await ask(query, { path });
    expect({ status: first.statusCode, body: first.body }).toEqual({ status: 200, body: expect.any(String) });
    const second = await ask(query, { path });
    const { freshness: firstFreshness, ...computed } = first.json<Overview>();
    const { freshness, ...kept } = second.json<Overview>();
    expect(kept).toEqual(computed);
    expect(freshness).toEqual({ ...firstFreshness, cache_age_seconds: freshness.cache_age_seconds });
    expect(firstFreshness.cache_age_seconds).toBe(0);
    expect(freshness.cache_age_seconds).toBeGreaterThan(0);
    expect(second.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      etag: first.headers.etag,
      vary: 'authorization, x-api-key, cookie',
      'cache-control': expect.stringMatching(/^private, max-age=(\d|10)$/),
    });
    const etag = String(first.headers.etag);
    const known = await ask(query, { path, headers: { 'if-none-match': `"else", ${etag}` } });
    expect([known.statusCode, known.body, known.headers.etag]).toEqual([304, '', etag]);
    const unknown = await ask(query, { path, headers: { 'if-none-match': '"else"' } });
    expect(unknown.statusCode).toBe(200);
  });

  test('Cache-Control: no-cache gets a computed answer, with the same ETag while nothing changed', async () => {
    const kept = await ask(query, { path });
    const fresh = await ask(query, { path, headers: { 'cache-control': 'no-cache' } });
    expect(fresh.json<Overview>().freshness.cache_age_seconds).toBe(0);
    expect(Date.parse(fresh.json<Overview>().freshness.as_of)).toBeGreaterThan(
      Date.parse(kept.json<Overview>().freshness.as_of),
    );
    // Of a forecast the day goes on.
    if (path.endsWith('forecast')) return;
    expect(fresh.headers.etag).toBe(kept.headers.etag);
  });

  test('needs a key all the same, and says what is wrong', async () => {
    await ask(query, { path });
    const none = await collector.app.inject({ method: 'GET', url: path, query });
    expect(none.statusCode).toBe(401);
    const ingest = await collector.makeKey(FIRST_TENANT, ['ingest']);
    expect((await ask(query, { path, key: ingest })).statusCode).toBe(403);
    expect((await ask({ ...query, timezone: 'Mars/Olympus' }, { path })).statusCode).toBe(400);
    expect((await ask({ ...query, colour: 'red' }, { path })).statusCode).toBe(400);
  });
});

test('a large answer is whole, and HEAD tells its length and ETag', async () => {
  const query = { ...MARCH, group_by: 'hour' };
  const first = await ask(query);
  const kept = await ask(query);
  expect(kept.rawPayload.length).toBeGreaterThan(200_000);
  expect(Number(kept.headers['content-length'])).toBe(kept.rawPayload.length);
  expect(kept.json<Overview>().time_series).toEqual(first.json<Overview>().time_series);
  expect(kept.json<Overview>().freshness.cache_age_seconds).toBeGreaterThan(0);
  const head = await collector.call({ method: 'HEAD', url: PATH, query });
  expect([head.statusCode, head.body, head.headers.etag]).toEqual([200, '', kept.headers.etag]);
});

test('tenants never see each other in what is kept', async () => {
  const query = { ...MARCH, prompt_id: 'mine' };
  await collector.post([testEvent({ prompt_id: 'mine' })]);
  await until(query, ({ summary }) => summary.total_requests === 1);
  expect((await overview(query, { key: neighbour })).summary.total_requests).toBe(0);
  expect((await overview(query)).summary.total_requests).toBe(1);
});

/** What makes kept answers wrong, and a figure that shows it. */
const CHANGES: [string, () => Promise<unknown>][] = [
  ['late events', () => collector.post([testEvent({ timestamp: '2026-03-05T05:05:05Z', user_id: 'late' })])],
  [
    'a completion of a known event',
    () =>
      collector.post([
        testEvent({ event_id: 'to-complete', timestamp: '2026-03-06T00:00:00Z', response_time_ms: 9 }),
      ]),
  ],
  [
    'a change by hand',
    async () => {
      await collector.pool.query(`SELECT note_changed_answers('${FIRST_TENANT}')`);
    },
  ],
  [
    'a change of everybody by hand',
    async () => {
      await collector.pool.query('SELECT note_changed_answers()');
    },
  ],
];

test.each(CHANGES)('%s make kept answers of the past go away, on every collector', async (_, change) => {
  await collector.post([testEvent({ event_id: 'to-complete', timestamp: '2026-03-06T00:00:00Z' })]);
  await collector.complete();
  // Until both have it kept.
  const before = await Promise.all(
    [collector.app, other].map((app) =>
      until(MARCH, ({ freshness }) => freshness.cache_age_seconds > 0.01, { app }),
    ),
  );
  await change();
  await collector.complete();
  const fresh = await overview(MARCH, { headers: { 'cache-control': 'no-cache' } });
  for (const [index, app] of [collector.app, other].entries()) {
    const after = await until(
      MARCH,
      ({ freshness }) => freshness.as_of > (before[index]?.freshness.as_of ?? ''),
      { app },
    );
    expect(after.freshness.as_of > (before[index]?.freshness.as_of ?? '')).toBe(true);
    expect(
      (await until(MARCH, ({ summary }) => summary.total_requests === fresh.summary.total_requests, { app }))
        .summary,
    ).toEqual(fresh.summary);
  }
});

test('a change of one tenant leaves the kept answers of another alone, and so does what comes in now', async () => {
  const before = await until(MARCH, ({ freshness }) => freshness.cache_age_seconds > 0.01, {
    key: neighbour,
  });
  const own = await until(MARCH, ({ freshness }) => freshness.cache_age_seconds > 0.01);
  await collector.post([testEvent({ timestamp: new Date().toISOString() })], { key: neighbour });
  await collector.post([testEvent({ timestamp: '2026-03-07T05:05:05Z' })]);
  await until(MARCH, ({ freshness }) => freshness.as_of > own.freshness.as_of);
  expect((await overview(MARCH, { key: neighbour })).freshness.as_of).toBe(before.freshness.as_of);
});

test('repricing changes kept answers, and a new price what is said of unpriced calls', async () => {
  const model = { model_provider: 'in-house', model_name: 'kept-model' };
  await collector.post([testEvent({ ...model, timestamp: '2026-03-15T12:00:00Z' })]);
  const query = { ...MARCH, model_name: 'kept-model' };
  await until(query, ({ summary }) => summary.unpriced_requests === 1);
  const unpriced = async (): Promise<string> =>
    (await ask(query, { path: '/v1/analytics/usage/unpriced' })).json<{ models: { reason: string }[] }>()
      .models[0]?.reason ?? '';
  expect(await unpriced()).toBe('unknown_provider_or_model');
  const post = (url: string, payload: object) => collector.call({ method: 'POST', url, payload });
  await post('/v1/prices', {
    ...model,
    effective_from: '2026-01-01T00:00:00Z',
    input_per_mtok: '2',
    output_per_mtok: '10',
  });
  while ((await unpriced()) !== 'has_price_now') await new Promise((done) => setTimeout(done, 50));
  expect((await overview(query)).summary.total_cost_usd).toBeNull();
  await post('/v1/prices/reprice', { ...MARCH, dry_run: false });
  const after = await until(query, ({ summary }) => summary.total_cost_usd !== null);
  expect(after.summary.total_cost_usd).toBe('0.003');
});

test('an answer that reaches to now is kept for seconds, one of the past for minutes', async () => {
  const today = await ask({ start_date: 'now-7d', end_date: 'now' });
  expect(Number(/max-age=(\d+)/.exec(String(today.headers['cache-control']))?.[1])).toBeLessThanOrEqual(10);
  const shortLived = await startTestCollector({ ANSWER_CACHE_SECONDS: 1 });
  const seen = async (): Promise<number> =>
    (await shortLived.call({ method: 'GET', url: PATH, query: { start_date: 'now-1d' } })).json<Overview>()
      .summary.total_requests;
  expect(await seen()).toBe(0);
  await shortLived.post([testEvent({ timestamp: new Date().toISOString() })]);
  while ((await seen()) === 0) await new Promise((done) => setTimeout(done, 50));
  const none = await startTestCollector({ ANSWER_CACHE_SECONDS: 0 });
  const read = () => none.call({ method: 'GET', url: PATH, query: MARCH });
  await read();
  const again = await read();
  expect(again.json<Overview>().freshness.cache_age_seconds).toBe(0);
  expect(again.headers['cache-control']).toBe('private, max-age=0');
  await shortLived.close();
  await none.close();
});

test('versions of sessions that are gone are added together without another sum', async () => {
  const { pool } = collector;
  await pool.query(
    `INSERT INTO answer_versions (tenant_id, writer, version) VALUES ('folded', -1, 5), ('folded', -2, 6), ('folded', pg_backend_pid(), 7)`,
  );
  await foldVersions(pool);
  await foldVersions(pool);
  const { rows } = await pool.query<{ rows: number; sum: string }>(
    `SELECT count(*)::int AS rows, sum(version)::text AS sum FROM answer_versions WHERE tenant_id = 'folded'`,
  );
  expect(rows[0]?.sum).toBe('18');
  expect(rows[0]?.rows).toBeLessThanOrEqual(2);
});
