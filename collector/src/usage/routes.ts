import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import type { Pricer } from '../pricing/price.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import {
  FreshnessSchema,
  groupByQuery,
  PercentilesSchema,
  PeriodQuery,
  PeriodSchema,
} from './answer-parts.ts';
import { breakdownRoutes } from './breakdown-routes.ts';
import { FigureProperties } from './figures.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from './filters.ts';
import { readOverview } from './overview.ts';
import { readPeriod } from './period.ts';
import { unpricedRoutes } from './unpriced-routes.ts';

const OverviewSchema = Type.Object({
  summary: Type.Object({
    ...FigureProperties,
    period: PeriodSchema,
    response_time_percentiles_ms: Type.Union([PercentilesSchema, Type.Null()], {
      description: 'null under a filter by prompt',
    }),
  }),
  time_series: Type.Array(Type.Object({ timestamp: Type.String(), ...FigureProperties })),
  top_prompts: Type.Array(
    Type.Object({ prompt_id: Type.Union([Type.String(), Type.Null()]), ...FigureProperties }),
  ),
  freshness: FreshnessSchema,
});

export const usageRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
  pricer: Pick<Pricer, 'price'>;
}> = (app, { readPool, authenticator, pricer }, done) => {
  app.get(
    '/v1/analytics/usage/overview',
    {
      schema: {
        tags: ['analytics'],
        summary: 'Totals, time series and dearest prompts of a period',
        querystring: Type.Object(
          {
            ...PeriodQuery,
            ...groupByQuery('Width of the points of time_series; default: hour up to two days, else day'),
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: OverviewSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const period = readPeriod(request.query, Date.now());
      return readOverview(readPool, tenantId, period, readFilters(request.query));
    },
  );
  void app.register(breakdownRoutes, { readPool, authenticator });
  void app.register(unpricedRoutes, { readPool, authenticator, pricer });
  done();
};
