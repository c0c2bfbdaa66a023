import { setTimeout } from 'node:timers/promises';
import { isDatabaseAway, isUnknownTransaction } from '../database/errors.ts';
import type { Client, Pool } from '../database/pool.ts';
import { CollectorError } from '../http/errors.ts';

/**
 * Commits. A connection that breaks during COMMIT is resolved by asking the server, over another one, what became of the transaction.
 * @param transactionId undefined: nothing was written that matters
 * @param resolveMs how long that may take
 * @throws what broke the connection, when the transaction was rolled back; AmbiguousCommit when nobody can tell in time
 */
export async function commit(
  client: Client,
  pool: Pool,
  transactionId: string | undefined,
  resolveMs: number,
): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    const isResolved =
      isDatabaseAway(error) &&
      transactionId !== undefined &&
      (await wasCommitted(pool, transactionId, resolveMs, error));
    if (!isResolved) throw error;
  }
}

/** COMMIT was sent, the connection broke, and the server could not be asked in time. */
export class AmbiguousCommit extends CollectorError {
  override name = 'AmbiguousCommit';
}

/**
 * What became of a transaction whose COMMIT got no answer: asks until the server tells.
 * @throws AmbiguousCommit when it does not in time; the batch must not be tried again then
 */
async function wasCommitted(
  pool: Pool,
  transactionId: string,
  resolveMs: number,
  cause: unknown,
): Promise<boolean> {
  const deadline = performance.now() + resolveMs;
  while (performance.now() < deadline) {
    try {
      const { rows } = await pool.query<{ status: string | null }>(
        'SELECT pg_xact_status($1::xid8) AS status',
        [transactionId],
      );
      const status = rows[0]?.status ?? null;
      if (status === 'committed') return true;
      if (status === 'aborted') return false;
    } catch (error) {
      if (isUnknownTransaction(error)) return false; // a server that never saw it, after a failover
      if (!isDatabaseAway(error)) throw error;
    }
    await setTimeout(100);
  }
  throw new AmbiguousCommit('The database did not tell in time whether the events were committed.', {
    cause,
  });
}
