import { seedDefaultAlertRules } from '../alerts/default-rules.ts';
import { detectEngine, type Engine } from '../database/engine.ts';
import { migrate, readMigrations } from '../database/migrations.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { importPriceList } from '../pricing/list-import.ts';
import { seedDefaultRetentionPolicies } from '../retention/default-policies.ts';
import { keyIdOf, matchesHash } from './api-key.ts';
import { createApiKey, createTenant, findApiKey } from './tenant-store.ts';

export const FIRST_TENANT = 'default';

export interface SetupResult {
  engine: Engine;
  /** Numbers of the migrations that this run applied. */
  applied: number[];
  tenantId: string;
  /** The text of a key that was generated now; undefined when one was there already or was given. */
  generatedApiKey: string | undefined;
}

/** The schema alone, brought up to date: no tenants, keys or policies. */
export async function setUpSchema(pool: Pool): Promise<Pick<SetupResult, 'engine' | 'applied'>> {
  const engine = await detectEngine(pool);
  return { engine, applied: await migrate(pool, await readMigrations(engine.kind)) };
}

/**
 * Schema, retention policies, first tenant, its API key and its alert rules. Can be run at any time and by any number of
 * processes at once: what is there stays.
 */
export async function setUp(pool: Pool, bootstrapApiKey: string | undefined): Promise<SetupResult> {
  const { engine, applied } = await setUpSchema(pool);
  await seedDefaultRetentionPolicies(pool);
  await importPriceList(pool, { importedBy: 'setup' });
  const tenantId = await firstTenant(pool);
  await seedDefaultAlertRules(pool);
  if (bootstrapApiKey !== undefined) await ensureBootstrapKey(pool, tenantId, bootstrapApiKey);
  return { engine, applied, tenantId, generatedApiKey: await generateFirstKey(pool, tenantId) };
}

async function firstTenant(pool: Pool): Promise<string> {
  const find = async (): Promise<string | undefined> =>
    (await pool.query<{ tenant_id: string }>('SELECT tenant_id FROM tenants WHERE is_operator')).rows[0]
      ?.tenant_id;
  const existing = await find();
  if (existing !== undefined) return existing;
  try {
    await createTenant(pool, { tenant_id: FIRST_TENANT, name: 'First tenant', is_operator: true });
    return FIRST_TENANT;
  } catch (error) {
    const made = await find(); // by another process at the same moment
    if (made === undefined) throw error;
    return made;
  }
}

/** A key for the first tenant when it has none at all; one process makes it, however many start at once. */
async function generateFirstKey(pool: Pool, tenantId: string): Promise<string | undefined> {
  return inTransaction(pool, async (client) => {
    await client.query('SELECT FROM tenants WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
    const { rowCount } = await client.query('SELECT FROM api_keys WHERE tenant_id = $1 LIMIT 1', [tenantId]);
    if (rowCount) return undefined;
    const { api_key } = await createApiKey(client, {
      tenant_id: tenantId,
      name: 'First admin key',
      scopes: ['admin'],
    });
    return api_key;
  });
}

async function ensureBootstrapKey(pool: Pool, tenantId: string, key: string): Promise<void> {
  const stored = await findApiKey(pool, keyIdOf(key));
  if (stored && matchesHash(key, stored.key_sha256)) return; // revoked or not: a revoked key does not come back by a restart
  try {
    await createApiKey(pool, { tenant_id: tenantId, name: 'BOOTSTRAP_API_KEY', scopes: ['admin'], key });
  } catch (error) {
    const now = await findApiKey(pool, keyIdOf(key));
    if (!now || !matchesHash(key, now.key_sha256)) throw error;
  }
}
