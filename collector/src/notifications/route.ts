import { Type, type Static } from 'typebox';
import { IdSchema } from '../http/schema-parts.ts';
import { parseFilters, isInside, FiltersSchema, type Filters } from '../usage/filters.ts';
import { ALERT_TYPES, SEVERITIES, type Severity } from '../alerts/rule.ts';
import type { AlertChange } from './alert-change.ts';
import { NameSchema } from './channel-draft.ts';

export const GROUP_BY = ['rule', 'severity', 'alert_type', 'member'] as const;
export type GroupBy = (typeof GROUP_BY)[number];

/** How long changes gather before one message tells them. Short: an alert should be heard of within a minute of its event. */
export const DEFAULT_GROUP_WAIT_SECONDS = 5;

/** Which alerts go to which channels, as one message for those that come together. */
export interface Route extends RouteDraft {
  routeId: number;
  tenantId: string;
  createdAt: Date;
  createdBy: string;
  updatedAt: Date;
  updatedBy: string;
}

export interface RouteDraft {
  name: string;
  /** The lowest is asked first; of equals the older one. */
  position: number;
  enabled: boolean;
  /** Empty: all, here and below. */
  severities: Severity[];
  alertTypes: string[];
  ruleIds: number[];
  /** Of the member that the alert is about. An alert without one has no member of any dimension. */
  filters: Filters;
  channelIds: number[];
  groupBy: GroupBy[];
  groupWaitSeconds: number;
  sendReminders: boolean;
  sendResolved: boolean;
  /** Whether the routes after this one are asked too. */
  continues: boolean;
}

/** Whether a route is about an alert, whatever kind of change it is. */
export function matches(route: RouteDraft, { alert }: AlertChange): boolean {
  return (
    (route.severities.length === 0 || route.severities.includes(alert.severity)) &&
    (route.alertTypes.length === 0 || route.alertTypes.includes(alert.alert_type)) &&
    (route.ruleIds.length === 0 || (alert.rule_id !== null && route.ruleIds.includes(alert.rule_id))) &&
    isInside(route.filters, (name) => (alert.group?.dimension === name ? alert.group.member : null))
  );
}

/** Whether a route that is about an alert tells this change. */
export function wants(route: RouteDraft, { kind }: AlertChange): boolean {
  if (kind === 'renotify') return route.sendReminders;
  return kind === 'firing' || route.sendResolved;
}

/** What changes have in common that one message tells. */
export function groupKeyOf(groupBy: readonly GroupBy[], { alert }: AlertChange): string {
  const parts: Record<GroupBy, unknown> = {
    rule: alert.rule_id ?? alert.rule_name,
    severity: alert.severity,
    alert_type: alert.alert_type,
    member: alert.group === null ? null : [alert.group.dimension, alert.group.member],
  };
  return JSON.stringify(groupBy.map((name) => [name, parts[name]]));
}

const FIELDS = {
  position: Type.Integer({
    minimum: 0,
    maximum: 10_000,
    description: 'The lowest is asked first; default: after all others',
  }),
  enabled: Type.Boolean({ description: 'Default true' }),
  severities: Type.Array(Type.Enum(SEVERITIES), {
    uniqueItems: true,
    maxItems: SEVERITIES.length,
    description: 'Empty: all',
  }),
  alert_types: Type.Array(Type.Enum(ALERT_TYPES), {
    uniqueItems: true,
    maxItems: ALERT_TYPES.length,
    description: 'Empty: all',
  }),
  rule_ids: Type.Array(IdSchema, { uniqueItems: true, maxItems: 200, description: 'Empty: all rules' }),
  filters: FiltersSchema,
  group_by: Type.Array(Type.Enum(GROUP_BY), {
    uniqueItems: true,
    maxItems: GROUP_BY.length,
    description: 'A message tells alerts that are alike in these; empty: all that come together',
  }),
  group_wait_seconds: Type.Integer({
    minimum: 0,
    maximum: 900,
    description: `How long changes gather before they are told; default ${DEFAULT_GROUP_WAIT_SECONDS}`,
  }),
  send_reminders: Type.Boolean({
    description: 'Whether alerts that go on firing are told again; default true',
  }),
  send_resolved: Type.Boolean({ description: 'Whether the end of an alert is told; default true' }),
  continue: Type.Boolean({
    description: 'Whether later routes are asked too, for an alert that this one takes; default false',
  }),
};
const CHANNEL_IDS = Type.Array(IdSchema, { minItems: 1, maxItems: 50, uniqueItems: true });

export const RouteBody = Type.Object(
  { name: NameSchema, channel_ids: CHANNEL_IDS, ...Type.Partial(Type.Object(FIELDS)).properties },
  { additionalProperties: false },
);
export const RoutePatch = Type.Partial(
  Type.Object({ name: NameSchema, channel_ids: CHANNEL_IDS, ...FIELDS }),
  {
    additionalProperties: false,
  },
);
export const RouteSchema = Type.Object({
  route_id: Type.Integer(),
  name: Type.String(),
  channel_ids: Type.Array(Type.Integer()),
  ...FIELDS,
  created_at: Type.String(),
  created_by: Type.String(),
  updated_at: Type.String(),
  updated_by: Type.String(),
});

/**
 * A route as it is to be stored: a body, or a patch of one that exists.
 * @throws Problem invalid-request that names the place
 */
export function readRoute(
  body: Static<typeof RouteBody> | Static<typeof RoutePatch>,
  of: RouteDraft,
): RouteDraft {
  return {
    name: body.name ?? of.name,
    position: body.position ?? of.position,
    enabled: body.enabled ?? of.enabled,
    severities: body.severities ?? of.severities,
    alertTypes: body.alert_types ?? of.alertTypes,
    ruleIds: body.rule_ids ?? of.ruleIds,
    filters: body.filters === undefined ? of.filters : parseFilters(body.filters),
    channelIds: body.channel_ids ?? of.channelIds,
    groupBy: body.group_by ?? of.groupBy,
    groupWaitSeconds: body.group_wait_seconds ?? of.groupWaitSeconds,
    sendReminders: body.send_reminders ?? of.sendReminders,
    sendResolved: body.send_resolved ?? of.sendResolved,
    continues: body.continue ?? of.continues,
  };
}

/** What a body that says little means. */
export function defaultRoute(position: number): RouteDraft {
  return {
    name: '',
    position,
    enabled: true,
    severities: [],
    alertTypes: [],
    ruleIds: [],
    filters: {},
    channelIds: [],
    groupBy: [],
    groupWaitSeconds: DEFAULT_GROUP_WAIT_SECONDS,
    sendReminders: true,
    sendResolved: true,
    continues: false,
  };
}

export function describeRoute(route: Route): Static<typeof RouteSchema> {
  return {
    route_id: route.routeId,
    name: route.name,
    channel_ids: route.channelIds,
    position: route.position,
    enabled: route.enabled,
    severities: route.severities,
    alert_types: route.alertTypes as Static<typeof RouteSchema>['alert_types'],
    rule_ids: route.ruleIds,
    filters: route.filters,
    group_by: route.groupBy,
    group_wait_seconds: route.groupWaitSeconds,
    send_reminders: route.sendReminders,
    send_resolved: route.sendResolved,
    continue: route.continues,
    created_at: route.createdAt.toISOString(),
    created_by: route.createdBy,
    updated_at: route.updatedAt.toISOString(),
    updated_by: route.updatedBy,
  };
}
