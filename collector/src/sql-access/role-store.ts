import { inTransaction, type Client, type Pool, type Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { BASE62, randomText } from '../tenants/random-text.ts';
import { hardenDatabase } from './harden.ts';
import { scramVerifier } from './scram.ts';

/** A tenant's role as it may be told: without its password. */
export interface SqlRole {
  role_name: string;
  tenant_id: string;
  /** What it is for. */
  name: string;
  created_at: Date;
  created_by: string;
  password_changed_at: Date;
}

export interface SqlRoleLimits {
  /** After which the server gives up a statement of the role. */
  statementTimeoutSeconds: number;
  /** Connections that the role may have at once. */
  connections: number;
}

const CONNECTIONS_PER_ROLE = 10;

export function sqlRoleLimits(configuration: { SQL_STATEMENT_TIMEOUT_SECONDS: number }): SqlRoleLimits {
  return {
    statementTimeoutSeconds: configuration.SQL_STATEMENT_TIMEOUT_SECONDS,
    connections: CONNECTIONS_PER_ROLE,
  };
}

const MAX_ROLES_PER_TENANT = 20;
/** A sort or a join that spills more is given up, where the collector may set that. */
const TEMP_FILES = '2GB';
const COLUMNS = 'role_name::text AS role_name, tenant_id, name, created_at, created_by, password_changed_at';
const LOWER_BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';

export async function listSqlRoles(database: Queryable, tenantId: string): Promise<SqlRole[]> {
  const { rows } = await database.query<SqlRole>(
    `SELECT ${COLUMNS} FROM sql_roles WHERE tenant_id = $1 ORDER BY created_at, role_name`,
    [tenantId],
  );
  return rows;
}

/**
 * Makes a database role that reads the views of one tenant and nothing else, and returns it with its password, which cannot be had again.
 * @throws Problem not-found without such a tenant; conflict at the most roles of a tenant, or where the collector's user may not make roles
 */
export async function createSqlRole(
  pool: Pool,
  request: { tenantId: string; name: string; createdBy: string },
  limits: SqlRoleLimits,
): Promise<SqlRole & { password: string }> {
  const password = randomText(BASE62, 32);
  return inTransaction(pool, async (client) => {
    await oneAtATime(client);
    const { rowCount } = await client.query('SELECT FROM tenants WHERE tenant_id = $1', [request.tenantId]);
    if (!rowCount) throw new Problem('not-found', `There is no tenant "${request.tenantId}".`);
    await requireRoleMaker(client);
    if ((await listSqlRoles(client, request.tenantId)).length >= MAX_ROLES_PER_TENANT) {
      throw new Problem(
        'conflict',
        `A tenant has ${MAX_ROLES_PER_TENANT} SQL roles at the most: drop one that is not used any more.`,
      );
    }
    await hardenDatabase(client);
    const role = await unusedName(client);
    await client.query(
      `CREATE ROLE ${role} LOGIN CONNECTION LIMIT ${limits.connections} PASSWORD '${scramVerifier(password)}'`,
    );
    await setDefaults(client, role, limits);
    await grantViews(client, role);
    const { rows } = await client.query<SqlRole>(
      `INSERT INTO sql_roles (role_name, tenant_id, name, created_by) VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`,
      [role, request.tenantId, request.name, request.createdBy],
    );
    if (!rows[0]) throw new Error('INSERT ... RETURNING returned nothing.');
    return { ...rows[0], password };
  });
}

/**
 * Gives a role another password and ends its sessions.
 * @throws Problem not-found when it is not the tenant's
 */
export async function rotateSqlRole(
  pool: Pool,
  tenantId: string,
  roleName: string,
): Promise<SqlRole & { password: string }> {
  const password = randomText(BASE62, 32);
  return inTransaction(pool, async (client) => {
    const role = await requireOwn(client, tenantId, roleName);
    await requireRoleMaker(client);
    await client.query(`ALTER ROLE ${role} PASSWORD '${scramVerifier(password)}'`);
    await endSessions(client, role);
    const { rows } = await client.query<SqlRole>(
      `UPDATE sql_roles SET password_changed_at = now() WHERE role_name = $1 RETURNING ${COLUMNS}`,
      [role],
    );
    if (!rows[0]) throw new Error('UPDATE ... RETURNING returned nothing.');
    return { ...rows[0], password };
  });
}

/**
 * Drops a role with its grants and ends its sessions.
 * @throws Problem not-found when it is not the tenant's
 */
export async function dropSqlRole(pool: Pool, tenantId: string, roleName: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await oneAtATime(client);
    const role = await requireOwn(client, tenantId, roleName);
    await client.query('DELETE FROM sql_roles WHERE role_name = $1', [role]);
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    if (!rowCount) return; // an administrator was here before
    await requireRoleMaker(client);
    await client.query(`ALTER ROLE ${role} NOLOGIN`);
    await endSessions(client, role);
    // Its grants; should it own something, that goes as well.
    await client.query(`DROP OWNED BY ${role}`);
    await client.query(`DROP ROLE ${role}`);
  });
}

/** Lets roles that were made before a view came read it too. Run at each start. */
export async function grantNewViews(pool: Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ role: string }>(
      `SELECT r.role_name::text AS role FROM sql_roles r JOIN pg_roles p ON p.rolname = r.role_name
       WHERE EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = to_regnamespace('tenant_views') AND c.relkind = 'v'
                     AND NOT has_table_privilege(p.oid, c.oid, 'SELECT'))`,
    );
    if (rows.length === 0) return;
    await oneAtATime(client);
    for (const { role } of rows) await grantViews(client, role);
  });
}

/** Two sessions that grant or revoke on one object at once would fail ("tuple concurrently updated"); and the roles of a tenant are counted. */
async function oneAtATime(client: Client): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtext('promptops.sql_roles'))`);
}

/** The name of a role that sql_roles holds, which is what may stand in a statement. */
async function requireOwn(client: Client, tenantId: string, roleName: string): Promise<string> {
  const { rows } = await client.query<{ role: string }>(
    'SELECT role_name::text AS role FROM sql_roles WHERE tenant_id = $1 AND role_name = $2 FOR UPDATE',
    [tenantId, roleName],
  );
  if (!rows[0]) throw new Problem('not-found', `There is no SQL role ${roleName} in this tenant.`);
  return rows[0].role;
}

async function requireRoleMaker(client: Client): Promise<void> {
  const { rows } = await client.query<{ may: boolean; user: string }>(
    'SELECT rolsuper OR rolcreaterole AS may, quote_ident(rolname) AS user FROM pg_roles WHERE rolname = current_user',
  );
  if (rows[0]?.may === true) return;
  const user = rows[0]?.user ?? '';
  throw new Problem(
    'conflict',
    `The collector's database user may not make roles. An administrator of the database must run: ALTER ROLE ${user} CREATEROLE; (or make the role by hand, see docs/sql.md).`,
  );
}

async function unusedName(client: Client): Promise<string> {
  for (;;) {
    const name = `po_sql_${randomText(LOWER_BASE36, 8)}`;
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    if (!rowCount) return name;
  }
}

/** Defaults of the role's sessions. It can change most of them; what must hold is in its grants and in SqlSessionGuard. */
async function setDefaults(client: Client, role: string, limits: SqlRoleLimits): Promise<void> {
  const { rows } = await client.query<{ schema: string; is_superuser: boolean }>(
    `SELECT quote_ident(current_schema()) AS schema, rolsuper AS is_superuser FROM pg_roles WHERE rolname = current_user`,
  );
  const { schema = 'public', is_superuser = false } = rows[0] ?? {};
  const defaults: Record<string, string> = {
    statement_timeout: `'${limits.statementTimeoutSeconds}s'`,
    idle_in_transaction_session_timeout: `'${limits.statementTimeoutSeconds}s'`,
    lock_timeout: `'5s'`,
    default_transaction_read_only: 'on',
    // The second one has time_bucket() on TimescaleDB.
    search_path: `tenant_views, ${schema}`,
    timezone: `'UTC'`,
    jit: 'off',
    ...(is_superuser ? { temp_file_limit: `'${TEMP_FILES}'` } : {}),
  };
  for (const [setting, value] of Object.entries(defaults))
    await client.query(`ALTER ROLE ${role} SET ${setting} = ${value}`);
}

async function grantViews(client: Client, role: string): Promise<void> {
  const { rows } = await client.query<{
    views: string;
    database: string;
    schema: string;
    may_connect: boolean;
    may_use: boolean;
    is_member: boolean;
  }>(
    `SELECT (SELECT string_agg('tenant_views.' || quote_ident(relname), ', ' ORDER BY relname) FROM pg_class
             WHERE relnamespace = 'tenant_views'::regnamespace AND relkind = 'v') AS views,
            quote_ident(current_database()) AS database, quote_ident(current_schema()) AS schema,
            has_database_privilege($1, current_database(), 'CONNECT') AS may_connect,
            has_schema_privilege($1, current_schema(), 'USAGE') AS may_use,
            pg_has_role($1, 'USAGE') AS is_member`,
    [role],
  );
  const [found] = rows;
  if (!found) return;
  await client.query(`GRANT USAGE ON SCHEMA tenant_views TO ${role}`);
  await client.query(`GRANT SELECT ON ${found.views} TO ${role}`);
  if (!found.may_connect) await client.query(`GRANT CONNECT ON DATABASE ${found.database} TO ${role}`);
  if (!found.may_use) await client.query(`GRANT USAGE ON SCHEMA ${found.schema} TO ${role}`);
  // To see and end its sessions and to drop it; there is nothing to inherit that the collector has not.
  if (!found.is_member) await client.query(`GRANT ${role} TO CURRENT_USER`);
}

async function endSessions(client: Client, role: string): Promise<void> {
  await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role]);
}
