import { inTransaction, type Client, type Pool, type Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { requireRoom, uniquelyNamed } from '../tenants/named-list.ts';
import type { Channel, ChannelHealth, ChannelType, Destination, EmailSettings } from './channel.ts';
import type { ChannelDraft } from './channel-draft.ts';
import type { SecretKeeper } from './secrets.ts';

/** More places than a tenant's people look at. */
const MAX_CHANNELS = 100;

interface ChannelRow {
  channel_id: number;
  tenant_id: string;
  name: string;
  type: ChannelType;
  settings: Channel['settings'];
  enabled: boolean;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
  consecutive_failures: number | null;
  paused_until: Date | null;
  last_delivered_at: Date | null;
  last_failed_at: Date | null;
  last_error: string | null;
}

const SELECT = `SELECT c.channel_id, c.tenant_id, c.name, c.type, c.settings, c.enabled, c.created_at, c.created_by, c.updated_at, c.updated_by,
    h.consecutive_failures, h.paused_until, h.last_delivered_at, h.last_failed_at, h.last_error
  FROM notification_channels c LEFT JOIN notification_channel_health h USING (channel_id)`;

function channelFromRow(row: ChannelRow): Channel {
  return {
    channelId: row.channel_id,
    tenantId: row.tenant_id,
    name: row.name,
    type: row.type,
    settings: row.settings,
    enabled: row.enabled,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
    health: healthFromRow(row),
  };
}

function healthFromRow(row: ChannelRow): ChannelHealth {
  return {
    consecutiveFailures: row.consecutive_failures ?? 0,
    pausedUntil: row.paused_until,
    lastDeliveredAt: row.last_delivered_at,
    lastFailedAt: row.last_failed_at,
    lastError: row.last_error,
  };
}

/** A tenant's channels by name. */
export async function listChannels(client: Queryable, tenantId: string): Promise<Channel[]> {
  const { rows } = await client.query<ChannelRow>(
    `${SELECT} WHERE c.tenant_id = $1 ORDER BY c.name, c.channel_id`,
    [tenantId],
  );
  return rows.map(channelFromRow);
}

/** @throws Problem not-found when the tenant has no such channel */
export async function findChannel(client: Queryable, tenantId: string, channelId: number): Promise<Channel> {
  const { rows } = await client.query<ChannelRow>(`${SELECT} WHERE c.tenant_id = $1 AND c.channel_id = $2`, [
    tenantId,
    channelId,
  ]);
  if (!rows[0]) throw unknownChannel(channelId);
  return channelFromRow(rows[0]);
}

/**
 * Where a channel's messages go, secrets and all: for sending alone.
 * @throws UnreadableSecrets
 */
export async function readDestination(
  client: Queryable,
  keeper: SecretKeeper,
  channel: Pick<Channel, 'tenantId' | 'channelId' | 'type' | 'settings'>,
): Promise<Destination> {
  if (channel.type === 'email') return { type: 'email', to: (channel.settings as EmailSettings).to };
  const { rows } = await client.query<{ is_encrypted: boolean; secrets: Buffer }>(
    'SELECT is_encrypted, secrets FROM notification_channel_secrets WHERE tenant_id = $1 AND channel_id = $2',
    [channel.tenantId, channel.channelId],
  );
  const [row] = rows;
  if (!row) throw new Error('A channel has no secrets.');
  const secrets = keeper.open(channel, { isEncrypted: row.is_encrypted, bytes: row.secrets });
  return { type: channel.type, ...(secrets as object) } as Destination;
}

/** @throws Problem conflict when the name is taken or there are MAX_CHANNELS */
export async function createChannel(
  pool: Pool,
  keeper: SecretKeeper,
  tenantId: string,
  draft: ChannelDraft,
  by: string,
): Promise<Channel> {
  return inTransaction(pool, async (client) => {
    await requireRoom(client, tenantId, {
      table: 'notification_channels',
      things: 'channels',
      most: MAX_CHANNELS,
    });
    const { rows } = await uniquelyNamed('a channel', draft.name, () =>
      client.query<{ channel_id: number }>(
        `INSERT INTO notification_channels (tenant_id, name, type, settings, enabled, created_by, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING channel_id`,
        [tenantId, draft.name, draft.type, JSON.stringify(draft.settings), draft.enabled, by],
      ),
    );
    const channelId = rows[0]?.channel_id ?? 0;
    await writeSecrets(client, keeper, { tenantId, channelId }, draft.secrets);
    return findChannel(client, tenantId, channelId);
  });
}

/**
 * Replaces what a draft decides; secrets only where it has some. A channel that is switched off lets go of what waits for it.
 * @throws Problem not-found, conflict when the name is taken
 */
export async function updateChannel(
  pool: Pool,
  keeper: SecretKeeper,
  channel: Channel,
  draft: ChannelDraft,
  by: string,
): Promise<Channel> {
  const { tenantId, channelId } = channel;
  return inTransaction(pool, async (client) => {
    const { rowCount } = await uniquelyNamed('a channel', draft.name, () =>
      client.query(
        `UPDATE notification_channels SET name = $3, settings = $4, enabled = $5, updated_at = now(), updated_by = $6
         WHERE tenant_id = $1 AND channel_id = $2`,
        [tenantId, channelId, draft.name, JSON.stringify(draft.settings), draft.enabled, by],
      ),
    );
    if (rowCount !== 1) throw unknownChannel(channelId);
    if (draft.secrets !== undefined || draft.type === 'email') {
      await writeSecrets(client, keeper, channel, draft.secrets);
      // Another address is another receiver: it need not wait for the old one to recover.
      await client.query(
        'UPDATE notification_channel_health SET consecutive_failures = 0, paused_until = NULL WHERE channel_id = $1',
        [channelId],
      );
    }
    if (!draft.enabled) {
      await client.query(
        `UPDATE notification_deliveries SET status = 'dead', next_attempt_at = NULL, last_error = 'The channel was switched off.'
         WHERE tenant_id = $1 AND channel_id = $2 AND status IN ('pending', 'failed')`,
        [tenantId, channelId],
      );
    }
    return findChannel(client, tenantId, channelId);
  });
}

/** With what was sent there. @throws Problem not-found, conflict while a route sends there */
export async function deleteChannel(pool: Pool, tenantId: string, channelId: number): Promise<void> {
  await inTransaction(pool, async (client) => {
    // Locked, so that no route takes the channel in between.
    const { rowCount } = await client.query(
      'SELECT FROM notification_channels WHERE tenant_id = $1 AND channel_id = $2 FOR UPDATE',
      [tenantId, channelId],
    );
    if (rowCount !== 1) throw unknownChannel(channelId);
    const { rows } = await client.query<{ name: string }>(
      `SELECT r.name FROM notification_route_channels rc JOIN notification_routes r USING (tenant_id, route_id)
       WHERE rc.tenant_id = $1 AND rc.channel_id = $2 ORDER BY r.position, r.route_id`,
      [tenantId, channelId],
    );
    if (rows.length > 0) {
      const names = rows.map(({ name }) => JSON.stringify(name)).join(', ');
      throw new Problem('conflict', `The channel is used by the routes ${names}; take it out of them first.`);
    }
    await client.query('DELETE FROM notification_channels WHERE tenant_id = $1 AND channel_id = $2', [
      tenantId,
      channelId,
    ]);
  });
}

async function writeSecrets(
  client: Client,
  keeper: SecretKeeper,
  { tenantId, channelId }: { tenantId: string; channelId: number },
  secrets: object | undefined,
): Promise<void> {
  if (secrets === undefined) return;
  const { isEncrypted, bytes } = keeper.seal({ tenantId, channelId }, secrets);
  await client.query(
    `INSERT INTO notification_channel_secrets (channel_id, tenant_id, is_encrypted, secrets) VALUES ($1, $2, $3, $4)
     ON CONFLICT (channel_id) DO UPDATE SET is_encrypted = EXCLUDED.is_encrypted, secrets = EXCLUDED.secrets`,
    [channelId, tenantId, isEncrypted, bytes],
  );
}

function unknownChannel(channelId: number): Problem {
  return new Problem('not-found', `There is no notification channel ${channelId} in this tenant.`);
}
