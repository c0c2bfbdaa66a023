import { createHash } from 'node:crypto';
import { inTransaction, type Client, type Pool } from '../database/pool.ts';
import type { NoticeKind } from '../alerts/notices.ts';
import type { Alert, AlertChange } from './alert-change.ts';
import { DEFAULT_GROUP_WAIT_SECONDS, groupKeyOf, matches, wants, type Route } from './route.ts';
import { listRoutes } from './route-store.ts';

/** Changes that one transaction routes. */
const BATCH = 500;
/** Past so many alerts a message begins anew: a body that is too long helps nobody. */
export const MAX_ALERTS_PER_MESSAGE = 100;
/** How long a message is tried. */
export const GIVE_UP_AFTER_HOURS = 24;
/** Of PostgreSQL's advisory locks; any number that nothing else takes. */
const ROUTING_LOCK = 7_164_001;

export type UnroutedReason = 'no_channel' | 'no_route' | 'below_default_severity' | 'channels_disabled';

export interface Routed {
  /** Changes taken from the outbox. */
  changes: number;
  /** Messages that were begun. */
  messages: number;
  unrouted: Partial<Record<UnroutedReason, number>>;
}

interface OutboxRow {
  outbox_id: number;
  tenant_id: string;
  alert_id: number;
  kind: NoticeKind;
  dedupe_key: string;
  payload: Partial<Alert>;
}

interface Target {
  channelId: number;
  routeId: number | null;
  groupKey: string;
  waitSeconds: number;
}

interface Group extends Target {
  tenantId: string;
  changes: (AlertChange & { dedupeKey: string })[];
}

/**
 * Takes the oldest changes from the outbox and makes messages of them, in one transaction: a change is routed when its messages are
 * there, or when it is noted why there are none. One replica routes at a time, so that what belongs together is one message.
 * @param now the moment that waiting times count from; the database's clock unless a test says otherwise
 * @returns undefined while another replica routes
 */
export async function routeChanges(pool: Pool, now: Date | null = null): Promise<Routed | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows: locks } = await client.query<{ locked: boolean; now: Date }>(
      'SELECT pg_try_advisory_xact_lock($1) AS locked, coalesce($2::timestamptz, clock_timestamp()) AS now',
      [ROUTING_LOCK, now],
    );
    const [lock] = locks;
    if (!lock?.locked) return undefined;
    const { rows } = await client.query<OutboxRow>(
      `SELECT outbox_id, tenant_id, alert_id, kind, dedupe_key, payload FROM alert_outbox
       WHERE routed_at IS NULL ORDER BY outbox_id LIMIT ${BATCH} FOR UPDATE`,
    );
    const routed: Routed = { changes: rows.length, messages: 0, unrouted: {} };
    if (rows.length === 0) return routed;
    const tenants = await readTenants(client, [...new Set(rows.map(({ tenant_id }) => tenant_id))]);
    const groups = new Map<string, Group>();
    const unrouted: { outbox_id: number; tenant_id: string; alert_id: number; reason: UnroutedReason }[] = [];
    for (const row of rows) {
      const change = changeOf(row);
      const targets = targetsOf(change, tenants.get(row.tenant_id));
      if (typeof targets === 'string') {
        routed.unrouted[targets] = (routed.unrouted[targets] ?? 0) + 1;
        const { outbox_id, tenant_id, alert_id } = row;
        unrouted.push({ outbox_id, tenant_id, alert_id, reason: targets });
        continue;
      }
      for (const target of targets) {
        const key = JSON.stringify([target.channelId, target.routeId, target.groupKey]);
        const group = groups.get(key) ?? { ...target, tenantId: row.tenant_id, changes: [] };
        group.changes.push({ ...change, dedupeKey: row.dedupe_key });
        groups.set(key, group);
      }
    }
    for (const group of groups.values()) routed.messages += await writeGroup(client, group, lock.now);
    await client.query(
      `INSERT INTO notification_unrouted (outbox_id, tenant_id, alert_id, reason, noted_at)
       SELECT u.outbox_id, u.tenant_id, u.alert_id, u.reason, $2
       FROM jsonb_to_recordset($1) AS u (outbox_id bigint, tenant_id text, alert_id bigint, reason text)
       JOIN tenants USING (tenant_id) ON CONFLICT (outbox_id) DO NOTHING`,
      [JSON.stringify(unrouted), lock.now],
    );
    await client.query('UPDATE alert_outbox SET routed_at = $2 WHERE outbox_id = ANY($1)', [
      rows.map(({ outbox_id }) => outbox_id),
      lock.now,
    ]);
    return routed;
  });
}

/** What a tenant's changes are routed by. */
interface Tenant {
  routes: Route[];
  /** Ids of all channels, and whether each is switched on. */
  channels: Map<number, boolean>;
}

async function readTenants(client: Client, tenantIds: string[]): Promise<Map<string, Tenant>> {
  const tenants = new Map<string, Tenant>(
    tenantIds.map((tenantId) => [tenantId, { routes: [], channels: new Map() }]),
  );
  for (const route of await listRoutes(client, tenantIds)) tenants.get(route.tenantId)?.routes.push(route);
  // Locked, so that none is deleted or switched off before its message is there.
  const { rows } = await client.query<{ tenant_id: string; channel_id: number; enabled: boolean }>(
    `SELECT tenant_id, channel_id, enabled FROM notification_channels WHERE tenant_id = ANY($1)
     ORDER BY tenant_id, channel_id FOR SHARE`,
    [tenantIds],
  );
  for (const { tenant_id, channel_id, enabled } of rows)
    tenants.get(tenant_id)?.channels.set(channel_id, enabled);
  return tenants;
}

/** Where a change goes, each channel once; [] where nobody wants this kind of change; else why it goes nowhere. */
function targetsOf(change: AlertChange, tenant: Tenant | undefined): Target[] | UnroutedReason {
  if (tenant === undefined || tenant.channels.size === 0) return 'no_channel';
  const { routes, channels } = tenant;
  if (routes.length === 0) {
    // Without routes all channels are told what is worth a look.
    if (change.alert.severity === 'low') return 'below_default_severity';
    const targets = [...channels].flatMap(([channelId, enabled]) =>
      enabled ? [{ channelId, routeId: null, groupKey: '[]', waitSeconds: DEFAULT_GROUP_WAIT_SECONDS }] : [],
    );
    return targets.length > 0 ? targets : 'channels_disabled';
  }
  const targets = new Map<number, Target>();
  let isMatched = false;
  let isWanted = false;
  for (const route of routes) {
    if (!route.enabled || !matches(route, change)) continue;
    isMatched = true;
    if (wants(route, change)) {
      isWanted = true;
      for (const channelId of route.channelIds) {
        if (channels.get(channelId) !== true || targets.has(channelId)) continue;
        targets.set(channelId, {
          channelId,
          routeId: route.routeId,
          groupKey: groupKeyOf(route.groupBy, change),
          waitSeconds: route.groupWaitSeconds,
        });
      }
    }
    if (!route.continues) break;
  }
  if (!isMatched) return 'no_route';
  return isWanted && targets.size === 0 ? 'channels_disabled' : [...targets.values()];
}

/** Adds a group's changes to the message that still waits for others, or begins messages. @returns how many were begun */
async function writeGroup(client: Client, group: Group, now: Date): Promise<number> {
  const { rows } = await client.query<{ delivery_id: number; alerts: number }>(
    `SELECT d.delivery_id, (SELECT count(*)::int FROM notification_delivery_alerts a WHERE a.delivery_id = d.delivery_id) AS alerts
     FROM notification_deliveries d
     WHERE d.channel_id = $1 AND d.route_id IS NOT DISTINCT FROM $2 AND d.group_key = $3
       AND d.status = 'pending' AND d.attempts = 0 AND d.next_attempt_at > $4
     ORDER BY d.delivery_id DESC LIMIT 1 FOR UPDATE OF d SKIP LOCKED`,
    [group.channelId, group.routeId, group.groupKey, now],
  );
  const [open] = rows;
  let left = group.changes;
  if (open !== undefined && open.alerts < MAX_ALERTS_PER_MESSAGE) {
    const room = MAX_ALERTS_PER_MESSAGE - open.alerts;
    await writeChanges(client, group, open.delivery_id, left.slice(0, room));
    left = left.slice(room);
  }
  let begun = 0;
  for (let at = 0; at < left.length; at += MAX_ALERTS_PER_MESSAGE) {
    const changes = left.slice(at, at + MAX_ALERTS_PER_MESSAGE);
    const { rows: created } = await client.query<{ delivery_id: number }>(
      `INSERT INTO notification_deliveries (tenant_id, channel_id, route_id, group_key, idempotency_key, next_attempt_at, give_up_at, created_at)
       VALUES ($1, $2, $3, $4, $5, $6::timestamptz + $7::int * interval '1 second',
               $6::timestamptz + interval '${GIVE_UP_AFTER_HOURS} hours', $6)
       ON CONFLICT (idempotency_key) DO NOTHING RETURNING delivery_id`,
      [
        group.tenantId,
        group.channelId,
        group.routeId,
        group.groupKey,
        idempotencyKeyOf(group.channelId, changes[0]?.dedupeKey ?? ''),
        now,
        group.waitSeconds,
      ],
    );
    // Begun before: somebody has put the change back into the outbox.
    if (created[0] === undefined) continue;
    await writeChanges(client, group, created[0].delivery_id, changes);
    begun += 1;
  }
  return begun;
}

async function writeChanges(
  client: Client,
  { tenantId, channelId }: Group,
  deliveryId: number,
  changes: readonly AlertChange[],
): Promise<void> {
  await client.query(
    `INSERT INTO notification_delivery_alerts (channel_id, outbox_id, delivery_id, tenant_id, alert_id, kind, payload)
     SELECT $1, c.outbox_id, $2, $3, c.alert_id, c.kind, c.payload
     FROM jsonb_to_recordset($4) AS c (outbox_id bigint, alert_id bigint, kind text, payload jsonb)
     ON CONFLICT (channel_id, outbox_id) DO NOTHING`,
    [
      channelId,
      deliveryId,
      tenantId,
      JSON.stringify(
        changes.map(({ outboxId, alertId, kind, alert }) => ({
          outbox_id: outboxId,
          alert_id: alertId,
          kind,
          payload: alert,
        })),
      ),
    ],
  );
}

/** Told by what the message is about alone, so that the same change cannot begin a second message to a channel. */
function idempotencyKeyOf(channelId: number, dedupeKey: string): string {
  return `pon_${createHash('sha256').update(`${channelId}\n${dedupeKey}`).digest('hex').slice(0, 40)}`;
}

/** A change with every field there, so that nothing after this has to ask. */
function changeOf({ outbox_id, alert_id, kind, tenant_id, payload }: OutboxRow): AlertChange {
  const alert: Alert = {
    alert_id,
    rule_id: payload.rule_id ?? null,
    rule_name: payload.rule_name ?? '',
    description: payload.description ?? '',
    message: payload.message ?? null,
    alert_type: payload.alert_type ?? 'custom',
    severity: payload.severity ?? 'medium',
    status: payload.status ?? (kind === 'resolved' ? 'resolved' : 'firing'),
    metric: payload.metric ?? '',
    value: payload.value ?? null,
    threshold: payload.threshold ?? null,
    operator: payload.operator ?? null,
    window_minutes: payload.window_minutes ?? null,
    group: payload.group ?? null,
    started_at: payload.started_at ?? '',
    resolved_at: payload.resolved_at ?? null,
    acknowledged: payload.acknowledged ?? null,
    evidence_path: payload.evidence_path ?? null,
    page_path: payload.page_path ?? null,
    tenant_id,
  };
  return { outboxId: outbox_id, alertId: alert_id, kind, alert };
}
