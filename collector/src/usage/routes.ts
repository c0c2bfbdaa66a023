import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { FigureProperties } from './figures.ts';
import { ROLLUP_DIMENSIONS } from './measures.ts';
import { readOverview } from './overview.ts';
import { GROUP_BY, readPeriod } from './period.ts';
import type { Filters } from './rollup-source.ts';

const FilterValue = Type.Union([
  Type.String({ maxLength: 500 }),
  Type.Array(Type.String({ maxLength: 500 }), { maxItems: 100 }),
]);
const FilterProperties = Object.fromEntries(
  ROLLUP_DIMENSIONS.map((dimension) => [
    dimension,
    Type.Optional(
      Type.Union(FilterValue.anyOf, { description: `Only this ${dimension}; may be given more than once` }),
    ),
  ]),
);

const PeriodQuery = {
  start_date: Type.Optional(
    Type.String({
      maxLength: 40,
      description: 'A date (that whole day) or an RFC 3339 time; default: 30 days before the end',
    }),
  ),
  end_date: Type.Optional(
    Type.String({
      maxLength: 40,
      description: 'A date (that whole day) or an RFC 3339 time (not included); default: the end of today',
    }),
  ),
  group_by: Type.Optional(
    Type.Enum(GROUP_BY, {
      description: 'Width of the points of time_series; default: hour up to two days, else day',
    }),
  ),
  timezone: Type.Optional(
    Type.String({ maxLength: 64, description: 'IANA time zone of days, weeks and bare dates; default UTC' }),
  ),
};

const nullableNumber = Type.Union([Type.Number(), Type.Null()]);
const PercentilesSchema = Type.Object(
  {
    p50: nullableNumber,
    p90: nullableNumber,
    p95: nullableNumber,
    p99: nullableNumber,
    relative_error: Type.Number(),
  },
  {
    description:
      'From log-scale buckets of the whole hours that the period touches, true within relative_error',
  },
);

const OverviewSchema = Type.Object({
  summary: Type.Object({
    ...FigureProperties,
    period: Type.Object({
      start: Type.String(),
      end: Type.String(),
      group_by: Type.String(),
      timezone: Type.String(),
    }),
    response_time_percentiles_ms: Type.Union([PercentilesSchema, Type.Null()], {
      description: 'null under a filter by prompt',
    }),
  }),
  time_series: Type.Array(Type.Object({ timestamp: Type.String(), ...FigureProperties })),
  top_prompts: Type.Array(
    Type.Object({ prompt_id: Type.Union([Type.String(), Type.Null()]), ...FigureProperties }),
  ),
  freshness: Type.Object({
    as_of: Type.String({ description: 'When the answer was computed' }),
    complete_until: Type.String({ description: 'Everything committed until then is in the answer' }),
    cache_age_seconds: Type.Number(),
  }),
});

export const usageRoutes: FastifyPluginCallbackTypebox<{ readPool: Pool; authenticator: Authenticator }> = (
  app,
  { readPool, authenticator },
  done,
) => {
  app.get(
    '/v1/analytics/usage/overview',
    {
      schema: {
        tags: ['analytics'],
        summary: 'Totals, time series and dearest prompts of a period',
        querystring: Type.Object({ ...PeriodQuery, ...FilterProperties }, { additionalProperties: false }),
        response: { 200: OverviewSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const period = readPeriod(request.query, Date.now());
      return readOverview(readPool, tenantId, period, readFilters(request.query));
    },
  );
  done();
};

function readFilters(query: Record<string, unknown>): Filters {
  return Object.fromEntries(
    ROLLUP_DIMENSIONS.flatMap((dimension) => {
      const value = query[dimension] as string | string[] | undefined;
      return value === undefined ? [] : [[dimension, Array.isArray(value) ? value : [value]]];
    }),
  );
}
