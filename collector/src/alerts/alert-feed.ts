import type { Client, Pool } from '../database/pool.ts';
import { ALERT_COLUMNS, tellAlert, type AlertRow, type ToldAlert } from './alert.ts';

/** Changes of one moment come together. */
const GATHER_MS = 100;
/** Where notifications do not get through (a pooler in between, a connection that breaks), changes are seen by looking. */
const LOOK_EVERY_MS = 5_000;
/** Changes get their numbers before they are committed, so a greater one may be seen first: these many before the last are looked at again. */
const LOOK_BACK = 1_000;
const MAX_CHANGES = 500;
const CHANNEL = 'promptops_alerts';

export type FeedEvent =
  { type: 'alert'; alert: ToldAlert } | { type: 'gone'; alert_id: number } | { type: 'reload' };
type Listener = (event: FeedEvent) => void;

interface Followed {
  listeners: Set<Listener>;
  /** The greatest change that was seen. */
  last: number;
  /** Of alerts that were told, by id, their last change; pending ones may go without a trace. */
  seen: Map<number, { change: number; isPending: boolean }>;
  dirty: boolean;
}

/**
 * What changes about tenants' alerts, for those who follow: of any replica, through the database. Connects while somebody follows, and not before.
 */
export class AlertFeed {
  readonly #pool: Pool;
  readonly #log: { warn: (details: object, message: string) => void };
  readonly #tenants = new Map<string, Followed>();
  #client: Client | undefined;
  #connecting = false;
  #gathering: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(pool: Pool, log: { warn: (details: object, message: string) => void }) {
    this.#pool = pool;
    this.#log = log;
  }

  /** Calls back with every change from now on, until the function that is returned is called. */
  async follow(tenantId: string, listener: Listener): Promise<() => void> {
    let tenant = this.#tenants.get(tenantId);
    if (!tenant) {
      tenant = { listeners: new Set(), last: 0, seen: new Map(), dirty: false };
      this.#tenants.set(tenantId, tenant);
    }
    tenant.listeners.add(listener);
    if (tenant.last === 0) {
      const { rows } = await this.#pool.query<{ alert_id: number; change_id: number; is_pending: boolean }>(
        `SELECT alert_id, change_id, status = 'pending' AS is_pending FROM alerts WHERE tenant_id = $1 ORDER BY change_id DESC LIMIT ${LOOK_BACK}`,
        [tenantId],
      );
      tenant.last = Math.max(tenant.last, rows[0]?.change_id ?? 0);
      for (const { alert_id, change_id, is_pending } of rows)
        if (!tenant.seen.has(alert_id))
          tenant.seen.set(alert_id, { change: change_id, isPending: is_pending });
    }
    this.#looking ??= setInterval(() => this.#look([...this.#tenants.keys()]), LOOK_EVERY_MS).unref();
    void this.#connect();
    return () => {
      tenant.listeners.delete(listener);
      if (tenant.listeners.size === 0 && this.#tenants.get(tenantId) === tenant)
        this.#tenants.delete(tenantId);
      if (this.#tenants.size === 0) this.#rest();
    };
  }

  async stop(): Promise<void> {
    this.#tenants.clear();
    this.#rest();
    await this.#running;
  }

  #rest(): void {
    clearInterval(this.#looking);
    clearTimeout(this.#gathering);
    this.#looking = undefined;
    this.#gathering = undefined;
    this.#client?.release(true);
    this.#client = undefined;
  }

  async #connect(): Promise<void> {
    if (this.#client || this.#connecting) return;
    this.#connecting = true;
    try {
      const client = await this.#pool.connect();
      // It does not say whose alert changed (sql/shared/0015_alerts.sql).
      client.on('notification', () => this.#look([...this.#tenants.keys()]));
      client.once('error', () => {
        // Broken: it is looked for changes without it, and the next look connects again.
        if (this.#client === client) {
          this.#client = undefined;
          client.release(true);
        }
      });
      await client.query(`LISTEN ${CHANNEL}`);
      if (this.#tenants.size === 0) client.release(true);
      else this.#client = client;
    } catch (err) {
      this.#log.warn({ err }, 'alert changes are looked for without notifications for now');
    } finally {
      this.#connecting = false;
    }
  }

  #look(tenantIds: readonly string[]): void {
    let isFollowed = false;
    for (const tenantId of tenantIds) {
      const tenant = this.#tenants.get(tenantId);
      if (tenant) tenant.dirty = isFollowed = true;
    }
    if (!isFollowed) return;
    void this.#connect();
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#running = this.#running.then(() => this.#readAll());
    }, GATHER_MS).unref();
  }

  async #readAll(): Promise<void> {
    for (const [tenantId, tenant] of this.#tenants) {
      if (!tenant.dirty) continue;
      tenant.dirty = false;
      try {
        await this.#read(tenantId, tenant);
      } catch (err) {
        this.#log.warn({ err, tenantId }, 'changes of alerts could not be read; looking again');
      }
    }
  }

  async #read(tenantId: string, tenant: Followed): Promise<void> {
    const { rows } = await this.#pool.query<AlertRow>(
      `SELECT ${ALERT_COLUMNS} FROM alerts WHERE tenant_id = $1 AND change_id > $2 ORDER BY change_id LIMIT ${LOOK_BACK + MAX_CHANGES}`,
      [tenantId, tenant.last - LOOK_BACK],
    );
    const fresh = rows.filter((row) => (tenant.seen.get(row.alert_id)?.change ?? 0) < row.change_id);
    for (const row of rows) {
      tenant.last = Math.max(tenant.last, row.change_id);
      tenant.seen.set(row.alert_id, { change: row.change_id, isPending: row.status === 'pending' });
    }
    const emit = (event: FeedEvent): void => {
      for (const listener of tenant.listeners) listener(event);
    };
    if (fresh.length > MAX_CHANGES) emit({ type: 'reload' });
    else for (const row of fresh) emit({ type: 'alert', alert: tellAlert(row) });
    await this.#tellGone(tenant, emit);
    for (const [alertId, { change, isPending }] of tenant.seen)
      if (!isPending && change < tenant.last - LOOK_BACK) tenant.seen.delete(alertId);
  }

  /** A pending alert whose condition did not hold leaves no row. */
  async #tellGone(tenant: Followed, emit: (event: FeedEvent) => void): Promise<void> {
    const pending = [...tenant.seen].filter(([, { isPending }]) => isPending).map(([alertId]) => alertId);
    if (pending.length === 0) return;
    const { rows } = await this.#pool.query<{ alert_id: number }>(
      'SELECT alert_id FROM alerts WHERE alert_id = ANY($1)',
      [pending],
    );
    const there = new Set(rows.map(({ alert_id }) => alert_id));
    for (const alertId of pending) {
      if (there.has(alertId)) continue;
      tenant.seen.delete(alertId);
      emit({ type: 'gone', alert_id: alertId });
    }
  }
}
