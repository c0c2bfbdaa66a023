import { Type, type Static } from 'typebox';
import type { Pool, Queryable } from '../database/pool.ts';
import { inTransaction } from '../database/pool.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { Problem } from '../http/errors.ts';
import { nullable } from '../http/schema-parts.ts';
import { NOTICE_KINDS } from '../alerts/notices.ts';
import { SEVERITIES } from '../alerts/rule.ts';
import { CHANNEL_TYPES } from './channel.ts';
import type { Attempt } from './delivery-claims.ts';
import { GIVE_UP_AFTER_HOURS } from './router.ts';

export const DELIVERY_STATUSES = ['pending', 'sending', 'delivered', 'failed', 'dead'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

const MaybeText = nullable(Type.String());
const MaybeInteger = nullable(Type.Integer());

export const DeliverySchema = Type.Object({
  delivery_id: Type.Integer(),
  channel: Type.Object({
    channel_id: Type.Integer(),
    name: Type.String(),
    type: Type.Enum(CHANNEL_TYPES),
  }),
  route_id: nullable(Type.Integer(), 'null: by the default, without routes'),
  status: Type.Enum(DELIVERY_STATUSES, {
    description:
      'pending: waits for its first try. failed: is tried again at next_attempt_at. dead: given up',
  }),
  idempotency_key: Type.String({
    description: 'The same at every try; receivers can tell a repetition by it',
  }),
  alerts: Type.Array(
    Type.Object({
      alert_id: Type.Integer(),
      event: Type.Enum(NOTICE_KINDS),
      rule_name: Type.String(),
      severity: Type.Enum(SEVERITIES),
      member: MaybeText,
    }),
    { description: 'What the message tells' },
  ),
  attempts: Type.Integer(),
  attempt_log: Type.Array(
    Type.Object({
      at: Type.String(),
      outcome: Type.Enum(['delivered', 'retry', 'dead']),
      response_status: MaybeInteger,
      latency_ms: Type.Integer(),
      error: MaybeText,
    }),
    { description: 'The last tries, the newest last' },
  ),
  response_status: nullable(Type.Integer(), 'Of the last try: of HTTP, or the reply code of the mail server'),
  last_error: MaybeText,
  created_at: Type.String(),
  last_attempt_at: MaybeText,
  next_attempt_at: MaybeText,
  delivered_at: MaybeText,
});
export type Delivery = Static<typeof DeliverySchema>;

interface DeliveryRow {
  delivery_id: number;
  channel_id: number;
  name: string;
  type: Delivery['channel']['type'];
  route_id: number | null;
  status: DeliveryStatus;
  idempotency_key: string;
  alerts: Delivery['alerts'] | null;
  attempts: number;
  attempt_log: Attempt[];
  response_status: number | null;
  last_error: string | null;
  created_at: Date;
  last_attempt_at: Date | null;
  next_attempt_at: Date | null;
  delivered_at: Date | null;
}

const SELECT = `SELECT d.*, c.name, c.type,
    (SELECT jsonb_agg(jsonb_build_object('alert_id', a.alert_id, 'event', a.kind, 'rule_name', a.payload->>'rule_name',
                                         'severity', a.payload->>'severity', 'member', a.payload->'group'->>'member') ORDER BY a.outbox_id)
     FROM notification_delivery_alerts a WHERE a.delivery_id = d.delivery_id) AS alerts
  FROM notification_deliveries d JOIN notification_channels c USING (channel_id)`;

export interface DeliveryQuestion {
  tenantId: string;
  limit: number;
  /** Only older ones than this. */
  beforeId: number | undefined;
  channelId: number | undefined;
  alertId: number | undefined;
  status: DeliveryStatus | undefined;
}

/** Deliveries, the newest first. */
export async function listDeliveries(client: Queryable, question: DeliveryQuestion): Promise<Delivery[]> {
  const { tenantId, limit, beforeId, channelId, alertId, status } = question;
  const { rows } = await client.query<DeliveryRow>(
    `${SELECT}
     WHERE d.tenant_id = $1 AND ($2::bigint IS NULL OR d.delivery_id < $2) AND ($3::bigint IS NULL OR d.channel_id = $3)
       AND ($4::text IS NULL OR d.status = $4)
       AND ($5::bigint IS NULL OR d.delivery_id IN (SELECT a.delivery_id FROM notification_delivery_alerts a
                                                    WHERE a.tenant_id = $1 AND a.alert_id = $5))
     ORDER BY d.delivery_id DESC LIMIT $6`,
    [tenantId, beforeId ?? null, channelId ?? null, status ?? null, alertId ?? null, limit],
  );
  return rows.map(describe);
}

/**
 * Sends a message that was given up, or waits for its next try, at once; for another day, and whatever its channel's pause.
 * @throws Problem not-found, conflict when it was delivered, is under way, or its channel is switched off
 */
export async function retryDelivery(pool: Pool, tenantId: string, deliveryId: number): Promise<Delivery> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ status: DeliveryStatus; channel_id: number; enabled: boolean }>(
      `SELECT d.status, d.channel_id, c.enabled FROM notification_deliveries d JOIN notification_channels c USING (channel_id)
       WHERE d.tenant_id = $1 AND d.delivery_id = $2 FOR UPDATE OF d`,
      [tenantId, deliveryId],
    );
    const [found] = rows;
    if (!found)
      throw new Problem('not-found', `There is no notification delivery ${deliveryId} in this tenant.`);
    if (found.status === 'delivered' || found.status === 'sending')
      throw new Problem(
        'conflict',
        found.status === 'delivered' ? 'The message was delivered.' : 'The message is being sent.',
      );
    if (!found.enabled) throw new Problem('conflict', 'The channel is switched off; switch it on first.');
    await client.query(
      `UPDATE notification_deliveries SET status = 'failed', next_attempt_at = clock_timestamp(),
         give_up_at = clock_timestamp() + interval '${GIVE_UP_AFTER_HOURS} hours'
       WHERE delivery_id = $1`,
      [deliveryId],
    );
    await client.query('UPDATE notification_channel_health SET paused_until = NULL WHERE channel_id = $1', [
      found.channel_id,
    ]);
    const { rows: changed } = await client.query<DeliveryRow>(
      `${SELECT} WHERE d.tenant_id = $1 AND d.delivery_id = $2`,
      [tenantId, deliveryId],
    );
    return describe(changed[0] as DeliveryRow);
  });
}

function describe(row: DeliveryRow): Delivery {
  return {
    delivery_id: row.delivery_id,
    channel: { channel_id: row.channel_id, name: row.name, type: row.type },
    route_id: row.route_id,
    status: row.status,
    idempotency_key: row.idempotency_key,
    alerts: row.alerts ?? [],
    attempts: row.attempts,
    attempt_log: row.attempt_log,
    response_status: row.response_status,
    last_error: row.last_error,
    created_at: row.created_at.toISOString(),
    last_attempt_at: row.last_attempt_at?.toISOString() ?? null,
    next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
    delivered_at: row.delivered_at?.toISOString() ?? null,
  };
}

/** The cursor of the page after a delivery. */
export function cursorAfter(deliveryId: number): string {
  return encodeCursor([deliveryId]);
}

/** @throws Problem invalid-request for a text that no page has given */
export function readDeliveryCursor(cursor: string): number {
  const [id, ...more] = decodeCursor(cursor) ?? [];
  if (!(typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 && more.length === 0))
    throw new Problem('invalid-request', 'cursor: give next_cursor of the page before.');
  return id;
}
