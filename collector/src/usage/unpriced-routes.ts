import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import type { Pricer } from '../pricing/price.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import {
  checkPoints,
  FreshnessSchema,
  groupByQuery,
  MaybeSeriesPeriodSchema,
  PeriodQuery,
  type PeriodQueryValues,
} from './answer-parts.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from './filters.ts';
import { readPeriod } from './period.ts';
import { readUnpriced, REASONS } from './unpriced.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

const count = (description: string) => Type.Integer({ minimum: 0, description });
const SumProperties = {
  unpriced_requests: count('Calls without a known cost'),
  unpriced_tokens: count('Their tokens'),
  unknown_usage_requests: count('Successful ones among them whose sender told no token counts'),
  total_requests: count('All calls, priced ones too'),
  time_series: Type.Optional(
    Type.Array(
      Type.Object({
        timestamp: Type.String(),
        unpriced_requests: Type.Integer(),
        unpriced_tokens: Type.Integer(),
      }),
      { description: 'Only with group_by' },
    ),
  ),
};

const UnpricedSchema = Type.Object({
  period: MaybeSeriesPeriodSchema,
  total: Type.Object({
    ...SumProperties,
    models: count('Models with unpriced calls'),
    request_share_percent: Type.Union([Type.Number(), Type.Null()], {
      description: 'Unpriced calls in percent of all; null without any',
    }),
  }),
  models: Type.Array(
    Type.Object({
      model_provider: Type.String(),
      model_name: Type.String(),
      ...SumProperties,
      first_seen: Type.String({
        description: 'First unpriced call in the period; its hour where the event is deleted already',
      }),
      last_seen: Type.String(),
      reason: Type.Enum(REASONS, { description: 'Why the newest of these calls has no cost' }),
      what_to_do: Type.String(),
    }),
  ),
  other: Type.Union([Type.Object({ models: Type.Integer(), ...SumProperties }), Type.Null()], {
    description: 'Models that are not listed; null without any',
  }),
  freshness: FreshnessSchema,
});

/** `GET /v1/analytics/usage/unpriced`: what the cost shown does not have in it, and what to do about it. */
export const unpricedRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
  pricer: Pick<Pricer, 'price'>;
}> = (app, { readPool, authenticator, pricer }, done) => {
  app.get(
    '/v1/analytics/usage/unpriced',
    {
      schema: {
        tags: ['analytics'],
        summary: 'Calls without a known cost by provider and model, with the reason and what to do',
        description:
          'models + other = total = unpriced_requests of the overview. An unpriced call is never counted as $0.',
        querystring: Type.Object(
          {
            limit: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: MAX_LIMIT,
                description: `Models listed; default ${DEFAULT_LIMIT}`,
              }),
            ),
            ...PeriodQuery,
            ...groupByQuery('Gives each model a time series of this width'),
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: UnpricedSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues & { limit?: number };
      const period = readPeriod(query, Date.now());
      const limit = query.limit ?? DEFAULT_LIMIT;
      const withSeries = query.group_by !== undefined;
      if (withSeries) checkPoints(period, limit + 2);
      return readUnpriced(readPool, pricer, {
        tenantId,
        period,
        filters: readFilters(query),
        limit,
        withSeries,
      });
    },
  );
  done();
};
