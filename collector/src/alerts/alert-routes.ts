import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { IdSchema, nullable } from '../http/schema-parts.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { groupByQuery, PeriodQuery, RangeSchema } from '../usage/answer-parts.ts';
import { rangeTexts } from '../usage/buckets.ts';
import { readPeriod, readRange } from '../usage/period.ts';
import { STATUSES } from './advance.ts';
import { tellAlert, type AlertRow } from './alert.ts';
import {
  AlertSchema,
  AlertTrendsSchema,
  AlertWithTimelineSchema,
  OpenCountsSchema,
} from './answer-schemas.ts';
import {
  acknowledge,
  comment,
  findAlert,
  readTimeline,
  resolve,
  unacknowledge,
  type Done,
} from './handle.ts';
import { countOpen, listAlerts, readTrends } from './query-alerts.ts';
import { ALERT_TYPES, SEVERITIES } from './rule.ts';
import { whoDid } from './who.ts';

const PATH = '/v1/analytics/alerts';
const MAX_LIMIT = 200;
const Id = Type.Object({ alert_id: IdSchema });
const Note = Type.String({ maxLength: 4000 });
const several = (values: readonly string[], description: string) =>
  Type.Optional(
    Type.Union(
      [Type.Enum([...values]), Type.Array(Type.Enum([...values]), { minItems: 1, maxItems: values.length })],
      {
        description: `${description}; may be given more than once`,
      },
    ),
  );
const ListQuery = {
  severity: several(SEVERITIES, 'Only of these severities'),
  status: several(STATUSES, 'Only of these states'),
  alert_type: several(ALERT_TYPES, 'Only of these types'),
  source: Type.Optional(Type.Enum(['rule', 'grafana'] as const)),
  rule_id: Type.Optional(IdSchema),
  acknowledged: Type.Optional(Type.Boolean({ description: 'Whether somebody takes care of it now' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT, description: 'Default 50' })),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: 'next_cursor of the page before' })),
};
interface ListValues {
  severity?: string | string[];
  status?: string | string[];
  alert_type?: string | string[];
  source?: 'rule' | 'grafana';
  rule_id?: number;
  acknowledged?: boolean;
  limit?: number;
  cursor?: string;
}
const NextCursor = nullable(Type.String(), 'null: there is no more');

export interface AlertRoutesOptions {
  pool: Pool;
  authenticator: Authenticator;
  /** Epoch milliseconds. */
  clock?: () => number;
}

/** `/v1/analytics/alerts`: what fires and fired, and what people do about it. */
export const alertRoutes: FastifyPluginCallbackTypebox<AlertRoutesOptions> = (
  app,
  { pool, authenticator, clock = Date.now },
  done,
) => {
  app.get(
    PATH,
    {
      schema: {
        tags: ['alerts'],
        summary: 'Alerts, the newest first',
        querystring: Type.Object(ListQuery, { additionalProperties: false }),
        response: {
          200: Type.Object({
            alerts: Type.Array(AlertSchema),
            next_cursor: NextCursor,
            open: OpenCountsSchema,
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const { limit = 50, cursor, ...query } = request.query;
      const { rows, nextCursor } = await listAlerts(pool, tenantId, filterOf(query), limit, cursor);
      return { alerts: rows.map(tellAlert), next_cursor: nextCursor, open: await countOpen(pool, tenantId) };
    },
  );

  app.get(
    `${PATH}/history`,
    {
      schema: {
        tags: ['alerts'],
        summary: 'Alerts that started in a period, the latest first',
        querystring: Type.Object({ ...PeriodQuery, ...ListQuery }, { additionalProperties: false }),
        response: {
          200: Type.Object({
            period: RangeSchema,
            alerts: Type.Array(AlertSchema),
            next_cursor: NextCursor,
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const {
        limit = 50,
        cursor,
        start_date,
        end_date,
        timezone,
        ...query
      } = request.query as ListValues & {
        start_date?: string;
        end_date?: string;
        timezone?: string;
      };
      const range = readRange({ start_date, end_date, timezone }, clock());
      const filter = { ...filterOf(query), started: range };
      const { rows, nextCursor } = await listAlerts(pool, tenantId, filter, limit, cursor);
      return { period: rangeTexts(range), alerts: rows.map(tellAlert), next_cursor: nextCursor };
    },
  );

  app.get(
    `${PATH}/trends`,
    {
      schema: {
        tags: ['alerts'],
        summary: 'How many alerts started, of which rules and severities, and how long they took',
        querystring: Type.Object(
          { ...PeriodQuery, ...groupByQuery('Width of the points of time_series') },
          { additionalProperties: false },
        ),
        response: { 200: AlertTrendsSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const period = readPeriod(request.query, clock());
      const trends = await readTrends(pool, tenantId, period);
      return { period: { ...rangeTexts(period), group_by: period.groupBy }, ...trends };
    },
  );

  app.get(
    `${PATH}/:alert_id`,
    {
      schema: {
        tags: ['alerts'],
        summary: 'An alert with its timeline',
        params: Id,
        response: { 200: AlertWithTimelineSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      return withTimeline(await findAlert(pool, tenantId, request.params.alert_id));
    },
  );

  const withTimeline = async (row: AlertRow) => ({
    ...tellAlert(row),
    timeline: (await readTimeline(pool, row.alert_id)).map((entry) => ({
      ...entry,
      at: entry.at.toISOString(),
    })),
  });

  const doneBy = async (
    request: Parameters<typeof whoDid>[1] & { params: { alert_id: number } },
  ): Promise<Done> => {
    const principal = await authenticator.require(request, 'admin');
    return {
      tenantId: principal.tenantId,
      alertId: request.params.alert_id,
      by: await whoDid(pool, request, principal),
      nowMs: clock(),
    };
  };

  app.post(
    `${PATH}/:alert_id/acknowledge`,
    {
      schema: {
        tags: ['alerts'],
        summary: 'Say that somebody takes care of an alert',
        description:
          'Nothing more is sent about it until the acknowledgement expires; if it is still firing then, it is told again. Acknowledging once more replaces note and time.',
        params: Id,
        body: Type.Object(
          {
            note: Type.Optional(nullable(Note)),
            until: Type.Optional(
              nullable(
                Type.String({ format: 'date-time' }),
                'When the acknowledgement expires; null (default): when the alert is over',
              ),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: AlertSchema },
      },
    },
    async (request) => {
      const who = await doneBy(request);
      const { note = null, until = null } = request.body;
      const untilTime = until === null ? null : new Date(until);
      return tellAlert(await acknowledge(pool, who, { note: textOf(note), until: untilTime }));
    },
  );

  app.delete(
    `${PATH}/:alert_id/acknowledge`,
    {
      schema: {
        tags: ['alerts'],
        summary: 'Take an acknowledgement back',
        params: Id,
        response: { 200: AlertSchema },
      },
    },
    async (request) => tellAlert(await unacknowledge(pool, await doneBy(request))),
  );

  app.post(
    `${PATH}/:alert_id/resolve`,
    {
      schema: {
        tags: ['alerts'],
        summary: 'End an alert by hand',
        description: 'Nothing new fires of the same rule and member until the condition has been over once.',
        params: Id,
        body: Type.Object({ note: Type.Optional(nullable(Note)) }, { additionalProperties: false }),
        response: { 200: AlertSchema },
      },
    },
    async (request) => {
      const who = await doneBy(request);
      return tellAlert(await resolve(pool, who, textOf(request.body.note ?? null)));
    },
  );

  app.post(
    `${PATH}/:alert_id/comments`,
    {
      schema: {
        tags: ['alerts'],
        summary: "Add a comment to an alert's timeline",
        params: Id,
        body: Type.Object(
          { text: Type.String({ minLength: 1, maxLength: 4000 }) },
          { additionalProperties: false },
        ),
        response: { 201: AlertWithTimelineSchema },
      },
    },
    async (request, reply) => {
      const who = await doneBy(request);
      const text = textOf(request.body.text);
      if (text === null) throw new Problem('invalid-request', 'text: is empty.');
      return reply.code(201).send(await withTimeline(await comment(pool, who, text)));
    },
  );
  done();
};

function filterOf(query: Omit<ListValues, 'limit' | 'cursor'>): Parameters<typeof listAlerts>[2] {
  const list = (value: string | string[] | undefined): string[] | undefined =>
    value === undefined ? undefined : [value].flat();
  const [severity, status, alertType] = [list(query.severity), list(query.status), list(query.alert_type)];
  return {
    ...(severity && { severity }),
    ...(status && { status }),
    ...(alertType && { alertType }),
    ...(query.source !== undefined && { source: query.source }),
    ...(query.rule_id !== undefined && { ruleId: query.rule_id }),
    ...(query.acknowledged !== undefined && { isAcknowledged: query.acknowledged }),
  };
}

/** A text as it is kept; null for one that says nothing. @throws Problem invalid-request for one that cannot be stored */
function textOf(text: string | null): string | null {
  if (text?.includes('\0')) throw new Problem('invalid-request', 'note: holds a NUL character.');
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}
