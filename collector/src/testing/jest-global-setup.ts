import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../database/embedded-postgres.ts';
import { createPool } from '../database/pool.ts';
import { setUp } from '../tenants/setup.ts';
import { TEMPLATE_DATABASE } from './test-database.ts';

declare global {
  var testServer: { server: EmbeddedPostgres; dataDir: string } | undefined;
}

/** One embedded server for the whole run, with a database that is set up: each test file gets a copy of it. */
export default async function globalSetup(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'promptops-test-'));
  const quiet = { info: () => undefined, debug: () => undefined };
  // Durability is not what these tests are about; the crash tests start servers of their own.
  const settings = { fsync: 'off', max_connections: '200', shared_buffers: '128MB' };
  const server = await startEmbeddedPostgres({ dataDir, port: 0, log: quiet, settings });
  globalThis.testServer = { server, dataDir };
  process.env['TEST_POSTGRES_URL'] = server.connectionString;

  const admin = createPool({
    connectionString: server.connectionString,
    max: 1,
    applicationName: 'test-setup',
  });
  await admin.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  await admin.end();
  const url = new URL(server.connectionString);
  url.pathname = `/${TEMPLATE_DATABASE}`;
  const template = createPool({ connectionString: url.toString(), max: 1, applicationName: 'test-setup' });
  await setUp(template, undefined);
  await template.query('DELETE FROM api_keys');
  await template.end();
}
