import type { Pool } from '../database/pool.ts';

const KNOWN = 'SELECT identity FROM event_identities WHERE tenant_id = $1 AND identity = ANY($2::uuid[])';

/** Which of the identities the tenant has events of; for a dry run, which asks and stores nothing. */
export async function knownIdentities(
  pool: Pool,
  tenantId: string,
  identities: readonly string[],
): Promise<Set<string>> {
  if (identities.length === 0) return new Set();
  const { rows } = await pool.query<{ identity: string }>({ name: 'known-identities', text: KNOWN }, [
    tenantId,
    identities,
  ]);
  return new Set(rows.map(({ identity }) => identity));
}
