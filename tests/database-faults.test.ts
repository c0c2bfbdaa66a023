import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createApp } from '../collector/src/app.ts';
import { readConfiguration } from '../collector/src/configuration/configuration.ts';
import { createPool, type Pool } from '../collector/src/database/pool.ts';
import { createTestDatabase, type TestDatabase } from '../collector/src/testing/test-database.ts';
import { setUp } from '../collector/src/tenants/setup.ts';
import { startDatabaseProxy, type DatabaseProxy } from './database-proxy.ts';

let database: TestDatabase;
let proxy: DatabaseProxy;
let pool: Pool;
let app: Awaited<ReturnType<typeof createApp>>;
let apiKey: string;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startDatabaseProxy(database.connectionString);
  pool = createPool({ connectionString: database.connectionString, max: 2, applicationName: 'test' });
  const { generatedApiKey = '', engine } = await setUp(pool, undefined);
  apiKey = generatedApiKey;
  const configuration = { ...readConfiguration({}), INGEST_COMMIT_TIMEOUT_MS: 3_000 };
  app = await createApp({
    configuration,
    connectionString: proxy.connectionString,
    engine: engine.kind,
    logger: pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' }),
  });
  await post(1);
});
beforeEach(() => pool.query('TRUNCATE client_usage_logs, event_identities, usage_rollup_quarter_hour'));
afterAll(async () => {
  await app.close();
  await proxy.close();
  await pool.end();
  await database.drop();
});

/** Events without any id: nothing but the truth about the commit can keep a retry from storing them twice. */
async function post(
  count: number,
): Promise<{ status: number; retryAfter: string | undefined; accepted: number | undefined }> {
  const event = {
    timestamp: '2026-03-10T12:00:00Z',
    model_provider: 'openai',
    model_name: 'gpt-4o',
    input_tokens: 5,
  };
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/client/usage/log',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    payload: JSON.stringify(Array.from({ length: count }, () => event)),
  });
  return {
    status: answer.statusCode,
    retryAfter: answer.headers['retry-after'],
    accepted: answer.json<{ accepted?: number }>().accepted,
  };
}
const stored = async (): Promise<{ events: number; inRollup: number }> => {
  const { rows } = await pool.query<{ events: number; inRollup: number }>(
    `SELECT (SELECT count(*)::int FROM client_usage_logs) AS events, (SELECT coalesce(sum(request_count), 0)::int FROM usage_rollup_quarter_hour) AS "inRollup"`,
  );
  return rows[0] ?? { events: -1, inRollup: -1 };
};

test.each(['before', 'after'] as const)(
  'a connection cut %s COMMIT stores events without an id exactly once, and answers 200',
  async (when) => {
    for (let round = 1; round <= 5; round += 1) {
      const cuts = proxy.cuts();
      proxy.cutNextCommit(when);
      expect(await post(10)).toMatchObject({ status: 200, accepted: 10 });
      expect(proxy.cuts()).toBe(cuts + 1);
      expect(await stored()).toEqual({ events: round * 10, inRollup: round * 10 });
    }
  },
);

test('cuts in a row, of both kinds, still store once', async () => {
  for (const when of ['after', 'before', 'before', 'after'] as const) {
    proxy.cutNextCommit(when);
    proxy.cutNextCommit('before');
    expect(await post(3)).toMatchObject({ status: 200, accepted: 3 });
  }
  expect(await stored()).toEqual({ events: 12, inRollup: 12 });
});

test('a database that is away for a moment is waited for', async () => {
  proxy.pause();
  const posted = post(4);
  await new Promise((done) => setTimeout(done, 300));
  proxy.resume();
  expect(await posted).toMatchObject({ status: 200, accepted: 4 });
  expect(await stored()).toEqual({ events: 4, inRollup: 4 });
});

test('a database that stays away is answered 503 with Retry-After, and nothing is half stored; then it goes on by itself', async () => {
  proxy.pause();
  expect(await post(4)).toMatchObject({ status: 503, retryAfter: '2' });
  const ready = await app.inject({ url: '/health/ready' });
  expect(ready.statusCode).toBe(503);
  expect((await app.inject({ url: '/health/live' })).statusCode).toBe(200);
  proxy.resume();
  expect(await stored()).toEqual({ events: 0, inRollup: 0 });
  expect(await post(2)).toMatchObject({ status: 200 });
  expect(await stored()).toEqual({ events: 2, inRollup: 2 });
});
