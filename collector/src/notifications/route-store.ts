import { inTransaction, type Client, type Pool, type Queryable } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { requireRoom, uniquelyNamed } from '../tenants/named-list.ts';
import { parseFilters } from '../usage/filters.ts';
import type { Severity } from '../alerts/rule.ts';
import { defaultRoute, type GroupBy, type Route, type RouteDraft } from './route.ts';

const MAX_ROUTES = 200;

interface RouteRow {
  route_id: number;
  tenant_id: string;
  name: string;
  position: number;
  enabled: boolean;
  severities: Severity[];
  alert_types: string[];
  rule_ids: (number | string)[];
  filters: unknown;
  channel_ids: number[];
  group_by: GroupBy[];
  group_wait_seconds: number;
  send_reminders: boolean;
  send_resolved: boolean;
  continue_matching: boolean;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

const SELECT = `SELECT r.*, to_jsonb(r.rule_ids) AS rule_ids,
    (SELECT coalesce(jsonb_agg(rc.channel_id ORDER BY rc.channel_id), '[]') FROM notification_route_channels rc
     WHERE rc.tenant_id = r.tenant_id AND rc.route_id = r.route_id) AS channel_ids
  FROM notification_routes r`;

function routeFromRow(row: RouteRow): Route {
  return {
    routeId: row.route_id,
    tenantId: row.tenant_id,
    name: row.name,
    position: row.position,
    enabled: row.enabled,
    severities: row.severities,
    alertTypes: row.alert_types,
    ruleIds: row.rule_ids.map(Number),
    filters: parseFilters(row.filters),
    channelIds: row.channel_ids,
    groupBy: row.group_by,
    groupWaitSeconds: row.group_wait_seconds,
    sendReminders: row.send_reminders,
    sendResolved: row.send_resolved,
    continues: row.continue_matching,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
  };
}

/** The routes of a tenant, or of several, in the order in which they are asked. */
export async function listRoutes(client: Queryable, tenantIds: readonly string[]): Promise<Route[]> {
  const { rows } = await client.query<RouteRow>(
    `${SELECT} WHERE r.tenant_id = ANY($1) ORDER BY r.tenant_id, r.position, r.route_id`,
    [tenantIds],
  );
  return rows.map(routeFromRow);
}

/** @throws Problem not-found when the tenant has no such route */
export async function findRoute(client: Queryable, tenantId: string, routeId: number): Promise<Route> {
  const { rows } = await client.query<RouteRow>(`${SELECT} WHERE r.tenant_id = $1 AND r.route_id = $2`, [
    tenantId,
    routeId,
  ]);
  if (!rows[0]) throw unknownRoute(routeId);
  return routeFromRow(rows[0]);
}

/**
 * @param read makes the draft from what it is when nothing is said
 * @throws Problem conflict when the name is taken or there are MAX_ROUTES, invalid-request for channels that the tenant has not
 */
export async function createRoute(
  pool: Pool,
  tenantId: string,
  read: (from: RouteDraft) => RouteDraft,
  by: string,
): Promise<Route> {
  return inTransaction(pool, async (client) => {
    await requireRoom(client, tenantId, { table: 'notification_routes', things: 'routes', most: MAX_ROUTES });
    const { rows: last } = await client.query<{ next: number }>(
      `SELECT least(10000, coalesce(max(position) + 10, 0))::int AS next FROM notification_routes WHERE tenant_id = $1`,
      [tenantId],
    );
    const draft = read(defaultRoute(last[0]?.next ?? 0));
    const { rows } = await uniquelyNamed('a route', draft.name, () =>
      client.query<{ route_id: number }>(
        `INSERT INTO notification_routes (name, position, enabled, severities, alert_types, rule_ids, filters, group_by, group_wait_seconds,
                                          send_reminders, send_resolved, continue_matching, tenant_id, created_by, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14) RETURNING route_id`,
        [...valuesOf(draft), tenantId, by],
      ),
    );
    const routeId = rows[0]?.route_id ?? 0;
    await writeChannels(client, tenantId, routeId, draft.channelIds);
    return findRoute(client, tenantId, routeId);
  });
}

/** @throws Problem not-found, conflict when the name is taken, invalid-request for channels that the tenant has not */
export async function updateRoute(
  pool: Pool,
  tenantId: string,
  routeId: number,
  read: (from: RouteDraft) => RouteDraft,
  by: string,
): Promise<Route> {
  return inTransaction(pool, async (client) => {
    // Locked before it is read, so that two patches of different fields both stay.
    await client.query('SELECT FROM notification_routes WHERE tenant_id = $1 AND route_id = $2 FOR UPDATE', [
      tenantId,
      routeId,
    ]);
    const draft = read(await findRoute(client, tenantId, routeId));
    await uniquelyNamed('a route', draft.name, () =>
      client.query(
        `UPDATE notification_routes SET name = $1, position = $2, enabled = $3, severities = $4, alert_types = $5, rule_ids = $6, filters = $7,
           group_by = $8, group_wait_seconds = $9, send_reminders = $10, send_resolved = $11, continue_matching = $12, updated_at = now(),
           updated_by = $13
         WHERE tenant_id = $14 AND route_id = $15`,
        [...valuesOf(draft), by, tenantId, routeId],
      ),
    );
    await client.query('DELETE FROM notification_route_channels WHERE tenant_id = $1 AND route_id = $2', [
      tenantId,
      routeId,
    ]);
    await writeChannels(client, tenantId, routeId, draft.channelIds);
    return findRoute(client, tenantId, routeId);
  });
}

/** What waits to be sent by it is sent. @throws Problem not-found */
export async function deleteRoute(client: Queryable, tenantId: string, routeId: number): Promise<void> {
  const { rowCount } = await client.query(
    'DELETE FROM notification_routes WHERE tenant_id = $1 AND route_id = $2',
    [tenantId, routeId],
  );
  if (rowCount !== 1) throw unknownRoute(routeId);
}

function valuesOf(draft: RouteDraft): unknown[] {
  return [
    draft.name,
    draft.position,
    draft.enabled,
    draft.severities,
    draft.alertTypes,
    draft.ruleIds,
    JSON.stringify(draft.filters),
    draft.groupBy,
    draft.groupWaitSeconds,
    draft.sendReminders,
    draft.sendResolved,
    draft.continues,
  ];
}

async function writeChannels(
  client: Client,
  tenantId: string,
  routeId: number,
  channelIds: readonly number[],
): Promise<void> {
  const { rows } = await client.query<{ channel_id: number }>(
    `WITH own AS (SELECT channel_id FROM notification_channels WHERE tenant_id = $1 AND channel_id = ANY($3) FOR KEY SHARE)
     INSERT INTO notification_route_channels (tenant_id, route_id, channel_id) SELECT $1, $2, channel_id FROM own RETURNING channel_id`,
    [tenantId, routeId, channelIds],
  );
  const found = new Set(rows.map(({ channel_id }) => channel_id));
  const unknown = channelIds.find((id) => !found.has(id));
  if (unknown !== undefined)
    throw new Problem(
      'invalid-request',
      `channel_ids: there is no notification channel ${unknown} in this tenant.`,
    );
}

function unknownRoute(routeId: number): Problem {
  return new Problem('not-found', `There is no notification route ${routeId} in this tenant.`);
}
