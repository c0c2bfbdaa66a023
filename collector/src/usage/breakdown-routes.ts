import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { checkedByRoute } from '../http/checked-by-route.ts';
import { Problem } from '../http/errors.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import {
  checkPoints,
  FreshnessSchema,
  groupByQuery,
  MaybeSeriesPeriodSchema,
  PercentilesSchema,
  PeriodQuery,
  type PeriodQueryValues,
} from './answer-parts.ts';
import { ORDER_BY, readBreakdown, type OrderBy } from './breakdown.ts';
import { DIMENSION_NAMES, DIMENSION_PATTERN, dimensionOf, type Dimension } from './dimensions.ts';
import { FigureProperties } from './figures.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from './filters.ts';
import { readPeriod } from './period.ts';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

const dimensionName = Type.String({ maxLength: 120, ...checkedByRoute({ pattern: DIMENSION_PATTERN }) });
export const DimensionQuery = Type.Union(
  [dimensionName, Type.Array(dimensionName, { minItems: 1, maxItems: 2 })],
  {
    description: `${DIMENSION_NAMES.join(', ')}, or metadata.<key> for a tag; may be given twice for pairs`,
  },
);

const nullableNumber = Type.Union([Type.Number(), Type.Null()]);
const PointSchema = Type.Object({ timestamp: Type.String(), ...FigureProperties });
const PartProperties = {
  ...FigureProperties,
  share_percent: Type.Object(
    { cost: nullableNumber, requests: nullableNumber, tokens: nullableNumber },
    { description: 'Parts of the total in percent; null where the total is nothing' },
  ),
  response_time_percentiles_ms: Type.Union([PercentilesSchema, Type.Null()], {
    description:
      'null where the latency buckets do not have a dimension (they have project_id, endpoint, model_provider, model_name, environment)',
  }),
  time_series: Type.Optional(Type.Array(PointSchema, { description: 'Only with group_by' })),
};
const members = Type.Integer({ minimum: 0, description: 'How many members there are' });

const BreakdownSchema = Type.Object({
  period: MaybeSeriesPeriodSchema,
  dimensions: Type.Array(Type.String()),
  order_by: Type.String(),
  source: Type.Enum(['rollups', 'events'], {
    description: 'events: a dimension or filter is in no rollup, so the events themselves were read',
  }),
  requests_only_in_rollups: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description:
      'Requests whose events are deleted already, so that an answer from events lacks them; null: not known under these filters',
  }),
  total: Type.Object({ members, ...PartProperties }),
  members: Type.Array(
    Type.Object({
      member: Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]), {
        description: 'By dimension; null for events that have none',
      }),
      label: Type.String({ description: '(untagged) or (none) where there is none' }),
      ...PartProperties,
    }),
  ),
  other: Type.Union([Type.Object({ members, ...PartProperties }), Type.Null()], {
    description: 'Everything that is not in members: members + other = total; null without any',
  }),
  freshness: FreshnessSchema,
});

/** `GET /v1/analytics/usage/breakdown`: the top members of one or two dimensions, with everything else as one. */
export const breakdownRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
}> = (app, { readPool, authenticator }, done) => {
  app.get(
    '/v1/analytics/usage/breakdown',
    {
      schema: {
        tags: ['analytics'],
        summary: 'The top members of one or two dimensions, with everything else as one',
        description:
          'members + other = total, exactly. Dimensions of the rollups may be asked about over any period; the others ' +
          '(user_id, session_id, status, error_type, status_code, service_tier, stream, cache_hit, tags) over 93 days at once.',
        querystring: Type.Object(
          {
            dimension: DimensionQuery,
            order_by: Type.Optional(
              Type.Enum(ORDER_BY, { description: 'The figure that makes the top; default total_cost_usd' }),
            ),
            limit: Type.Optional(
              Type.Integer({ minimum: 1, maximum: MAX_LIMIT, description: `Default ${DEFAULT_LIMIT}` }),
            ),
            ...PeriodQuery,
            ...groupByQuery('Gives each part a time series of this width'),
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: BreakdownSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues & {
        dimension: string | string[];
        order_by?: OrderBy;
        limit?: number;
      };
      const period = readPeriod(query, Date.now());
      const limit = query.limit ?? DEFAULT_LIMIT;
      const withSeries = query.group_by !== undefined;
      if (withSeries) checkPoints(period, limit + 2);
      return readBreakdown(readPool, {
        tenantId,
        period,
        filters: readFilters(query),
        dimensions: dimensionsOf(query.dimension),
        orderBy: query.order_by ?? 'total_cost_usd',
        limit,
        withSeries,
      });
    },
  );
  done();
};

/** @throws Problem invalid-request for unknown names and for the same one twice */
export function dimensionsOf(given: string | string[]): Dimension[] {
  const dimensions = (Array.isArray(given) ? given : [given]).map((name) => dimensionOf(name));
  if (new Set(dimensions.map(({ name }) => name)).size < dimensions.length) {
    throw new Problem('invalid-request', 'dimension: name two different dimensions, or one.');
  }
  return dimensions;
}
