import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createApp } from '../app.ts';
import { readConfiguration } from '../configuration/configuration.ts';
import { detectEngine } from '../database/engine.ts';
import { createPool, type Pool } from '../database/pool.ts';
import { examine } from '../monitoring/doctor.ts';
import { setUp } from '../tenants/setup.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { prepareReaderSessions } from './reader-role.ts';
import { createOwnerDatabase, type OwnerDatabase } from './testing-owner-database.ts';

const quiet = pino({ level: 'silent' });

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
  await collector.post([testEvent(), testEvent()]);
});
afterAll(() => collector.close());

/** A pool as the app makes it for reading. */
async function readPoolOf(pool: Pool, url: string): Promise<{ reader: Pool; role: string | null }> {
  const { settings, role } = await prepareReaderSessions(pool, url, quiet);
  return {
    reader: createPool({ connectionString: url, max: 2, applicationName: 'test', settings }),
    role,
  };
}

test('the reading path cannot write, not even in a transaction that asks for it', async () => {
  const { reader, role } = await readPoolOf(collector.pool, collector.connectionString);
  expect(role).toMatch(/^po_reader_\d+$/);
  expect((await reader.query('SELECT count(*)::int AS events FROM client_usage_logs')).rows).toEqual([{ events: 2 }]); // prettier-ignore
  await expect(reader.query(`UPDATE tenants SET name = 'x'`)).rejects.toMatchObject({ code: '25006' });
  const client = await reader.connect();
  await client.query('SET default_transaction_read_only = off');
  for (const statement of [
    `UPDATE tenants SET name = 'x'`,
    'DELETE FROM client_usage_logs',
    'TRUNCATE budgets',
    'DROP VIEW usage_analytics_hourly',
    'CREATE TABLE mine (x int)',
    `CREATE ROLE another`,
  ])
    await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
  client.release(true);
  await reader.end();
});

test('the reading path reads no keys, sessions or roles', async () => {
  const { reader } = await readPoolOf(collector.pool, collector.connectionString);
  for (const table of ['api_keys', 'sql_roles', 'idempotency_keys', 'call_candidates'])
    await expect(reader.query(`SELECT * FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
  await reader.end();
});

test('the collector answers by that role, whose grants come back with the next start', async () => {
  const url = '/v1/analytics/usage/events?start_date=2026-03-01&end_date=2026-03-31';
  const { role } = await prepareReaderSessions(collector.pool, collector.connectionString, quiet);
  expect((await collector.call({ method: 'GET', url })).statusCode).toBe(200);
  await collector.pool.query(`REVOKE SELECT ON client_usage_logs FROM ${role ?? ''}`);
  expect((await collector.call({ method: 'GET', url })).statusCode).toBe(500);
  await prepareReaderSessions(collector.pool, collector.connectionString, quiet);
  expect((await collector.call({ method: 'GET', url })).statusCode).toBe(200);
});

test('sessions end statements that wait for locks and transactions that are left open', async () => {
  const { reader } = await readPoolOf(collector.pool, collector.connectionString);
  const { rows } = await reader.query(
    `SELECT name, setting FROM pg_settings WHERE name IN ('lock_timeout', 'idle_in_transaction_session_timeout', 'default_transaction_read_only') ORDER BY 1`,
  );
  expect(rows).toEqual([
    { name: 'default_transaction_read_only', setting: 'on' },
    { name: 'idle_in_transaction_session_timeout', setting: '60000' },
    { name: 'lock_timeout', setting: '5000' },
  ]);
  await reader.end();
});

test('the doctor knows that it is so', async () => {
  const findings = await examine(collector.pool, await detectEngine(collector.pool));
  expect(findings.find(({ subject }) => subject === 'reading path')).toMatchObject({ level: 'ok' });
});

describe('on a database whose owner is no superuser', () => {
  let database: OwnerDatabase;
  let pool: Pool;
  let owner: string;
  const start = async (): Promise<{ warnings: string[]; statusOfOverview: number }> => {
    const warnings: string[] = [];
    const logger = pino(
      { level: 'warn' },
      { write: (line: string) => warnings.push((JSON.parse(line) as { msg: string }).msg) },
    );
    const { connectionString } = database;
    const { engine } = await setUp(pool, 'a-key-for-this-test-only');
    const app = await createApp({
      configuration: { ...readConfiguration({}), ANSWER_CACHE_SECONDS: 0 },
      connectionString,
      engine: engine.kind,
      logger,
    });
    const { statusCode } = await app.inject({
      url: '/v1/analytics/usage/overview',
      headers: { 'x-api-key': 'a-key-for-this-test-only' },
    });
    await app.close();
    return { warnings, statusOfOverview: statusCode };
  };

  beforeAll(async () => {
    database = await createOwnerDatabase('NOCREATEROLE');
    owner = new URL(database.connectionString).username;
    pool = createPool({ connectionString: database.connectionString, max: 8, applicationName: 'test' });
    await setUp(pool, undefined);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  test('that may make no roles, questions are read-only all the same, and it is said', async () => {
    const { reader, role } = await readPoolOf(pool, database.connectionString);
    expect(role).toBeNull();
    await expect(reader.query(`UPDATE tenants SET name = 'x'`)).rejects.toMatchObject({ code: '25006' });
    await reader.end();
    const { warnings, statusOfOverview } = await start();
    expect(statusOfOverview).toBe(200);
    expect(warnings.filter((warning) => warning.includes('An administrator can run: CREATE ROLE po_reader_'))).toHaveLength(1); // prettier-ignore
    const findings = await examine(pool, await detectEngine(pool));
    expect(findings.find(({ subject }) => subject === 'reading path')).toMatchObject({
      level: 'advice',
      text: expect.stringContaining(`TO ${owner};`),
    });
  });

  test('what it told the administrator to run is enough', async () => {
    const findings = await examine(pool, await detectEngine(pool));
    const told = findings.find(({ subject }) => subject === 'reading path')?.text ?? '';
    await database.asSuperuser(/run: (CREATE ROLE .*;) and restart/.exec(told)?.[1] ?? '');
    expect((await start()).warnings).toEqual([]);
    const { reader, role } = await readPoolOf(pool, database.connectionString);
    expect(role).toMatch(/^po_reader_\d+$/);
    await expect(reader.query('SELECT * FROM api_keys')).rejects.toMatchObject({ code: '42501' });
    await reader.end();
    await database.asSuperuser(`DROP OWNED BY ${role ?? ''}; DROP ROLE ${role ?? ''}`);
  });

  test('that may make roles, many collectors can start at once', async () => {
    await database.asSuperuser(`ALTER ROLE ${owner} CREATEROLE`);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => prepareReaderSessions(pool, database.connectionString, quiet)),
    );
    expect(new Set(all.map(({ role }) => role)).size).toBe(1);
    expect(all[0]?.role).toMatch(/^po_reader_\d+$/);
    expect(await start()).toEqual({ warnings: [], statusOfOverview: 200 });
  });

  test('a user of DATABASE_READ_URL that is another one is admitted to the role', async () => {
    const reading = `${owner}_reads`;
    await database.asSuperuser(`CREATE ROLE ${reading} LOGIN PASSWORD 'reads'`);
    const url = new URL(database.connectionString);
    url.username = reading;
    url.password = 'reads';
    const { reader, role } = await readPoolOf(pool, url.href);
    expect(role).toMatch(/^po_reader_\d+$/);
    expect((await reader.query('SELECT count(*)::int AS tenants FROM tenants')).rows).toEqual([{ tenants: 1 }]); // prettier-ignore
    await expect(reader.query('SELECT * FROM api_keys')).rejects.toMatchObject({ code: '42501' });
    await reader.end();
    await database.asSuperuser(`DROP OWNED BY ${reading}; DROP ROLE ${reading}`);
  });
});
