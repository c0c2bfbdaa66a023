import type { Queryable } from '../database/pool.ts';

/**
 * Functions that PUBLIC may run and that reach beyond what a role may read: advisory locks (the collector's own among them), large objects and
 * messages that fill the disk, background jobs.
 */
const HARMFUL_FUNCTIONS = `
  p.pronamespace = 'pg_catalog'::regnamespace AND (
    p.proname LIKE 'pg\\_%advisory%lock%'
    OR p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lowrite', 'lo_truncate', 'lo_truncate64', 'pg_logical_emit_message'))
  OR p.proname IN ('add_job', 'alter_job') AND EXISTS (
    SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'timescaledb'
    WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')`;

const OPEN_FUNCTIONS = `
  SELECT p.oid::regprocedure::text AS signature FROM pg_proc p
  WHERE (${HARMFUL_FUNCTIONS})
    AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE')`;

const OPEN_TEMPORARY = `
  SELECT quote_ident(d.datname) AS database, pg_has_role(d.datdba, 'USAGE') AS may_revoke FROM pg_database d
  WHERE d.datname = current_database()
    AND EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE a.grantee = 0 AND a.privilege_type = 'TEMPORARY')`;

/** Who keeps what PUBLIC loses: the user that asks, and the owner of the collector's tables. */
const KEEPERS = `
  SELECT DISTINCT quote_ident(rolname) AS name FROM pg_roles
  WHERE rolname = current_user OR oid = (SELECT relowner FROM pg_class WHERE oid = 'tenants'::regclass)`;

/** What of this database every role may still do and should not, in words; empty when there is nothing. Only reads. */
export async function openToEverybody(database: Queryable): Promise<string[]> {
  const functions = await database.query<{ signature: string }>(OPEN_FUNCTIONS);
  const temporary = await database.query(OPEN_TEMPORARY);
  return [
    ...(functions.rows.some(({ signature }) => signature.includes('advisory'))
      ? ['take advisory locks']
      : []),
    ...(functions.rows.some(({ signature }) => signature.startsWith('lo')) ? ['write large objects'] : []),
    ...(functions.rows.some(({ signature }) => signature.includes('add_job')) ? ['add background jobs'] : []),
    ...((temporary.rowCount ?? 0) > 0 ? ['make temporary tables'] : []),
  ];
}

/**
 * Takes from PUBLIC, in this database, what a role that reads one tenant has no use for, as far as the collector's user may: temporary tables where
 * it owns the database, functions where it is a superuser. What it must leave is seen to by SqlSessionGuard. Done when a tenant's first role is made,
 * so that a database without such roles stays as it is.
 */
export async function hardenDatabase(client: Queryable): Promise<void> {
  const keepers = (await client.query<{ name: string }>(KEEPERS)).rows.map(({ name }) => name).join(', ');
  const temporary = (await client.query<{ database: string; may_revoke: boolean }>(OPEN_TEMPORARY)).rows[0];
  if (temporary?.may_revoke === true) {
    await client.query(`GRANT TEMPORARY ON DATABASE ${temporary.database} TO ${keepers}`);
    await client.query(`REVOKE TEMPORARY ON DATABASE ${temporary.database} FROM PUBLIC`);
  }
  const { rows } = await client.query<{ is_superuser: boolean }>(
    'SELECT rolsuper AS is_superuser FROM pg_roles WHERE rolname = current_user',
  );
  if (rows[0]?.is_superuser !== true) return;
  const functions = (await client.query<{ signature: string }>(OPEN_FUNCTIONS)).rows
    .map(({ signature }) => signature)
    .join(', ');
  if (functions === '') return;
  await client.query(`GRANT EXECUTE ON ROUTINE ${functions} TO ${keepers}`);
  await client.query(`REVOKE EXECUTE ON ROUTINE ${functions} FROM PUBLIC`);
}
