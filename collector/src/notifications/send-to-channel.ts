import type { Pool } from '../database/pool.ts';
import { readDestination } from './channel-store.ts';
import type { Message } from './message.ts';
import type { Outcome } from './outcome.ts';
import { UnreadableSecrets, type SecretKeeper } from './secrets.ts';
import type { Sender } from './sender.ts';

/** Sends a message to where a channel leads. */
export async function sendToChannel(
  { pool, keeper, sender }: { pool: Pool; keeper: SecretKeeper; sender: Sender },
  channel: Parameters<typeof readDestination>[2],
  message: Message,
): Promise<Outcome> {
  try {
    return await sender.send(await readDestination(pool, keeper, channel), message);
  } catch (error) {
    if (!(error instanceof UnreadableSecrets)) throw error;
    // For the operator to mend; until then it waits.
    return { kind: 'retry', error: error.message, responseStatus: null };
  }
}
