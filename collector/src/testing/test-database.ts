import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Engine } from '../database/engine.ts';

export const TEMPLATE_DATABASE = 'promptops_template';

declare global {
  // Set by jest.config.js for the second project.
  var TEST_ENGINE: Engine['kind'] | undefined;
}

/** The engine that this run of the tests is about. */
export const TEST_ENGINE: Engine['kind'] = globalThis.TEST_ENGINE ?? 'postgresql';

export interface TestDatabase {
  connectionString: string;
  drop(): Promise<void>;
}

/**
 * A database of its own. On PostgreSQL copied from the template that the global set-up made: schema, first tenant, no keys. On
 * TimescaleDB empty but for the extension.
 */
export async function createTestDatabase({
  template = TEMPLATE_DATABASE,
  engine = TEST_ENGINE,
}: { template?: string; engine?: Engine['kind'] } = {}): Promise<TestDatabase> {
  const variable = engine === 'timescaledb' ? 'TIMESCALE_DATABASE_URL' : 'TEST_POSTGRES_URL';
  const server = process.env[variable];
  if (server === undefined) throw new Error(`${variable} is not set.`);
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await onServer(
    server,
    `CREATE DATABASE ${name} TEMPLATE ${engine === 'timescaledb' ? 'template0' : template}`,
  );
  if (engine === 'timescaledb') await onServer(url.toString(), 'CREATE EXTENSION IF NOT EXISTS timescaledb');
  return {
    connectionString: url.toString(),
    drop: () => dropWithRoles(server, url.toString(), name),
  };
}

/** Roles belong to the whole server: those that a collector made for this database go with it. */
async function dropWithRoles(server: string, connectionString: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const { rows } = await client.query<{ role: string }>(
    `SELECT rolname AS role FROM pg_roles
     WHERE rolname = (SELECT 'po_reader_' || oid FROM pg_database WHERE datname = current_database())
        OR rolname IN (SELECT grantee FROM information_schema.role_table_grants WHERE table_schema = 'tenant_views' AND grantee LIKE 'po\\_sql\\_%')`,
  );
  await client.end();
  await onServer(server, `DROP DATABASE ${name} WITH (FORCE)`);
  for (const { role } of rows) await onServer(server, `DROP ROLE ${role}`);
}

async function onServer(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
