import { Counter, Gauge, Registry } from 'prom-client';
import type { Pool } from '../database/pool.ts';
import type { Principal } from '../tenants/authenticator.ts';
import { CHANNEL_TYPES, type ChannelType } from './channel.ts';
import type { UnroutedReason } from './router.ts';

const OUTCOMES = ['delivered', 'failed', 'dead', 'test_delivered', 'test_failed'] as const;
export type AttemptOutcome = (typeof OUTCOMES)[number];
const REASONS: UnroutedReason[] = ['no_channel', 'no_route', 'below_default_severity', 'channels_disabled'];

/** Counts of this process since its start. */
export class NotificationCounters {
  readonly #attempts: Counter<'type' | 'outcome'>;
  readonly #unrouted: Counter<'reason'>;

  constructor(registry: Registry) {
    this.#attempts = new Counter({
      name: 'promptops_notification_attempts_total',
      help: 'Tries to send a message by the type of channel and what became of it (failed: tried again later; dead: given up)',
      labelNames: ['type', 'outcome'],
      registers: [registry],
    });
    for (const type of CHANNEL_TYPES)
      for (const outcome of OUTCOMES) this.#attempts.inc({ type, outcome }, 0);
    this.#unrouted = new Counter({
      name: 'promptops_notification_unrouted_total',
      help: 'Changes of alerts that no channel was told, by the reason',
      labelNames: ['reason'],
      registers: [registry],
    });
    for (const reason of REASONS) this.#unrouted.inc({ reason }, 0);
  }

  countAttempt(type: ChannelType, outcome: AttemptOutcome): void {
    this.#attempts.inc({ type, outcome });
  }

  countUnrouted(unrouted: Partial<Record<UnroutedReason, number>>): void {
    for (const reason of REASONS) this.#unrouted.inc({ reason }, unrouted[reason] ?? 0);
  }
}

/**
 * What waits, as every replica would tell it: of the principal's tenant, or of all tenants for the operator. A channel's name is no label.
 */
export function notificationMetrics(pool: Pool): (principal: Principal) => Promise<string> {
  return async ({ tenantId, isOperator }) => {
    const { rows } = await pool.query<{ type: ChannelType; waiting: number; age_seconds: number }>(
      `SELECT c.type, count(*)::int AS waiting, extract(epoch FROM now() - min(d.created_at))::float8 AS age_seconds
       FROM notification_deliveries d JOIN notification_channels c USING (channel_id)
       WHERE d.status IN ('pending', 'sending', 'failed') AND ($1::text IS NULL OR d.tenant_id = $1)
       GROUP BY c.type`,
      [isOperator ? null : tenantId],
    );
    const { rows: outbox } = await pool.query<{ age_seconds: number }>(
      `SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS age_seconds
       FROM alert_outbox WHERE routed_at IS NULL AND ($1::text IS NULL OR tenant_id = $1)`,
      [isOperator ? null : tenantId],
    );
    const registry = new Registry();
    const waiting = new Gauge({
      name: 'promptops_notification_waiting',
      help: 'Messages that are not sent yet and not given up',
      labelNames: ['type'],
      registers: [registry],
    });
    const age = new Gauge({
      name: 'promptops_notification_waiting_age_seconds',
      help: 'Age of the oldest message that waits; 0 when none does',
      labelNames: ['type'],
      registers: [registry],
    });
    const unread = new Gauge({
      name: 'promptops_notification_outbox_age_seconds',
      help: 'Age of the oldest change of an alert that is not routed yet; 0 when there is none',
      registers: [registry],
    });
    unread.set(Math.max(0, outbox[0]?.age_seconds ?? 0));
    for (const type of CHANNEL_TYPES) {
      const row = rows.find((one) => one.type === type);
      waiting.set({ type }, row?.waiting ?? 0);
      age.set({ type }, Math.max(0, row?.age_seconds ?? 0));
    }
    return registry.metrics();
  };
}
