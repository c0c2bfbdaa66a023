import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { TEST_ENGINE } from '../testing/test-database.ts';
import { connectSqlRole, type TestSqlRole } from './testing-sql-role.ts';

/*
 * A tenant's role tries to get at another tenant's data, and to do harm. Every name of the other tenant holds ZEBRA. The attacker has lifted whatever it
 * may lift of its own session first.
 */

let collector: TestCollector;
let attacker: TestSqlRole;
let other: TestSqlRole;
let otherPid: number;

beforeAll(async () => {
  collector = await startTestCollector();
  for (const tenant of ['zebra', 'giraffe']) {
    await collector.makeTenant(tenant);
    const key = await collector.makeKey(tenant, ['admin']);
    const events = Array.from({ length: 300 }, (_, index) =>
      testEvent({
        timestamp: new Date(Date.parse('2026-03-10T00:00:00Z') + index * 60_000).toISOString(),
        project_id: `${tenant}-project`,
        prompt_id: `${tenant}-prompt-${index % 7}`,
        user_id: `${tenant}-user`,
        error_type: index % 2 ? `${tenant}-error` : null,
        metadata: { team: `${tenant}-team` },
        response_time_ms: 5,
      }),
    );
    expect((await collector.post({ events }, { key })).statusCode).toBe(200);
    const budget = { name: `${tenant} budget`, amount: '100', period: { type: 'month' } };
    const made = await collector.call({ key, method: 'POST', url: '/v1/analytics/budgets', payload: budget });
    expect(made.statusCode).toBe(201);
  }
  await collector.complete();
  if (TEST_ENGINE === 'timescaledb')
    await collector.pool.query(`SELECT compress_chunk(c) FROM show_chunks('client_usage_logs') c`);
  // Statistics hold the commonest values of all tenants.
  await collector.pool.query('ANALYZE');
  other = await connectSqlRole(collector, 'zebra');
  otherPid = Number((await other.rows('SELECT pg_backend_pid() AS pid'))[0]?.['pid']);
  attacker = await connectSqlRole(collector, 'giraffe');
  for (const setting of ['default_transaction_read_only = off', 'statement_timeout = 0', 'lock_timeout = 0'])
    await attacker.rows(`SET ${setting}`);
});
afterAll(async () => {
  await attacker.client.end();
  await other.client.end();
  await collector.close();
});

/** Refused by the server, whatever the reason; the code says which. */
const REFUSED: Record<string, string> = {
  'SELECT * FROM public.client_usage_logs': '42501',
  'SELECT tenant_id FROM public.tenants': '42501',
  'SELECT * FROM public.api_keys': '42501',
  'SELECT * FROM public.sql_roles': '42501',
  'SELECT * FROM public.usage_analytics_hourly': '42501',
  'SELECT * FROM public.usage_rollup_day': '42501',
  'SELECT * FROM public.model_prices': '42501',
  'SELECT * FROM pg_catalog.pg_authid': '42501',
  'SELECT * FROM pg_catalog.pg_statistic': '42501',
  'SELECT * FROM pg_catalog.pg_hba_file_rules': '42501',
  'SELECT * FROM pg_catalog.pg_largeobject': '42501',
  'TABLE tenant_views.client_usage_logs FOR UPDATE': '42501',
  'SET ROLE postgres': '42501',
  'SET SESSION AUTHORIZATION postgres': '42501',
  'SET ROLE OTHER': '42501',
  'SET SESSION AUTHORIZATION OTHER': '42501',
  'SET ROLE READER': '42501',
  'SET ROLE pg_read_all_data': '42501',
  "SELECT set_config('role', 'postgres', false)": '42501',
  "SELECT set_config('session_authorization', 'OTHER', false)": '42501',
  'ALTER ROLE OTHER PASSWORD \'x\'': '42501',
  'ALTER ROLE SELF SUPERUSER': '42501',
  'ALTER ROLE SELF CONNECTION LIMIT -1': '42501',
  'ALTER ROLE OTHER RENAME TO someone': '42501',
  'ALTER ROLE OTHER SET statement_timeout = 1': '42501',
  'CREATE ROLE another': '42501',
  'GRANT OTHER TO SELF': '42501',
  'GRANT SELECT ON public.client_usage_logs TO SELF': '42501',
  'ALTER SYSTEM SET log_statement = \'all\'': '42501',
  'SET temp_file_limit = -1': '42501',
  "UPDATE tenant_views.budgets SET name = 'mine'": '42501',
  'DELETE FROM tenant_views.client_usage_logs': '42501',
  "INSERT INTO tenant_views.tenants (tenant_id, name) VALUES ('evil', 'evil')": '42501',
  'TRUNCATE public.client_usage_logs': '42501',
  'DROP VIEW tenant_views.client_usage_logs': '42501',
  'ALTER VIEW tenant_views.client_usage_logs SET (security_barrier = false)': '42501',
  'CREATE OR REPLACE VIEW tenant_views.tenants AS SELECT 1': '42501',
  'CREATE TABLE tenant_views.mine (x int)': '42501',
  'CREATE TABLE public.mine (x int)': '42501',
  'CREATE SCHEMA mine': '42501',
  'CREATE TEMP TABLE mine (x int)': '42501',
  "CREATE FUNCTION pg_temp.leak(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$": '42501',
  'CREATE EXTENSION dblink': '42501',
  'LOCK TABLE public.client_usage_logs IN ACCESS SHARE MODE': '42501',
  'LOCK TABLE tenant_views.client_usage_logs IN ACCESS EXCLUSIVE MODE': '42501',
  'LOCK TABLE tenant_views.client_usage_logs IN ROW EXCLUSIVE MODE': '42501',
  "COPY (SELECT 1) TO PROGRAM 'id'": '42501',
  "COPY (SELECT 1) TO '/tmp/attack'": '42501',
  'COPY public.client_usage_logs TO STDOUT': '42501',
  "SELECT pg_read_file('/etc/passwd')": '42501',
  "SELECT pg_ls_dir('.')": '42501',
  "SELECT lo_import('/etc/passwd')": '42501',
  'SELECT lo_create(0)': '42501',
  "SELECT lo_from_bytea(0, 'x')": '42501',
  'SELECT pg_advisory_lock(1)': '42501',
  'SELECT pg_try_advisory_xact_lock_shared(1, 2)': '42501',
  "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000))": '42501',
  'SELECT pg_terminate_backend(OTHERPID)': '42501',
  'SELECT pg_cancel_backend(OTHERPID)': '42501',
  'SELECT pg_reload_conf()': '42501',
  'SELECT pg_stat_reset()': '42501',
  'SELECT pg_create_restore_point(\'x\')': '42501',
  "SELECT public.note_changed_answers('zebra')": '42501',
  "SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t(x int)": '42883',
  ...(TEST_ENGINE === 'timescaledb'
    ? {
        "SELECT public.add_job('pg_sleep', '1 minute')": '42501',
        "SELECT public.drop_chunks('public.client_usage_logs', older_than => now())": '42501',
        "SELECT public.compress_chunk(c) FROM public.show_chunks('public.client_usage_logs') c": '42501',
        "CALL public.refresh_continuous_aggregate('public.usage_rollup_hour', NULL, NULL)": '42501',
        'SELECT * FROM CHUNK': '42501',
        'SELECT * FROM COMPRESSED': '42501',
        'SELECT * FROM _timescaledb_internal._materialized_hypertable_2': '42501',
      }
    : {
        "SELECT public.ensure_usage_partitions(ARRAY['2031-01-01'::timestamptz])": '42501',
        'SELECT * FROM CHUNK': '42501',
      }),
}; // prettier-ignore

test.each(Object.entries(REFUSED))('is refused: %s', async (attack, code) => {
  const relation = async (like: string): Promise<string> =>
    (
      await collector.pool.query<{ name: string }>(
        `SELECT oid::regclass::text AS name FROM pg_class WHERE relname LIKE $1 AND relkind = 'r' ORDER BY oid LIMIT 1`,
        [like],
      )
    ).rows[0]?.name ?? 'none';
  const reader = await collector.pool.query<{ rolname: string }>(
    `SELECT 'po_reader_' || oid AS rolname FROM pg_database WHERE datname = current_database()`,
  );
  const isTimescale = TEST_ENGINE === 'timescaledb';
  const statement = attack
    .replaceAll('OTHERPID', String(otherPid))
    .replaceAll('OTHER', other.roleName)
    .replaceAll('SELF', attacker.roleName)
    .replaceAll('READER', reader.rows[0]?.rolname ?? '')
    .replace(
      /\bCHUNK\b/,
      await relation(isTimescale ? '\\_hyper\\_1\\_%chunk' : 'client\\_usage\\_logs\\_2%'),
    )
    .replace(/\bCOMPRESSED\b/, await relation('%chunk\\_compressed'));
  const isInTransaction = statement.startsWith('LOCK');
  if (isInTransaction) await attacker.rows('BEGIN');
  await expect(attacker.rows(statement)).rejects.toMatchObject({ code });
  if (isInTransaction) await attacker.rows('ROLLBACK');
});

test.each([
  // Conditions that tell of a row by an error, by its text, or by what they cost: the other tenant's rows never reach them.
  `SELECT * FROM client_usage_logs WHERE 1 / (CASE WHEN project_id LIKE 'zebra%' THEN 0 ELSE 1 END) = 1`,
  `SELECT * FROM client_usage_logs WHERE 1 / (cost_nano_usd - cost_nano_usd + CASE WHEN tenant_id = 'giraffe' THEN 1 ELSE 0 END) = 1`,
  `SELECT sum(request_count) FROM usage_analytics_hourly WHERE CASE WHEN project_id ~ '^zebra' THEN project_id::int = 1 ELSE true END`,
  `SELECT * FROM budgets WHERE CASE WHEN name ~ '^zebra' THEN name::int = 1 ELSE true END`,
  `SELECT * FROM model_prices WHERE CASE WHEN tenant_id <> 'giraffe' THEN tenant_id::int = 1 ELSE true END`,
  `SELECT * FROM tenants WHERE CASE WHEN tenant_id <> 'giraffe' THEN tenant_id::int = 1 ELSE true END`,
  `SELECT * FROM client_usage_logs WHERE tenant_id = 'zebra' OR true`,
  `SELECT * FROM client_usage_logs l WHERE EXISTS (SELECT FROM budgets b WHERE b.name LIKE 'zebra%')`,
  // What the server keeps about the data.
  `SELECT * FROM pg_stats`,
  `SELECT * FROM pg_stats_ext`,
  `SELECT * FROM pg_stat_activity`,
  `SELECT * FROM pg_prepared_xacts`,
  `SELECT rolname FROM pg_roles`,
  `SELECT * FROM pg_db_role_setting`,
  `SELECT * FROM pg_shdescription`,
  `SELECT * FROM pg_stat_user_tables`,
  `EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM client_usage_logs`,
  `EXPLAIN (VERBOSE) SELECT * FROM model_prices`,
])('tells nothing of the other tenant: %s', async (attack) => {
  const answer = await attacker.rows(attack).catch((error: unknown) => {
    throw new Error(`An error can tell of a row: ${String(error)}`);
  });
  expect(JSON.stringify(answer).replaceAll("'zebra%'", '').replaceAll('^zebra', '')).not.toContain('zebra');
});

test('an error of a condition quotes the attacker’s own rows alone', async () => {
  await expect(attacker.rows('SELECT * FROM client_usage_logs WHERE project_id::int = 1')).rejects.toMatchObject({
    message: expect.stringContaining('giraffe-project'),
  }); // prettier-ignore
});

test('nothing that the role may read, in any schema, holds a word of the other tenant', async () => {
  const relations = await attacker.rows(
    `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1`,
  );
  expect(relations.length).toBeGreaterThan(100);
  const telling: unknown[] = [];
  for (const { name } of relations) {
    const found = await attacker
      .rows(`SELECT v::text AS text FROM ${String(name)} v WHERE v::text ILIKE '%zebra%' LIMIT 1`)
      .catch((error: unknown) => {
        // Some views of the server are open, and refuse by a function that they call.
        expect({ name, code: (error as { code?: string }).code }).toEqual({ name, code: '42501' });
        return [];
      });
    // The attacker's own question, as the list of sessions shows it.
    telling.push(
      ...found.filter(({ text }) => !String(text).includes('ILIKE')).map((row) => ({ name, row })),
    );
  }
  expect(telling).toEqual([]);
});

test('a prepared transaction cannot be left behind', async () => {
  await attacker.rows('BEGIN');
  await expect(attacker.rows(`PREPARE TRANSACTION 'left'`)).rejects.toMatchObject({ code: '55000' });
  await attacker.rows('ROLLBACK');
});

test('the collector goes on: its own locks, large transactions and temporary tables are not the attacker’s to take', async () => {
  await attacker.rows('BEGIN');
  await attacker.rows('LOCK TABLE client_usage_logs IN ACCESS SHARE MODE');
  await attacker.rows('SELECT count(*) FROM client_usage_logs');
  const key = await collector.makeKey('zebra', ['ingest']);
  // A week of its own, for which a partition or chunk is made meanwhile.
  const answer = await collector.post([testEvent({ timestamp: '2025-06-03T00:00:00Z' })], { key });
  expect(answer.json()).toMatchObject({ accepted: 1 });
  await attacker.rows('ROLLBACK');
});
