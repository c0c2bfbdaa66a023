import { randomUUID } from 'node:crypto';
import { Type, type Static } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { nullable } from '../http/schema-parts.ts';
import type { Channel } from './channel.ts';
import { noteDelivered } from './channel-health.ts';
import type { Message } from './message.ts';
import type { NotificationCounters } from './metrics.ts';
import type { SecretKeeper } from './secrets.ts';
import { sendToChannel } from './send-to-channel.ts';
import type { Sender } from './sender.ts';

export const TestResultSchema = Type.Object({
  outcome: Type.Enum(['delivered', 'failed']),
  latency_ms: Type.Integer(),
  response_status: nullable(
    Type.Integer(),
    'Of HTTP, or the reply code of the mail server; null: there was no answer',
  ),
  error: nullable(Type.String()),
});

/** Tests a minute and tenant: a button, not a way to send. */
export const TESTS_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

export interface ChannelTesterOptions {
  pool: Pool;
  sender: Sender;
  keeper: SecretKeeper;
  counters: NotificationCounters;
}

/** Sends test messages, past the queue. */
export class ChannelTester {
  readonly #options: ChannelTesterOptions;
  readonly #tests = new Map<string, number[]>();

  constructor(options: ChannelTesterOptions) {
    this.#options = options;
  }

  /**
   * Sends a message that says that it is a test, now, also to a channel that is paused or switched off. A channel that took it is not
   * paused any more.
   * @throws Problem too-many-requests
   */
  async test(channel: Channel): Promise<Static<typeof TestResultSchema>> {
    this.#admit(channel.tenantId);
    const { pool, counters } = this.#options;
    const begunAt = performance.now();
    const outcome = await sendToChannel(this.#options, channel, testMessage(channel));
    const latencyMs = Math.round(performance.now() - begunAt);
    const isDelivered = outcome.kind === 'delivered';
    counters.countAttempt(channel.type, isDelivered ? 'test_delivered' : 'test_failed');
    if (isDelivered) await noteDelivered(pool, channel.channelId, null);
    return {
      outcome: isDelivered ? 'delivered' : 'failed',
      latency_ms: latencyMs,
      response_status: outcome.responseStatus,
      error: isDelivered ? (outcome.note ?? null) : outcome.error,
    };
  }

  #admit(tenantId: string): void {
    const now = performance.now();
    const recent = (this.#tests.get(tenantId) ?? []).filter((at) => now - at < MINUTE_MS);
    const [oldest = now] = recent;
    if (recent.length >= TESTS_PER_MINUTE)
      throw new Problem('too-many-requests', `At most ${TESTS_PER_MINUTE} test messages a minute are sent.`, {
        retryAfterSeconds: Math.ceil((MINUTE_MS - (now - oldest)) / 1000),
      });
    this.#tests.set(tenantId, [...recent, now]);
  }
}

function testMessage({ tenantId, channelId, name }: Channel): Message {
  const now = new Date();
  return {
    type: 'test',
    idempotencyKey: `pon_test_${randomUUID().replaceAll('-', '')}`,
    tenantId,
    channel: { channelId, name },
    createdAt: now,
    followsKey: null,
    changes: [
      {
        outboxId: 0,
        alertId: 0,
        kind: 'firing',
        alert: {
          alert_id: 0,
          rule_id: null,
          rule_name: 'Test message',
          description: 'Somebody tests this channel. Nothing is wrong; real alerts look like this.',
          message: null,
          alert_type: 'custom',
          severity: 'low',
          status: 'firing',
          metric: 'error_rate',
          value: 7.5,
          threshold: 5,
          operator: '>',
          window_minutes: 15,
          group: null,
          started_at: now.toISOString(),
          resolved_at: null,
          acknowledged: null,
          evidence_path: null,
          page_path: '/analytics',
          tenant_id: tenantId,
        },
      },
    ],
  };
}
