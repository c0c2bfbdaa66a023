import type { Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import type { Scope } from '../tenants/api-key.ts';
import { generateToken, hashToken } from './token.ts';

/** Time to copy a link from a terminal to a browser, and no more. */
export const LINK_MINUTES = 15;
/** Links of one tenant that can be open at once; the oldest go first. A collector that is started again and again makes one each time. */
const MOST_LINKS = 100;

/** What a link may be made for: a session records no events and is scraped by nobody. */
export const SESSION_SCOPES = ['read', 'admin'] as const satisfies readonly Scope[];
export type SessionScope = (typeof SESSION_SCOPES)[number];

/**
 * Makes a link's token, which begins one session of a tenant within LINK_MINUTES. It is stored as its hash.
 * @throws Problem not-found without such a tenant
 */
export async function createSignInLink(
  pool: Queryable,
  { tenantId, scopes, nowMs = Date.now() }: { tenantId: string; scopes: SessionScope[]; nowMs?: number },
): Promise<string> {
  const token = generateToken();
  const { rowCount } = await pool.query(
    `INSERT INTO sign_in_links (token_sha256, tenant_id, scopes, created_at, expires_at)
     SELECT $1, tenant_id, $3, $4, $5 FROM tenants WHERE tenant_id = $2`,
    [hashToken(token), tenantId, scopes, new Date(nowMs), new Date(nowMs + LINK_MINUTES * 60_000)],
  );
  if (!rowCount) throw new Problem('not-found', `There is no tenant "${tenantId}".`);
  await pool.query(
    `DELETE FROM sign_in_links WHERE token_sha256 IN (
       SELECT token_sha256 FROM sign_in_links WHERE tenant_id = $1 ORDER BY created_at DESC, token_sha256 OFFSET $2)`,
    [tenantId, MOST_LINKS],
  );
  return token;
}

/** Uses a link up; one of any number of requests, on whatever replica, gets it. undefined when it is unknown, used or expired. */
export async function takeSignInLink(
  client: Queryable,
  token: string,
  now: Date,
): Promise<{ tenant_id: string; is_operator: boolean; scopes: SessionScope[] } | undefined> {
  const { rows } = await client.query<{ tenant_id: string; is_operator: boolean; scopes: SessionScope[] }>(
    `DELETE FROM sign_in_links l USING tenants t
     WHERE l.token_sha256 = $1 AND l.expires_at > $2 AND t.tenant_id = l.tenant_id
     RETURNING l.tenant_id, t.is_operator, l.scopes`,
    [hashToken(token), now],
  );
  return rows[0];
}

export async function deleteExpiredLinks(pool: Queryable, now: Date): Promise<void> {
  await pool.query('DELETE FROM sign_in_links WHERE expires_at <= $1', [now]);
}

/** The token stands in the fragment, which a browser sends to no server: so it is in no log of a proxy, and in no Referer. */
export function signInUrl(address: string, token: string): string {
  return `${address.replace(/\/$/, '')}/analytics#sign-in=${token}`;
}
