import type { Queryable } from '../database/pool.ts';

/** A channel took a message: it is not paused any more. One that is gone meanwhile is left alone. @param at null: now */
export async function noteDelivered(client: Queryable, channelId: number, at: Date | null): Promise<void> {
  await client.query(
    `INSERT INTO notification_channel_health (channel_id, tenant_id, last_delivered_at)
     SELECT channel_id, tenant_id, coalesce($2::timestamptz, now()) FROM notification_channels WHERE channel_id = $1
     ON CONFLICT (channel_id) DO UPDATE SET consecutive_failures = 0, paused_until = NULL, last_delivered_at = excluded.last_delivered_at`,
    [channelId, at],
  );
}
