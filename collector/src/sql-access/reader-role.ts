import type { Logger } from 'pino';
import { createPool, inTransaction, type Client, type Pool, type Queryable } from '../database/pool.ts';
import { READABLE_RELATIONS } from './readable-relations.ts';

/** What keeps the reading path from doing harm, beside its statement_timeout; given when a connection starts, so that no query waits for it. */
const READ_ONLY = {
  default_transaction_read_only: 'on',
  lock_timeout: '5s',
  idle_in_transaction_session_timeout: '60s',
};

const INSUFFICIENT_PRIVILEGE = '42501';
const DUPLICATE_OBJECT = '42710';

/** Since PostgreSQL 16 a member need not be allowed to take the role; the maker of a role is such a one. */
const TAKE = `CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END`;

export interface ReaderSessions {
  /** Settings of each connection of the read pool. */
  settings: Record<string, string>;
  /** The role without write rights that the connections take; null where there is none. */
  role: string | null;
  /** Why there is none, and what to do. */
  reason: string | null;
}

/**
 * The sessions of the reading path: read-only transactions, and a role of the database's own that may SELECT from READABLE_RELATIONS and nothing
 * else. The role is made, and its grants brought up to date, where the collector's user may do that; else the sessions are read-only all the same.
 * Can be run by any number of collectors at once.
 * @param pool the collector's own, on the primary server
 * @param readUrl where the reading path connects to: the same server, or a replica
 */
export async function prepareReaderSessions(
  pool: Pool,
  readUrl: string,
  logger: Pick<Logger, 'info' | 'warn'>,
): Promise<ReaderSessions> {
  const without = (reason: string): ReaderSessions => {
    logger.warn(`The reading path has no role of its own, only read-only transactions: ${reason}`);
    return { settings: READ_ONLY, role: null, reason };
  };
  const role = await readerRoleName(pool);
  const state = await examineReaderRole(pool);
  if (state !== null) {
    try {
      await bringUpToDate(pool, role);
    } catch (error) {
      if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
      return without(state);
    }
  }
  const settings = { ...READ_ONLY, role };
  await admitReadUser(pool, role, readUrl, logger);
  const refusal = await tryConnection(readUrl, settings);
  return refusal === undefined
    ? { settings, role, reason: null }
    : without(`${refusal}. On a replica it may not have arrived yet: restart the collector then.`);
}

/** Roles belong to the whole server, so each database has its own: what one may read in this database it must not read in another. */
async function readerRoleName(database: Queryable): Promise<string> {
  const { rows } = await database.query<{ role: string }>(
    `SELECT 'po_reader_' || oid AS role FROM pg_database WHERE datname = current_database()`,
  );
  return rows[0]?.role ?? '';
}

/** null when the reading path has its role with all grants; else one sentence that says what is missing and what to do. Only reads. */
export async function examineReaderRole(database: Queryable): Promise<string | null> {
  const role = await readerRoleName(database);
  const { rows } = await database.query<{
    exists: boolean;
    may_make: boolean;
    may_take: boolean;
    user: string;
  }>(
    `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS exists, u.rolsuper OR u.rolcreaterole AS may_make,
            coalesce((SELECT pg_has_role(r.oid, ${TAKE}) FROM pg_roles r WHERE r.rolname = $1), false) AS may_take,
            quote_ident(current_user) AS user
     FROM pg_roles u WHERE u.rolname = current_user`,
    [role],
  );
  const { exists = false, may_make = false, may_take = false, user = '' } = rows[0] ?? {};
  if (!exists) {
    return may_make
      ? `the role ${role} is made when the collector starts.`
      : `the database user may not make roles. An administrator can run: CREATE ROLE ${role} NOLOGIN; GRANT ${role} TO ${user}; and restart the collector.`;
  }
  if (!may_take)
    return `the database user may not take the role ${role}. An administrator can run: GRANT ${role} TO ${user}; and restart the collector.`;
  const missing = await missingGrants(database, role, READABLE_RELATIONS);
  if (missing.length === 0 && (await maySeeSchema(database, role))) return null;
  return `the role ${role} may not read ${missing.join(', ') || 'the schema'}; the collector grants that when it starts.`;
}

async function missingGrants(
  database: Queryable,
  role: string,
  relations: readonly string[],
): Promise<string[]> {
  const { rows } = await database.query<{ relation: string }>(
    `SELECT relation FROM unnest($2::text[]) AS relation
     WHERE to_regclass(relation) IS NOT NULL AND NOT has_table_privilege($1, relation, 'SELECT') ORDER BY 1`,
    [role, relations],
  );
  return rows.map(({ relation }) => relation);
}

async function maySeeSchema(database: Queryable, role: string): Promise<boolean> {
  const { rows } = await database.query<{ may: boolean }>(
    `SELECT has_schema_privilege($1, current_schema(), 'USAGE') AS may`,
    [role],
  );
  return rows[0]?.may ?? false;
}

async function bringUpToDate(pool: Pool, role: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    // Two sessions that grant on one table at once would fail: "tuple concurrently updated".
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('promptops.reader_role'))`);
    await makeRole(client, role);
    if (!(await maySeeSchema(client, role))) {
      const { rows } = await client.query<{ schema: string }>(
        'SELECT quote_ident(current_schema()) AS schema',
      );
      await client.query(`GRANT USAGE ON SCHEMA ${rows[0]?.schema ?? ''} TO ${role}`);
    }
    const missing = await missingGrants(client, role, READABLE_RELATIONS);
    if (missing.length > 0) await client.query(`GRANT SELECT ON ${missing.join(', ')} TO ${role}`);
  });
}

/** Makes the role where it is missing and lets the collector's user take it. */
async function makeRole(client: Client, role: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (!rowCount) {
    await client.query('SAVEPOINT making');
    await client.query(`CREATE ROLE ${role} NOLOGIN NOINHERIT`).catch(async (error: unknown) => {
      if ((error as { code?: string }).code !== DUPLICATE_OBJECT) throw error;
      await client.query('ROLLBACK TO making');
    });
  }
  await admit(client, role, 'current_user');
}

/** Lets a user take the role, unless it may (a superuser may take all). */
async function admit(database: Queryable, role: string, user: string): Promise<void> {
  const { rows } = await database.query<{ may_take: boolean; name: string }>(
    `SELECT pg_has_role(rolname, $1, ${TAKE}) AS may_take, quote_ident(rolname) AS name FROM pg_roles
     WHERE rolname = CASE $2 WHEN 'current_user' THEN current_user ELSE $2::name END`,
    [role, user],
  );
  if (rows[0]?.may_take === false) await database.query(`GRANT ${role} TO ${rows[0].name}`);
}

/** DATABASE_READ_URL may name another user than DATABASE_URL, who must be able to take the role as well. */
async function admitReadUser(
  pool: Pool,
  role: string,
  readUrl: string,
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  const user = decodeURIComponent(new URL(readUrl).username);
  if (user === '') return;
  await admit(pool, role, user).catch((err: unknown) => {
    // Whether it can be taken all the same is tried next.
    logger.warn({ err }, `the user of DATABASE_READ_URL could not be admitted to ${role}`);
  });
}

/** What the server says against a connection with these settings, in words; undefined when there is nothing. */
async function tryConnection(
  connectionString: string,
  settings: Record<string, string>,
): Promise<string | undefined> {
  const pool = createPool({ connectionString, max: 1, applicationName: 'promptops-analytics', settings });
  try {
    await pool.query('SELECT FROM tenants LIMIT 1');
    return undefined;
  } catch (error) {
    // A server that is away is told about by health and by each question; this is about a role that cannot be taken.
    const { code } = error as { code?: string };
    return code === '22023' || code === '42704' || code === INSUFFICIENT_PRIVILEGE
      ? (error as Error).message
      : undefined;
  } finally {
    await pool.end();
  }
}
