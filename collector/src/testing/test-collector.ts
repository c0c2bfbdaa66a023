import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { createApp } from '../app.ts';
import { readConfiguration, type Configuration } from '../configuration/configuration.ts';
import type { Engine } from '../database/engine.ts';
import { createPool, type Pool } from '../database/pool.ts';
import type { Scope } from '../tenants/api-key.ts';
import { FIRST_TENANT, setUp } from '../tenants/setup.ts';
import { createApiKey, createTenant } from '../tenants/tenant-store.ts';
import type { Overview } from '../usage/overview.ts';
import { UsageRefresher } from '../usage/refresher.ts';
import { createTestDatabase, TEST_ENGINE } from './test-database.ts';

export interface TestCollector {
  app: FastifyInstance;
  pool: Pool;
  connectionString: string;
  /** Admin key of the first tenant. */
  apiKey: string;
  makeTenant(tenantId: string): Promise<void>;
  makeKey(tenantId: string, scopes: Scope[], expiresAt?: Date): Promise<string>;
  /** A request with a key (default: the admin key). */
  call(request: InjectOptions & { key?: string }): Promise<LightMyRequestResponse>;
  post(
    events: unknown,
    options?: { key?: string; headers?: Record<string, string> },
  ): Promise<LightMyRequestResponse>;
  /** Waits until everything committed by now is in the answers: on TimescaleDB late events are refreshed first. */
  complete(): Promise<void>;
  close(): Promise<void>;
}

/** A collector on a database of its own, without a socket. */
export async function startTestCollector(
  overrides: Partial<Configuration> = {},
  engineKind: Engine['kind'] = TEST_ENGINE,
): Promise<TestCollector> {
  const database = await createTestDatabase({ engine: engineKind });
  // A folder of exports is one database's: a collector deletes from it what it does not know.
  const exportFolder = await mkdtemp(join(tmpdir(), 'promptops-test-exports-'));
  // Without kept answers: a test asks the same again after it changed something. What keeps them has its own tests.
  const configuration = {
    ...readConfiguration({}),
    INGEST_COMMIT_DELAY_MS: 0,
    ANSWER_CACHE_SECONDS: 0,
    EXPORT_DIR: exportFolder,
    ...overrides,
  };
  const pool = createPool({ connectionString: database.connectionString, max: 4, applicationName: 'test' });
  const { generatedApiKey = '', engine } = await setUp(pool, undefined);
  const logger = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  const app = await createApp({
    configuration,
    connectionString: database.connectionString,
    engine: engine.kind,
    logger,
  });
  if (engine.kind !== engineKind) throw new Error(`The test asked for ${engineKind} and got ${engine.kind}.`);
  await app.ready();
  const refresher = new UsageRefresher(pool, logger);
  const call: TestCollector['call'] = ({ key = generatedApiKey, ...request }) =>
    app.inject({ ...request, headers: { authorization: `Bearer ${key}`, ...request.headers } });
  return {
    app,
    pool,
    connectionString: database.connectionString,
    apiKey: generatedApiKey,
    makeTenant: async (tenantId) => {
      await createTenant(pool, { tenant_id: tenantId, name: tenantId });
    },
    makeKey: async (tenantId, scopes, expiresAt) =>
      (await createApiKey(pool, { tenant_id: tenantId, name: 'test', scopes, expires_at: expiresAt ?? null }))
        .api_key,
    call,
    post: (events, { key = generatedApiKey, headers = {} } = {}) =>
      call({
        key,
        method: 'POST',
        url: '/v1/client/usage/log',
        headers: { 'content-type': 'application/json', ...headers },
        payload: typeof events === 'string' || Buffer.isBuffer(events) ? events : JSON.stringify(events),
      }),
    complete: async () => {
      const { rows } = await pool.query<{ now: Date }>('SELECT now()');
      const until = rows[0]?.now ?? new Date();
      for (;;) {
        // As another replica, at once: the collector's own turn comes late, since refreshes get only a part of its time.
        if (engine.kind === 'timescaledb') await refresher.refresh(false);
        const answer = await call({
          method: 'GET',
          url: '/v1/analytics/usage/overview',
          headers: { 'cache-control': 'no-cache' },
        });
        if (new Date(answer.json<Overview>().freshness.complete_until) >= until) return;
        await new Promise((done) => setTimeout(done, 100));
      }
    },
    close: async () => {
      await app.close();
      await pool.end();
      await database.drop();
      await rm(exportFolder, { recursive: true, force: true });
    },
  };
}

export { FIRST_TENANT };

let counter = 0;

/** An event that is valid; fields can be replaced, or left out with undefined. */
export function testEvent(fields: Record<string, unknown> = {}): Record<string, unknown> {
  counter += 1;
  return {
    event_id: `event-${process.pid}-${counter}`,
    timestamp: '2026-03-10T12:00:00Z',
    model_provider: 'openai',
    model_name: 'gpt-4o',
    input_tokens: 1000,
    output_tokens: 100,
    ...fields,
  };
}
