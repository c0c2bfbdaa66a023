import { isUniqueViolation } from '../database/errors.ts';
import type { Client } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { invalidField } from '../http/invalid-field.ts';

/**
 * A name as it is kept.
 * @throws Problem invalid-request when it is empty or holds a control character
 */
export function readName(text: string): string {
  const name = text.trim();
  if (name === '') throw invalidField('name', 'is empty.');
  if (/\p{Cc}/u.test(name)) throw invalidField('name', 'holds a control character.');
  return name;
}

/** Tables of what a tenant makes and names. */
type NamedTable = 'alert_rules' | 'budgets' | 'notification_channels' | 'notification_routes';

/**
 * Locks a tenant's list until the transaction ends, so that the count stays true under several creators.
 * @param things as messages call them, e.g. `alert rules`
 * @throws Problem conflict when it has as many as it may
 */
export async function requireRoom(
  client: Client,
  tenantId: string,
  { table, things, most }: { table: NamedTable; things: string; most: number },
): Promise<void> {
  await client.query('SELECT FROM tenants WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${table} WHERE tenant_id = $1`,
    [tenantId],
  );
  if ((rows[0]?.count ?? 0) >= most)
    throw new Problem('conflict', `A tenant has at most ${most} ${things}; delete one first.`);
}

/**
 * Writes a row whose name is unique in its tenant.
 * @param thing as the message calls it, e.g. `an alert rule`
 * @throws Problem conflict when the name is taken
 */
export async function uniquelyNamed<Result>(
  thing: string,
  name: string,
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (isUniqueViolation(error))
      throw new Problem('conflict', `name: there is ${thing} ${JSON.stringify(name)} already.`, {
        cause: error,
      });
    throw error;
  }
}
