import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CollectorError } from '../http/errors.ts';
import type { Engine } from './engine.ts';
import { inTransaction, type Client, type Pool } from './pool.ts';

export const SQL_DIRECTORY = join(import.meta.dirname, '../../../sql');

export interface Migration {
  number: number;
  name: string;
  sql: string;
  transactional: boolean;
  breaking: boolean;
}

const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/**
 * The migrations for an engine in order: `sql/shared` and the engine's own folder (sql/README.md).
 * @throws CollectorError when two files have one number
 */
export async function readMigrations(
  engine: Engine['kind'],
  directory = SQL_DIRECTORY,
): Promise<Migration[]> {
  const migrations: Migration[] = [];
  for (const folder of ['shared', engine]) {
    for (const file of await readdir(join(directory, folder))) {
      const match = FILE_NAME.exec(file);
      if (!match) continue;
      const sql = await readFile(join(directory, folder, file), 'utf8');
      migrations.push({
        number: Number(match[1]),
        name: match[2] ?? '',
        sql,
        transactional: !/^-- migration: no-transaction$/m.test(sql),
        breaking: /^-- migration: breaking$/m.test(sql),
      });
    }
  }
  migrations.sort((a, b) => a.number - b.number);
  for (const [index, migration] of migrations.entries()) {
    if (migrations[index - 1]?.number === migration.number) {
      throw new CollectorError(`Two migrations have the number ${migration.number}.`);
    }
  }
  return migrations;
}

/**
 * Brings the schema up to date; safe to run from any number of processes at once and at any time.
 *
 * A transactional migration inserts its row first: a second runner waits at that row, then finds it taken and goes on. Other
 * migrations run under an advisory lock and are repeatable, so one that a crash cut off is run again.
 * @returns the numbers that this call applied
 * @throws CollectorError when the schema has a breaking migration that this version does not know
 */
export async function migrate(pool: Pool, migrations: Migration[]): Promise<number[]> {
  await createMigrationsTable(pool);
  const { rows } = await pool.query<{ number: number; name: string; breaking: boolean }>(
    'SELECT number, name, breaking FROM schema_migrations ORDER BY number',
  );
  const known = new Set(migrations.map((migration) => migration.number));
  const unknown = rows.find((row) => row.breaking && !known.has(row.number));
  if (unknown) {
    throw new CollectorError(
      `The database schema is newer than this collector: migration ${unknown.number} (${unknown.name}) is breaking and unknown here. Start a newer version of the collector.`,
    );
  }
  const applied = new Set(rows.map((row) => row.number));
  const done: number[] = [];
  for (const migration of migrations) {
    if (applied.has(migration.number)) continue;
    const ran = migration.transactional
      ? await runInTransaction(pool, migration)
      : await runStatements(pool, migration);
    if (ran) done.push(migration.number);
  }
  return done;
}

async function createMigrationsTable(pool: Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    // CREATE TABLE IF NOT EXISTS alone fails when two sessions race.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('promptops.schema_migrations'))`);
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      number     integer PRIMARY KEY,
      name       text NOT NULL,
      breaking   boolean NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
  });
}

const CLAIM =
  'INSERT INTO schema_migrations (number, name, breaking) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';

async function runInTransaction(pool: Pool, migration: Migration): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const claim = await client.query(CLAIM, [migration.number, migration.name, migration.breaking]);
    if (claim.rowCount === 0) return false;
    await client.query(migration.sql);
    return true;
  });
}

async function runStatements(pool: Pool, migration: Migration): Promise<boolean> {
  const client = await pool.connect();
  try {
    await lockByTrying(client);
    const { rowCount } = await client.query('SELECT FROM schema_migrations WHERE number = $1', [
      migration.number,
    ]);
    if (rowCount) return false;
    for (const statement of migration.sql.split(/^-- statement$/m)) await client.query(statement);
    await client.query(CLAIM, [migration.number, migration.name, migration.breaking]);
    return true;
  } finally {
    client.release(true); // ends the session, and with it the lock
  }
}

const LOCK_RETRY_MS = 100;

/** A session that waits in pg_advisory_lock() holds a snapshot, for which CREATE INDEX CONCURRENTLY of the holder waits in turn. */
async function lockByTrying(client: Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ held: boolean }>(
      `SELECT pg_try_advisory_lock(hashtext('promptops.migrate')) AS held`,
    );
    if (rows[0]?.held) return;
    await setTimeout(LOCK_RETRY_MS);
  }
}
