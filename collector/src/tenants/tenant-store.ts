import { seedDefaultAlertRules } from '../alerts/default-rules.ts';
import type { Pool, Queryable } from '../database/pool.ts';
import { isUniqueViolation } from '../database/errors.ts';
import { Problem } from '../http/errors.ts';
import { generateApiKey, hashApiKey, keyIdOf, type Scope } from './api-key.ts';

export interface Tenant {
  tenant_id: string;
  name: string;
  time_zone: string;
  is_operator: boolean;
  created_at: Date;
}

export interface ApiKeyInfo {
  key_id: string;
  tenant_id: string;
  name: string;
  scopes: Scope[];
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
}

/** A key as it is checked at the door. */
export interface StoredApiKey extends ApiKeyInfo {
  key_sha256: Buffer;
  is_operator: boolean;
}

const KEY_COLUMNS = 'key_id, tenant_id, name, scopes, created_at, expires_at, revoked_at, last_used_at';

export async function listTenants(pool: Pool): Promise<Tenant[]> {
  const { rows } = await pool.query<Tenant>(
    'SELECT tenant_id, name, time_zone, is_operator, created_at FROM tenants ORDER BY created_at, tenant_id',
  );
  return rows;
}

/** A tenant with its default alert rules. @throws Problem conflict when it exists */
export async function createTenant(
  pool: Pool,
  tenant: { tenant_id: string; name: string; time_zone?: string; is_operator?: boolean },
): Promise<Tenant> {
  const { rows } = await pool.query<Tenant>(
    `INSERT INTO tenants (tenant_id, name, time_zone, is_operator) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant_id) DO NOTHING
     RETURNING tenant_id, name, time_zone, is_operator, created_at`,
    [tenant.tenant_id, tenant.name, tenant.time_zone ?? 'UTC', tenant.is_operator ?? false],
  );
  if (!rows[0]) throw new Problem('conflict', `The tenant "${tenant.tenant_id}" exists already.`);
  await seedDefaultAlertRules(pool);
  return rows[0];
}

export async function listApiKeys(pool: Pool, tenantId: string): Promise<ApiKeyInfo[]> {
  const { rows } = await pool.query<ApiKeyInfo>(
    `SELECT ${KEY_COLUMNS} FROM api_keys WHERE tenant_id = $1 ORDER BY created_at, key_id`,
    [tenantId],
  );
  return rows;
}

/**
 * Stores a key and returns it with its text, which cannot be had again.
 * @throws Problem not-found without such a tenant, conflict when the key is another tenant's
 */
export async function createApiKey(
  pool: Queryable,
  request: { tenant_id: string; name: string; scopes: Scope[]; expires_at?: Date | null; key?: string },
): Promise<ApiKeyInfo & { api_key: string }> {
  const key = request.key ?? generateApiKey();
  try {
    const { rows } = await pool.query<ApiKeyInfo>(
      `INSERT INTO api_keys (key_id, tenant_id, name, scopes, key_sha256, expires_at)
       SELECT $1, tenant_id, $3, $4, $5, $6 FROM tenants WHERE tenant_id = $2
       RETURNING ${KEY_COLUMNS}`,
      [
        keyIdOf(key),
        request.tenant_id,
        request.name,
        request.scopes,
        hashApiKey(key),
        request.expires_at ?? null,
      ],
    );
    if (!rows[0]) throw new Problem('not-found', `There is no tenant "${request.tenant_id}".`);
    return { ...rows[0], api_key: key };
  } catch (error) {
    if (isUniqueViolation(error))
      throw new Problem('conflict', 'This API key exists already.', { cause: error });
    throw error;
  }
}

/** @returns false when the tenant has no such key */
export async function revokeApiKey(pool: Pool, tenantId: string, keyId: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    'UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE tenant_id = $1 AND key_id = $2',
    [tenantId, keyId],
  );
  return rowCount === 1;
}

export async function findApiKey(pool: Pool, keyId: string): Promise<StoredApiKey | undefined> {
  const { rows } = await pool.query<StoredApiKey>(
    `SELECT k.key_id, k.tenant_id, k.name, k.scopes, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
            k.key_sha256, t.is_operator
     FROM api_keys k JOIN tenants t USING (tenant_id) WHERE k.key_id = $1`,
    [keyId],
  );
  return rows[0];
}

export async function touchApiKeys(pool: Pool, keyIds: string[]): Promise<void> {
  await pool.query('UPDATE api_keys SET last_used_at = now() WHERE key_id = ANY($1)', [keyIds]);
}
