import { inTransaction, type Pool } from '../database/pool.ts';
import type { NoticeKind } from '../alerts/notices.ts';
import { latestChanges, type Alert } from './alert-change.ts';
import type { Channel, ChannelType } from './channel.ts';
import { noteDelivered } from './channel-health.ts';
import type { Message } from './message.ts';
import type { Outcome } from './outcome.ts';
import { pauseMs, retryDelayMs } from './retry-schedule.ts';

/** A claim that is not settled within it is another replica's to take over. Longer than any try takes. */
export const LEASE_MS = 60_000;
/** Tries that the log keeps. */
const MAX_LOGGED_ATTEMPTS = 20;

/** A try as the log has it. */
export interface Attempt {
  at: string;
  outcome: 'delivered' | 'retry' | 'dead';
  response_status: number | null;
  latency_ms: number;
  error: string | null;
}

/** A message that this replica, and no other, is to send now. */
export interface Claim {
  deliveryId: number;
  workerId: string;
  attempts: number;
  attemptLog: Attempt[];
  channel: Pick<Channel, 'channelId' | 'tenantId' | 'name' | 'type' | 'settings'>;
  message: Message;
}

interface ClaimedRow {
  delivery_id: number;
  tenant_id: string;
  channel_id: number;
  attempts: number;
  attempt_log: Attempt[];
  idempotency_key: string;
  created_at: Date;
  name: string;
  type: ChannelType;
  settings: Channel['settings'];
  follows_key: string | null;
  changes: { outbox_id: number; alert_id: number; kind: NoticeKind; payload: Alert }[];
}

/** What may be sent now: due, or left behind by a replica that died. */
const IS_DUE = (
  d: string,
): string => `(${d}.status IN ('pending', 'failed') AND ${d}.next_attempt_at <= moment.now
    OR ${d}.status = 'sending' AND ${d}.lease_until <= moment.now)`;

/**
 * Claims messages, at most one of each channel: a slow receiver has one connection, and what comes later stays behind. A message waits
 * for the earlier ones about the same alert, so that an end is never told before the beginning.
 * @param now the database's clock unless a test says otherwise
 */
export async function claimDeliveries(
  pool: Pool,
  workerId: string,
  limit: number,
  now: Date | null = null,
): Promise<Claim[]> {
  const { rows } = await pool.query<ClaimedRow>(
    `WITH moment AS (SELECT coalesce($3::timestamptz, clock_timestamp()) AS now),
     candidates AS (
       SELECT d.delivery_id, d.next_attempt_at,
              row_number() OVER (PARTITION BY d.channel_id ORDER BY d.delivery_id) AS turn
       FROM notification_deliveries d
       CROSS JOIN moment
       JOIN notification_channels c USING (channel_id)
       LEFT JOIN notification_channel_health h USING (channel_id)
       WHERE ${IS_DUE('d')} AND c.enabled AND (h.paused_until IS NULL OR h.paused_until <= moment.now)
         AND NOT EXISTS (SELECT FROM notification_deliveries s
                         WHERE s.channel_id = d.channel_id AND s.status = 'sending' AND s.lease_until > moment.now)
         AND NOT EXISTS (SELECT FROM notification_delivery_alerts own
                         JOIN notification_delivery_alerts before USING (tenant_id, alert_id, channel_id)
                         JOIN notification_deliveries e ON e.delivery_id = before.delivery_id
                         WHERE own.delivery_id = d.delivery_id AND before.delivery_id < d.delivery_id
                           AND e.status IN ('pending', 'sending', 'failed'))
     ),
     claimed AS (
       -- The conditions again: a row that another replica has claimed since is looked at anew when it is locked.
       SELECT d.delivery_id FROM notification_deliveries d CROSS JOIN moment
       WHERE d.delivery_id IN (SELECT delivery_id FROM candidates WHERE turn = 1 ORDER BY next_attempt_at LIMIT $2) AND ${IS_DUE('d')}
       FOR UPDATE OF d SKIP LOCKED
     )
     UPDATE notification_deliveries d
     SET status = 'sending', claimed_by = $1, attempts = d.attempts + 1, last_attempt_at = moment.now, next_attempt_at = NULL,
         lease_until = moment.now + ${LEASE_MS} * interval '1 ms'
     FROM claimed, moment, notification_channels c
     WHERE d.delivery_id = claimed.delivery_id AND c.channel_id = d.channel_id
     RETURNING d.delivery_id, d.tenant_id, d.channel_id, d.attempts, d.attempt_log, d.idempotency_key, d.created_at, c.name, c.type, c.settings,
       (SELECT first.idempotency_key FROM notification_delivery_alerts own
        JOIN notification_delivery_alerts before USING (tenant_id, alert_id, channel_id)
        JOIN notification_deliveries first ON first.delivery_id = before.delivery_id
        WHERE own.delivery_id = d.delivery_id AND before.delivery_id < d.delivery_id
        ORDER BY first.delivery_id LIMIT 1) AS follows_key,
       (SELECT jsonb_agg(jsonb_build_object('outbox_id', a.outbox_id, 'alert_id', a.alert_id, 'kind', a.kind, 'payload', a.payload))
        FROM notification_delivery_alerts a WHERE a.delivery_id = d.delivery_id) AS changes`,
    [workerId, limit, now],
  );
  return rows.map((row) => ({
    deliveryId: row.delivery_id,
    workerId,
    attempts: row.attempts,
    attemptLog: row.attempt_log,
    channel: {
      channelId: row.channel_id,
      tenantId: row.tenant_id,
      name: row.name,
      type: row.type,
      settings: row.settings,
    },
    message: {
      type: 'alerts',
      idempotencyKey: row.idempotency_key,
      tenantId: row.tenant_id,
      channel: { channelId: row.channel_id, name: row.name },
      createdAt: row.created_at,
      followsKey: row.follows_key,
      changes: latestChanges(
        row.changes.map(({ outbox_id, alert_id, kind, payload }) => ({
          outboxId: outbox_id,
          alertId: alert_id,
          kind,
          alert: payload,
        })),
      ),
    },
  }));
}

/**
 * Writes what became of a try, and how the channel does.
 * @returns how the message stands now; undefined when the claim was taken over meanwhile: then the other replica's word counts
 */
export async function settleDelivery(
  pool: Pool,
  claim: Claim,
  outcome: Outcome,
  latencyMs: number,
  now: Date | null = null,
): Promise<'delivered' | 'failed' | 'dead' | undefined> {
  const error = outcome.kind === 'delivered' ? (outcome.note ?? null) : outcome.error;
  const attempt = {
    outcome: outcome.kind,
    response_status: outcome.responseStatus,
    latency_ms: Math.round(latencyMs),
    error,
  };
  const retryAfterMs = outcome.kind === 'retry' ? outcome.retryAfterMs : undefined;
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ status: 'delivered' | 'failed' | 'dead'; now: Date }>(
      `WITH moment AS (SELECT coalesce($10::timestamptz, clock_timestamp()) AS now),
       plan AS (SELECT moment.now, moment.now + $4::float8 * interval '1 ms' AS again FROM moment)
       UPDATE notification_deliveries d
       SET status = CASE WHEN $5 = 'delivered' THEN 'delivered' WHEN $5 = 'dead' OR plan.again > d.give_up_at THEN 'dead' ELSE 'failed' END,
           next_attempt_at = CASE WHEN $5 = 'retry' AND plan.again <= d.give_up_at THEN plan.again END,
           delivered_at = CASE WHEN $5 = 'delivered' THEN plan.now END,
           last_error = $6, response_status = $7, claimed_by = NULL, lease_until = NULL,
           attempt_log = $8::jsonb
             || (jsonb_build_object('at', to_char(plan.now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) || $9::jsonb)
       FROM plan
       WHERE d.delivery_id = $1 AND d.claimed_by = $2 AND d.attempts = $3 AND d.status = 'sending'
       RETURNING d.status, plan.now`,
      [
        claim.deliveryId,
        claim.workerId,
        claim.attempts,
        retryDelayMs(claim.attempts, retryAfterMs),
        outcome.kind,
        error,
        outcome.responseStatus,
        JSON.stringify(claim.attemptLog.slice(1 - MAX_LOGGED_ATTEMPTS)),
        JSON.stringify(attempt),
        now,
      ],
    );
    const [settled] = rows;
    if (settled === undefined) return undefined;
    const { tenantId, channelId } = claim.channel;
    if (outcome.kind === 'delivered') {
      await noteDelivered(client, channelId, settled.now);
      return settled.status;
    }
    const { rows: health } = await client.query<{ consecutive_failures: number }>(
      `INSERT INTO notification_channel_health (channel_id, tenant_id, consecutive_failures, last_failed_at, last_error)
       VALUES ($1, $2, 1, $3, $4)
       ON CONFLICT (channel_id) DO UPDATE
         SET consecutive_failures = notification_channel_health.consecutive_failures + 1, last_failed_at = $3, last_error = $4
       RETURNING consecutive_failures`,
      [channelId, tenantId, settled.now, error],
    );
    // A refusal for good is about the message: the receiver is there, and the next message may please it.
    const pause = outcome.kind === 'retry' ? pauseMs(health[0]?.consecutive_failures ?? 1, retryAfterMs) : 0;
    if (pause > 0) {
      await client.query('UPDATE notification_channel_health SET paused_until = $2 WHERE channel_id = $1', [
        channelId,
        new Date(settled.now.getTime() + pause),
      ]);
    }
    return settled.status;
  });
}

/** Gives up what has waited too long, such as behind a receiver that has been away for a day. @returns how many */
export async function giveUpOld(pool: Pool, now: Date | null = null): Promise<number> {
  const { rowCount } = await pool.query(
    `UPDATE notification_deliveries SET status = 'dead', next_attempt_at = NULL,
       last_error = coalesce(last_error || ' ', '') || 'It could not be sent in time.'
     WHERE status IN ('pending', 'failed') AND give_up_at <= coalesce($1::timestamptz, clock_timestamp())`,
    [now],
  );
  return rowCount ?? 0;
}

/** Deletes what was settled, or noted, longer ago than so many days; at most a few thousand at once. */
export async function forgetOld(pool: Pool, days: number, now: Date | null = null): Promise<void> {
  await pool.query(
    `DELETE FROM notification_deliveries WHERE delivery_id IN (
       SELECT delivery_id FROM notification_deliveries
       WHERE created_at < coalesce($2::timestamptz, now()) - $1::int * interval '1 day' AND status IN ('delivered', 'dead') LIMIT 5000)`,
    [days, now],
  );
  await pool.query(
    `DELETE FROM notification_unrouted WHERE outbox_id IN (
       SELECT outbox_id FROM notification_unrouted WHERE noted_at < coalesce($2::timestamptz, now()) - $1::int * interval '1 day' LIMIT 5000)`,
    [days, now],
  );
}
