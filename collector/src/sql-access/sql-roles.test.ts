import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { detectEngine } from '../database/engine.ts';
import { createPool, type Pool } from '../database/pool.ts';
import { examine } from '../monitoring/doctor.ts';
import { setUp } from '../tenants/setup.ts';
import { createTenant } from '../tenants/tenant-store.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { createSqlRole, dropSqlRole, grantNewViews, listSqlRoles, rotateSqlRole } from './role-store.ts';
import { endHarmfulSessions } from './session-guard.ts';
import { createOwnerDatabase, type OwnerDatabase } from './testing-owner-database.ts';
import { connectSqlRole, type TestSqlRole } from './testing-sql-role.ts';

const LIMITS = { statementTimeoutSeconds: 7, connections: 3 };
const DAY_MS = 86_400_000;

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
  for (const tenant of ['zebra', 'giraffe']) {
    await collector.makeTenant(tenant);
    const key = await collector.makeKey(tenant, ['admin']);
    const post = async (url: string, payload: object): Promise<void> => {
      const answer = await collector.call({ key, method: 'POST', url, payload });
      if (answer.statusCode >= 300) throw new Error(answer.body);
    };
    const events = [1, 2, 3].map((day) =>
      testEvent({
        timestamp: new Date(Date.now() - day * DAY_MS).toISOString(),
        project_id: `${tenant}-project`,
        user_id: `${tenant}-user`,
        response_time_ms: 100,
        metadata: { team: `${tenant}-team` },
      }),
    );
    await post('/v1/client/usage/log', { events: [...events, testEvent({ input_tokens: -1 })] });
    await post('/v1/analytics/budgets', {
      name: `${tenant} budget`,
      amount: '100',
      period: { type: 'month' },
    });
    await post('/v1/prices', {
      model_provider: 'vllm',
      model_name: `${tenant}-7b`,
      input_per_mtok: '1',
      output_per_mtok: '2',
    });
  }
  await collector.complete();
});
afterAll(() => collector.close());

const VIEWS = `SELECT relname AS view FROM pg_class WHERE relnamespace = 'tenant_views'::regnamespace AND relkind = 'v' ORDER BY 1`;

describe('a role of a tenant', () => {
  let role: TestSqlRole;
  beforeAll(async () => {
    role = await connectSqlRole(collector, 'giraffe');
  });
  afterAll(() => role.client.end());

  test('sees its own events, rollups, budgets and prices under the names of the tables', async () => {
    expect(await role.rows(`SELECT DISTINCT project_id, user_id, metadata FROM client_usage_logs`)).toEqual([
      { project_id: 'giraffe-project', user_id: 'giraffe-user', metadata: { team: 'giraffe-team' } },
    ]);
    for (const view of ['hourly', 'quarter_hourly', 'daily', 'hourly_by_model', 'total'])
      expect(await role.rows(`SELECT sum(request_count)::int AS requests FROM usage_analytics_${view}`)).toEqual([{ requests: 3 }]); // prettier-ignore
    for (const view of ['hourly', 'daily', 'total_daily'])
      expect(await role.rows(`SELECT sum(request_count)::int AS requests FROM usage_latency_${view}`)).toEqual([{ requests: 3 }]); // prettier-ignore
    expect(await role.rows(`SELECT name, amount_usd::text FROM budgets`)).toEqual([
      { name: 'giraffe budget', amount_usd: '100.000000000' },
    ]);
    expect(await role.rows(`SELECT model_pattern FROM model_prices WHERE tenant_id IS NOT NULL`)).toEqual([
      { model_pattern: 'giraffe-7b' },
    ]);
    expect(await role.rows(`SELECT count(*) > 100 AS has_list FROM model_prices WHERE kind = 'list'`)).toEqual([{ has_list: true }]); // prettier-ignore
    expect(await role.rows(`SELECT tenant_id FROM tenants`)).toEqual([{ tenant_id: 'giraffe' }]);
    expect((await role.rows(`SELECT sum(accepted)::int AS accepted, sum(rejected)::int AS rejected FROM ingest_ledger`))[0]).toEqual({ accepted: 3, rejected: 1 }); // prettier-ignore
    expect(await role.rows(`SELECT field FROM rejected_events`)).toHaveLength(1);
  });

  test('sees in no view a row of another tenant', async () => {
    const views = (await role.rows(VIEWS)).map(({ view }) => String(view));
    expect(views.length).toBeGreaterThan(15);
    for (const view of views) {
      const rows = await role.rows(
        `SELECT count(*)::int AS rows FROM ${view} v WHERE tenant_id <> 'giraffe' OR v::text LIKE '%zebra%'`,
      );
      expect({ view, rows }).toEqual({ view, rows: [{ rows: 0 }] });
    }
  });

  test('has the limits of its role, and a name that tells nothing', async () => {
    expect(role.roleName).toMatch(/^po_sql_[0-9a-z]{8}$/);
    expect(
      await role.rows(`SELECT current_setting('statement_timeout') AS timeout, current_setting('default_transaction_read_only') AS read_only,
        current_setting('idle_in_transaction_session_timeout') AS idle, rolconnlimit AS connections, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication AS may
        FROM pg_roles WHERE rolname = current_user`),
    ).toEqual([{ timeout: '1min', read_only: 'on', idle: '1min', connections: 10, may: false }]);
  });

  test('reads a view that a later version brings, after the next start', async () => {
    await collector.pool.query('CREATE VIEW tenant_views.later WITH (security_barrier) AS SELECT 1 AS one');
    await expect(role.rows('SELECT * FROM later')).rejects.toMatchObject({ code: '42501' });
    await grantNewViews(collector.pool);
    expect(await role.rows('SELECT * FROM later')).toEqual([{ one: 1 }]);
    await collector.pool.query('DROP VIEW tenant_views.later');
  });
});

test('a role that is mapped to no tenant sees nothing, in any view', async () => {
  const role = await connectSqlRole(collector, 'giraffe');
  await collector.pool.query('DELETE FROM sql_roles WHERE role_name = $1', [role.roleName]);
  for (const { view } of await role.rows(VIEWS))
    expect({ view, rows: await role.rows(`SELECT * FROM ${String(view)} LIMIT 1`) }).toEqual({ view, rows: [] }); // prettier-ignore
  await role.client.end();
  await collector.pool.query(`DROP OWNED BY ${role.roleName}`);
  await collector.pool.query(`DROP ROLE ${role.roleName}`);
});

test('a new password ends the sessions and shuts the old one out', async () => {
  const role = await createSqlRole(
    collector.pool,
    { tenantId: 'giraffe', name: 'r', createdBy: 'test' },
    LIMITS,
  );
  const connect = async (password: string): Promise<pg.Client> => {
    const url = new URL(collector.connectionString);
    url.username = role.role_name;
    url.password = password;
    const client = new pg.Client({ connectionString: url.href });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const session = await connect(role.password);
  const rotated = await rotateSqlRole(collector.pool, 'giraffe', role.role_name);
  await expect(session.query('SELECT 1')).rejects.toThrow();
  expect(rotated.password).not.toBe(role.password);
  expect(rotated.password).toMatch(/^[0-9A-Za-z]{32}$/);
  await (await connect(rotated.password)).end();
  // The server of the other engine's tests may trust local connections, whatever the password.
  const { rows } = await collector.pool.query<{ trusts: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_hba_file_rules WHERE auth_method = 'trust' AND type LIKE 'host%') AS trusts`,
  );
  if (rows[0]?.trusts === false)
    await expect(connect(role.password)).rejects.toMatchObject({ code: '28P01' });
  await dropSqlRole(collector.pool, 'giraffe', role.role_name);
});

test('a dropped role leaves nothing on the server, and its sessions are ended', async () => {
  const role = await connectSqlRole(collector, 'giraffe');
  await expect(dropSqlRole(collector.pool, 'zebra', role.roleName)).rejects.toMatchObject({ status: 404 });
  expect(await role.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await dropSqlRole(collector.pool, 'giraffe', role.roleName);
  await expect(role.rows('SELECT 1')).rejects.toThrow();
  const { rows } = await collector.pool.query('SELECT FROM pg_roles WHERE rolname = $1', [role.roleName]);
  expect(rows).toEqual([]);
  expect((await listSqlRoles(collector.pool, 'giraffe')).map(({ role_name }) => role_name)).not.toContain(role.roleName); // prettier-ignore
});

test('a tenant with roles is not deleted from under them', async () => {
  const role = await connectSqlRole(collector, 'giraffe');
  await expect(collector.pool.query(`DELETE FROM tenants WHERE tenant_id = 'giraffe'`)).rejects.toMatchObject({ code: '23503' }); // prettier-ignore
  await role.client.end();
});

test('roles can be made side by side', async () => {
  const roles = await Promise.all(
    Array.from({ length: 4 }, (_, index) =>
      createSqlRole(collector.pool, { tenantId: 'zebra', name: `r${index}`, createdBy: 'test' }, LIMITS),
    ),
  );
  expect(new Set(roles.map(({ role_name }) => role_name)).size).toBe(4);
  await Promise.all(roles.map(({ role_name }) => dropSqlRole(collector.pool, 'zebra', role_name)));
});

describe('by the API', () => {
  test('a role is made, listed without its password and dropped', async () => {
    const key = await collector.makeKey('giraffe', ['admin']);
    const url = '/v1/admin/sql-roles';
    const made = await collector.call({ key, method: 'POST', url, payload: { name: 'Grafana' } });
    expect(made.statusCode).toBe(201);
    expect(made.headers['cache-control']).toBe('no-store');
    const { role_name, password, connection_string } = made.json<Record<string, string>>();
    expect(made.json()).toMatchObject({ tenant_id: 'giraffe', name: 'Grafana' });
    const client = new pg.Client({ connectionString: connection_string });
    client.on('error', () => undefined);
    await client.connect();
    expect((await client.query('SELECT tenant_id FROM tenants')).rows).toEqual([{ tenant_id: 'giraffe' }]);
    const listed = await collector.call({ key, method: 'GET', url });
    expect(listed.body).toContain(role_name);
    expect(listed.body).not.toContain(password);
    expect((await collector.call({ key, method: 'DELETE', url: `${url}/${role_name ?? ''}` })).statusCode).toBe(204); // prettier-ignore
    await expect(client.query('SELECT 1')).rejects.toThrow();
    expect((await collector.call({ key, method: 'DELETE', url: `${url}/${role_name ?? ''}` })).statusCode).toBe(404); // prettier-ignore
  });

  test('a key that only reads makes none', async () => {
    const key = await collector.makeKey('giraffe', ['read']);
    const answer = await collector.call({
      key,
      method: 'POST',
      url: '/v1/admin/sql-roles',
      payload: { name: 'x' },
    });
    expect(answer.statusCode).toBe(403);
  });
});

describe('on a database whose owner is no superuser', () => {
  let database: OwnerDatabase;
  let pool: Pool;
  const connect = async (role: { role_name: string; password: string }): Promise<pg.Client> => {
    const url = new URL(database.connectionString);
    url.username = role.role_name;
    url.password = role.password;
    const client = new pg.Client({ connectionString: url.href });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };

  beforeAll(async () => {
    database = await createOwnerDatabase('CREATEROLE');
    pool = createPool({ connectionString: database.connectionString, max: 4, applicationName: 'test' });
    await setUp(pool, undefined);
    expect((await setUp(pool, undefined)).applied).toEqual([]);
    await createTenant(pool, { tenant_id: 'giraffe', name: 'giraffe' });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const make = (): ReturnType<typeof createSqlRole> =>
    createSqlRole(pool, { tenantId: 'giraffe', name: 'x', createdBy: 'test' }, LIMITS);

  test('a role is made, works, may not make temporary tables, and goes', async () => {
    const role = await make();
    const client = await connect(role);
    expect((await client.query('SELECT tenant_id FROM tenants')).rows).toEqual([{ tenant_id: 'giraffe' }]);
    await client.query('SET default_transaction_read_only = off');
    await expect(client.query('CREATE TEMP TABLE x (y int)')).rejects.toMatchObject({ code: '42501' });
    await client.end();
    // The owner still may: it stages events in one.
    await pool.query('CREATE TEMP TABLE staging (y int)');
    await dropSqlRole(pool, 'giraffe', role.role_name);
  });

  test('a session that holds an advisory lock is ended, and one whose transaction stays open', async () => {
    const role = await make();
    const [locker, sleeper, honest] = [await connect(role), await connect(role), await connect(role)];
    await locker.query(`SELECT pg_advisory_lock(hashtext('promptops.migrate'))`);
    expect(await endHarmfulSessions(pool, 60)).toEqual([{ role: role.role_name, why: 'advisory lock' }]);
    await expect(locker.query('SELECT 1')).rejects.toThrow();
    await sleeper.query('SET idle_in_transaction_session_timeout = 0');
    await sleeper.query('BEGIN');
    await sleeper.query('SELECT 1');
    expect(await endHarmfulSessions(pool, 60)).toEqual([]);
    expect(await endHarmfulSessions(pool, 0)).toEqual([{ role: role.role_name, why: 'long transaction' }]);
    await expect(sleeper.query('SELECT 1')).rejects.toThrow();
    expect((await honest.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await dropSqlRole(pool, 'giraffe', role.role_name);
  });

  test('the doctor tells what every role may still do there', async () => {
    const role = await make();
    const findings = await examine(pool, await detectEngine(pool));
    expect(findings.find(({ subject }) => subject === 'SQL roles')).toMatchObject({
      level: 'advice',
      text: expect.stringContaining('take advisory locks'),
    });
    await dropSqlRole(pool, 'giraffe', role.role_name);
  });

  test('without the right to make roles it is said what an administrator must run', async () => {
    const owner = new URL(database.connectionString).username;
    await database.asSuperuser(`ALTER ROLE ${owner} NOCREATEROLE`);
    await expect(make()).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining(`ALTER ROLE ${owner} CREATEROLE`),
    });
    await database.asSuperuser(`ALTER ROLE ${owner} CREATEROLE`);
    await dropSqlRole(pool, 'giraffe', (await make()).role_name);
  });
});

test('no password of a role is in a statement that the server may log', async () => {
  const statements: string[] = [];
  const pool = createPool({ connectionString: collector.connectionString, max: 1, applicationName: 'test' });
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      statements.push(JSON.stringify(args[0]) + JSON.stringify(args[1]));
      return query(...args);
    }) as typeof client.query;
  });
  const role = await createSqlRole(pool, { tenantId: 'giraffe', name: 'x', createdBy: 'test' }, LIMITS);
  await dropSqlRole(pool, 'giraffe', role.role_name);
  await pool.end();
  expect(statements.some((statement) => statement.includes('CREATE ROLE'))).toBe(true);
  expect(statements.filter((statement) => statement.includes(role.password))).toEqual([]);
});
