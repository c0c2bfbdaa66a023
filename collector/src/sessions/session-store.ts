import type { Pool, Queryable } from '../database/pool.ts';
import type { Scope } from '../tenants/api-key.ts';

/** A session as it is checked at the door. Either it has a key, whose scopes are its own, or scopes of its own. */
export interface StoredSession {
  tenant_id: string;
  is_operator: boolean;
  key_id: string | null;
  scopes: Scope[] | null;
  last_used_at: Date;
  expires_at: Date;
}

export type NewSession = Pick<StoredSession, 'tenant_id' | 'key_id' | 'scopes' | 'expires_at'>;

/** Sessions of one key, or of all links together, and of one tenant; past these, those that were not used for longest end. */
export const MOST_SESSIONS_OF_KEY = 100;
const MOST_SESSIONS_OF_TENANT = 1_000;

/** Stores a session. A key that signs in again and again ends its own older sessions before those of others. */
export async function insertSession(
  client: Queryable,
  tokenSha256: Buffer,
  session: NewSession,
  now: Date,
): Promise<void> {
  await client.query(
    `INSERT INTO sign_in_sessions (token_sha256, tenant_id, key_id, scopes, created_at, last_used_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $5, $6)`,
    [tokenSha256, session.tenant_id, session.key_id, session.scopes, now, session.expires_at],
  );
  await client.query(
    `DELETE FROM sign_in_sessions WHERE token_sha256 IN (
       SELECT token_sha256 FROM (
         SELECT token_sha256,
                row_number() OVER (PARTITION BY key_id ORDER BY token_sha256 = $2 DESC, last_used_at DESC, created_at DESC) AS of_key,
                row_number() OVER (ORDER BY token_sha256 = $2 DESC, last_used_at DESC, created_at DESC) AS of_tenant
         FROM sign_in_sessions WHERE tenant_id = $1
       ) ranked WHERE of_key > $3 OR of_tenant > $4)`,
    [session.tenant_id, tokenSha256, MOST_SESSIONS_OF_KEY, MOST_SESSIONS_OF_TENANT],
  );
}

export async function findSession(pool: Pool, tokenSha256: Buffer): Promise<StoredSession | undefined> {
  const { rows } = await pool.query<StoredSession>(
    `SELECT s.tenant_id, t.is_operator, s.key_id, s.scopes, s.last_used_at, s.expires_at
     FROM sign_in_sessions s JOIN tenants t USING (tenant_id) WHERE s.token_sha256 = $1`,
    [tokenSha256],
  );
  return rows[0];
}

export async function touchSessions(pool: Pool, tokenSha256s: Buffer[], now: Date): Promise<void> {
  await pool.query('UPDATE sign_in_sessions SET last_used_at = $2 WHERE token_sha256 = ANY($1)', [
    tokenSha256s,
    now,
  ]);
}

export async function deleteSession(pool: Pool, tokenSha256: Buffer): Promise<void> {
  await pool.query('DELETE FROM sign_in_sessions WHERE token_sha256 = $1', [tokenSha256]);
}

/** Removes the sessions that have ended: by time, by idleness, or with their key. */
export async function deleteEndedSessions(pool: Pool, now: Date, idleBefore: Date): Promise<void> {
  await pool.query(
    `DELETE FROM sign_in_sessions s
     WHERE s.expires_at <= $1 OR s.last_used_at <= $2
        OR EXISTS (SELECT FROM api_keys k WHERE k.key_id = s.key_id AND (k.revoked_at IS NOT NULL OR k.expires_at <= $1))`,
    [now, idleBefore],
  );
}

export async function findTenantName(pool: Pool, tenantId: string): Promise<string> {
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM tenants WHERE tenant_id = $1', [
    tenantId,
  ]);
  return rows[0]?.name ?? tenantId;
}
