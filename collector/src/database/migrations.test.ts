import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { setUp } from '../tenants/setup.ts';
import { migrate, readMigrations, SQL_DIRECTORY, type Migration } from './migrations.ts';
import { createPool, type Pool } from './pool.ts';
import { dumpSchema } from './schema-dump.ts';

let database: TestDatabase;
let pools: Pool[];
beforeAll(async () => {
  database = await createTestDatabase({ template: 'template0' });
  pools = Array.from({ length: 4 }, () =>
    createPool({ connectionString: database.connectionString, max: 2, applicationName: 'test' }),
  );
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});
const [first, second] = [() => pools[0] as Pool, () => pools[1] as Pool];
const migration = (number: number, sql: string, flags: Partial<Migration> = {}): Migration => ({
  number, name: `m${number}`, sql, transactional: true, breaking: false, ...flags,
}); // prettier-ignore

describe('setting up', () => {
  test('by several processes at once makes the schema, the tenant and one key once', async () => {
    const results = await Promise.all(pools.map((pool) => setUp(pool, undefined)));
    expect(results.flatMap(({ applied }) => applied).sort((a, b) => a - b)).toEqual(
      (await readMigrations('postgresql')).map(({ number }) => number),
    );
    expect(results.filter(({ generatedApiKey }) => generatedApiKey !== undefined)).toHaveLength(1);
  });

  test('again changes nothing, and keeps what was changed by hand', async () => {
    await first().query(
      `UPDATE data_retention_policies SET retention_period_days = 7 WHERE table_name = 'client_usage_logs'`,
    );
    await first().query(`DELETE FROM alert_rules WHERE name <> 'Error rate'`);
    const before = await dumpSchema(first());
    expect(await setUp(second(), undefined)).toMatchObject({ applied: [], generatedApiKey: undefined });
    expect(await dumpSchema(first())).toBe(before);
    const { rows } = await first().query(
      'SELECT retention_period_days FROM data_retention_policies WHERE table_name = $1',
      ['client_usage_logs'],
    );
    expect(rows).toEqual([{ retention_period_days: 7 }]);
    expect((await first().query('SELECT name FROM alert_rules')).rows).toEqual([{ name: 'Error rate' }]);
  });

  test('gives the schema that sql/schema.sql shows (else run: npm run promptops -- schema dump)', async () => {
    expect(await dumpSchema(first())).toBe(await readFile(join(SQL_DIRECTORY, 'schema.sql'), 'utf8'));
  });

  test('takes a BOOTSTRAP_API_KEY as an admin key, at each start the same', async () => {
    const key = 'my-own-bootstrap-key-0123456789';
    await setUp(first(), key);
    await setUp(second(), key);
    const { rows } = await first().query(`SELECT scopes FROM api_keys WHERE name = 'BOOTSTRAP_API_KEY'`);
    expect(rows).toEqual([{ scopes: ['admin'] }]);
  });
});

describe('migrations', () => {
  const base = async () => readMigrations('postgresql');

  test('run once, however many runners race', async () => {
    const raced = migration(9001, 'CREATE TABLE raced (n integer); SELECT pg_sleep(0.2);');
    const done = await Promise.all(pools.map(async (pool) => migrate(pool, [...(await base()), raced])));
    expect(done.flat()).toEqual([9001]);
  });

  test('that fail leave nothing behind, and run again when mended', async () => {
    const broken = migration(9002, 'CREATE TABLE half (n integer); SELECT 1/0;');
    await expect(migrate(first(), [...(await base()), broken])).rejects.toThrow('division by zero');
    expect((await first().query(`SELECT to_regclass('half') AS half`)).rows).toEqual([{ half: null }]);
    expect(
      await migrate(first(), [...(await base()), migration(9002, 'CREATE TABLE half (n integer)')]),
    ).toEqual([9002]);
  });

  test('outside a transaction run their statements one by one', async () => {
    const sql = 'CREATE INDEX CONCURRENTLY IF NOT EXISTS raced_n ON raced (n);\n-- statement\nVACUUM raced;';
    const outside = migration(9003, sql, { transactional: false });
    const done = await Promise.all(pools.map(async (pool) => migrate(pool, [...(await base()), outside])));
    expect(done.flat()).toEqual([9003]);
  });

  test('that are breaking keep an older collector out; others do not', async () => {
    await migrate(first(), [...(await base()), migration(9004, 'SELECT 1')]);
    expect(await migrate(first(), await base())).toEqual([]);
    await migrate(first(), [...(await base()), migration(9005, 'SELECT 1', { breaking: true })]);
    await expect(migrate(first(), await base())).rejects.toThrow(/newer than this collector: migration 9005/);
  });

  test('are read in order from both folders, headers too; two with one number are refused', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'promptops-sql-'));
    for (const name of ['shared', 'postgresql']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'shared/0002_b.sql'), '-- migration: breaking\nSELECT 2');
    await writeFile(join(folder, 'postgresql/0001_a.sql'), '-- migration: no-transaction\nSELECT 1');
    expect(await readMigrations('postgresql', folder)).toMatchObject([
      { number: 1, name: 'a', transactional: false, breaking: false },
      { number: 2, name: 'b', transactional: true, breaking: true },
    ]);
    await writeFile(join(folder, 'shared/0001_c.sql'), 'SELECT 1');
    await expect(readMigrations('postgresql', folder)).rejects.toThrow('Two migrations have the number 1.');
    await rm(folder, { recursive: true });
  });
});
