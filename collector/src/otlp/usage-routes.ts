import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type, type Static } from 'typebox';
import type { Pool } from '../database/pool.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { PeriodQuery } from '../usage/answer-parts.ts';
import { formatInZone } from '../usage/buckets.ts';
import { readRange } from '../usage/period.ts';
import { listUnknown } from './unknown-telemetry.ts';

const nullableText = Type.Union([Type.String(), Type.Null()]);
const nullableNumber = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const Time = Type.Unsafe<Date>({ type: 'string', format: 'date-time' });

const MeteredSchema = Type.Object({
  service_name: nullableText,
  scope_name: Type.String(),
  metric: Type.String(),
  measure: Type.String({
    description: 'tokens, cost_usd, duration_seconds, first_token_seconds or requests',
  }),
  token_type: nullableText,
  model_provider: nullableText,
  model_name: nullableText,
  has_events: Type.Boolean({
    description:
      'The same process sends calls as spans or log records, so this usage is in the events already',
  }),
  processes: Type.Integer(),
  sum: nullableNumber('Tokens, USD or seconds'),
  count: nullableNumber('Values that were added up; null for plain counters'),
  last_seen: Time,
});

const UnknownSchema = Type.Object({
  emitter: Type.String({ description: 'Instrumentation scope and version' }),
  reason: Type.String(),
  example: Type.String({ description: 'Names of its attributes; values are not kept' }),
  items: Type.Integer(),
  first_seen: Time,
  last_seen: Time,
});

const METERED = `
  SELECT u.service_name, u.scope_name, u.metric, u.measure, u.token_type, u.model_provider, u.model_name, s.last_events_at IS NOT NULL AS has_events,
         count(DISTINCT u.resource_key)::int AS processes, sum(u.sum) AS sum, sum(u.count)::bigint AS count, max(u."timestamp") AS last_seen
  FROM metered_usage u LEFT JOIN telemetry_sources s ON s.tenant_id = u.tenant_id AND s.resource_key = u.resource_key
  WHERE u.tenant_id = $1 AND u."timestamp" >= $2 AND u."timestamp" < $3 AND ($4 OR s.last_events_at IS NULL)
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
  ORDER BY 1 NULLS LAST, 2, 3, 6 NULLS LAST, 7 NULLS LAST, 5 NULLS LAST LIMIT 1000`;

/** What telemetry told that is no event: usage by metrics alone, and what could not be read. */
export const telemetryUsageRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
}> = (app, { readPool, authenticator }, done) => {
  app.get(
    '/v1/analytics/usage/metered',
    {
      schema: {
        tags: ['usage'],
        summary: 'Usage that is told by metrics alone',
        description:
          'Coding agents and gateways may send OTLP metrics and no calls. Their sums are kept apart and are in no other answer. A process that sends its calls too is left out, unless include=all.',
        querystring: Type.Object(
          { ...PeriodQuery, include: Type.Optional(Type.Enum(['metrics-only', 'all'] as const)) },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            period: Type.Object({ start: Type.String(), end: Type.String() }),
            metered: Type.Array(MeteredSchema),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const { include, ...query } = request.query;
      const { startMs, endMs, timeZone } = readRange(query, Date.now());
      const { rows } = await readPool.query<Static<typeof MeteredSchema>>(METERED, [
        tenantId,
        new Date(startMs),
        new Date(endMs),
        include === 'all',
      ]);
      return {
        period: { start: formatInZone(timeZone, startMs), end: formatInZone(timeZone, endMs) },
        metered: rows,
      };
    },
  );

  app.get(
    '/v1/analytics/telemetry/unknown',
    {
      schema: {
        tags: ['usage'],
        summary: 'Telemetry that looks like model calls and could not be read',
        response: { 200: Type.Object({ unknown: Type.Array(UnknownSchema) }) },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const unknown = await listUnknown(readPool, tenantId);
      return {
        unknown: unknown.map(({ emitter, reason, example, count, firstSeen, lastSeen }) => ({
          emitter,
          reason,
          example,
          items: count,
          first_seen: firstSeen,
          last_seen: lastSeen,
        })),
      };
    },
  );
  done();
};
