import { Registry } from 'prom-client';
import { createPool, type Pool } from '../database/pool.ts';
import { setUp } from '../tenants/setup.ts';
import { createTenant } from '../tenants/tenant-store.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import type { NoticeKind } from '../alerts/notices.ts';
import type { Alert } from './alert-change.ts';
import { createChannel } from './channel-store.ts';
import { listDeliveries, type Delivery } from './delivery-log.ts';
import { NotificationCounters } from './metrics.ts';
import { NetworkGuard } from './network-guard.ts';
import { readRoute, type RouteBody } from './route.ts';
import { createRoute } from './route-store.ts';
import { SecretKeeper } from './secrets.ts';
import { Sender } from './sender.ts';
import { testAlert } from './testing.ts';
import { NotificationWorker } from './worker.ts';
import type { Static } from 'typebox';

/** A moment that tests move on by hand. */
export const T0 = Date.parse('2026-03-10T12:00:00Z');

/** A database with tenants, and workers on it that live in a time of their own. */
export class NotificationBench {
  readonly pool: Pool;
  readonly keeper = new SecretKeeper('k'.repeat(32));
  readonly sender = new Sender({
    guard: new NetworkGuard({ allowed: ['127.0.0.1'] }),
    publicUrl: 'https://llm.example.com',
    timeoutMs: 2_000,
  });
  readonly logged: unknown[] = [];
  readonly registry = new Registry();
  readonly #counters = new NotificationCounters(this.registry);
  readonly #drop: () => Promise<void>;
  nowMs = T0;
  #count = 0;

  static async start(): Promise<NotificationBench> {
    const database = await createTestDatabase();
    const pool = createPool({ connectionString: database.connectionString, max: 8, applicationName: 'test' });
    await setUp(pool, undefined);
    return new NotificationBench(pool, () => database.drop());
  }

  constructor(pool: Pool, drop: () => Promise<void>) {
    this.pool = pool;
    this.#drop = drop;
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.#drop();
  }

  /** A tenant of its own, so that tests do not see each other's. */
  async tenant(): Promise<string> {
    const tenantId = `tenant-${(this.#count += 1)}`;
    await createTenant(this.pool, { tenant_id: tenantId, name: tenantId });
    return tenantId;
  }

  now(): Date {
    return new Date(this.nowMs);
  }

  /** As another replica. */
  worker(sender = this.sender): NotificationWorker {
    const note = (details: object, message: string): void => void this.logged.push({ ...details, message });
    return new NotificationWorker({
      pool: this.pool,
      sender,
      keeper: this.keeper,
      counters: this.#counters,
      log: { info: note, warn: note, error: note },
      clock: () => this.now(),
    });
  }

  async webhook(tenantId: string, url: string, { enabled = true } = {}): Promise<number> {
    const name = `hook ${(this.#count += 1)}`;
    const channel = await createChannel(
      this.pool,
      this.keeper,
      tenantId,
      {
        name,
        type: 'webhook',
        enabled,
        settings: { address_origin: new URL(url).origin },
        secrets: { url, signing_secret: 'sixteen-characters-or-more' },
      },
      'test',
    );
    return channel.channelId;
  }

  async route(tenantId: string, body: Omit<Static<typeof RouteBody>, 'name'>): Promise<number> {
    const name = `route ${(this.#count += 1)}`;
    const route = await createRoute(
      this.pool,
      tenantId,
      (from) => readRoute({ name, ...body }, from),
      'test',
    );
    return route.routeId;
  }

  /** What the evaluator writes. */
  async change(tenantId: string, fields: Partial<Alert> = {}, kind: NoticeKind = 'firing'): Promise<void> {
    const alert = testAlert({ ...fields, tenant_id: tenantId });
    await this.pool.query(
      'INSERT INTO alert_outbox (tenant_id, alert_id, kind, dedupe_key, payload) VALUES ($1, $2, $3, $4, $5)',
      [tenantId, alert.alert_id, kind, `${tenantId}/${(this.#count += 1)}`, JSON.stringify(alert)],
    );
  }

  /** The oldest first. */
  async deliveries(tenantId: string): Promise<Delivery[]> {
    const all = {
      limit: 1_000,
      beforeId: undefined,
      channelId: undefined,
      alertId: undefined,
      status: undefined,
    };
    return (await listDeliveries(this.pool, { tenantId, ...all })).reverse();
  }
}
