import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { TEST_ENGINE } from '../testing/test-database.ts';

export interface OwnerDatabase {
  /** As the owner, who is no superuser: what managed databases give. */
  connectionString: string;
  /** As the server's superuser, in the same database. */
  asSuperuser(statement: string): Promise<void>;
  drop(): Promise<void>;
}

/** An empty database of the engine under test, owned by a user of its own. */
export async function createOwnerDatabase(attributes: 'CREATEROLE' | 'NOCREATEROLE'): Promise<OwnerDatabase> {
  const server =
    process.env[TEST_ENGINE === 'timescaledb' ? 'TIMESCALE_DATABASE_URL' : 'TEST_POSTGRES_URL'] ?? '';
  const suffix = randomBytes(6).toString('hex');
  const [database, owner, password] = [`test_${suffix}`, `owner_${suffix}`, randomBytes(12).toString('hex')];
  const at = (url: string): URL => {
    const target = new URL(url);
    target.pathname = `/${database}`;
    return target;
  };
  const run = async (
    connectionString: string,
    statement: string,
  ): Promise<pg.QueryResult<{ role: string }>> => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      return await client.query<{ role: string }>(statement);
    } finally {
      await client.end();
    }
  };
  await run(server, `CREATE ROLE ${owner} LOGIN ${attributes} PASSWORD '${password}'`);
  await run(server, `CREATE DATABASE ${database} OWNER ${owner} TEMPLATE template0`);
  if (TEST_ENGINE === 'timescaledb') await run(at(server).href, 'CREATE EXTENSION IF NOT EXISTS timescaledb');
  const url = at(server);
  url.username = owner;
  url.password = password;
  return {
    connectionString: url.href,
    asSuperuser: async (statement) => {
      await run(at(server).href, statement);
    },
    drop: async () => {
      const { rows } = await run(
        at(server).href,
        `SELECT rolname AS role FROM pg_roles WHERE rolname LIKE 'po\\_%' AND pg_has_role('${owner}', oid, 'MEMBER')`,
      );
      await run(server, `DROP DATABASE ${database} WITH (FORCE)`);
      for (const { role } of rows) await run(server, `DROP ROLE ${role}`);
      await run(server, `DROP ROLE ${owner}`);
    },
  };
}
