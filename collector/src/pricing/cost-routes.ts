import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { Pool } from '../database/pool.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { CostExplanationSchema, explainCost } from './explain.ts';
import { EventParams, EventQuery, findEvent } from './find-event.ts';
import type { LivePrices } from './live-prices.ts';

/** `GET /v1/analytics/usage/events/{event_id}/cost`: how a cost came about. */
export const costRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
  prices: LivePrices;
}> = (app, { readPool, authenticator, prices }, done) => {
  app.get(
    '/v1/analytics/usage/events/:event_id/cost',
    {
      schema: {
        tags: ['analytics', 'prices'],
        summary: "What a call's cost is made of, by which price and why, and what today's book would say",
        params: EventParams,
        querystring: EventQuery,
        response: { 200: CostExplanationSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const { event_id: eventId } = request.params;
      const { row } = await findEvent(readPool, tenantId, eventId, request.query.timestamp);
      await prices.refresh();
      return explainCost(row, prices.current);
    },
  );
  done();
};
