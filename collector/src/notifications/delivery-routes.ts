import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { IdSchema, nullable } from '../http/schema-parts.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import {
  cursorAfter,
  DELIVERY_STATUSES,
  DeliverySchema,
  listDeliveries,
  readDeliveryCursor,
  retryDelivery,
} from './delivery-log.ts';

const PATH = '/v1/analytics/notification-deliveries';
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** The log of messages, and trying one again. */
export const deliveryRoutes: FastifyPluginCallbackTypebox<{ pool: Pool; authenticator: Authenticator }> = (
  app,
  { pool, authenticator },
  done,
) => {
  app.get(
    PATH,
    {
      schema: {
        tags: ['notifications'],
        summary: 'Messages that were or are to be sent, the newest first, by pages',
        querystring: Type.Object(
          {
            channel_id: Type.Optional(IdSchema),
            alert_id: Type.Optional(IdSchema),
            status: Type.Optional(Type.Enum(DELIVERY_STATUSES)),
            limit: Type.Optional(
              Type.Integer({ minimum: 1, maximum: MAX_LIMIT, description: `Default ${DEFAULT_LIMIT}` }),
            ),
            cursor: Type.Optional(
              Type.String({ maxLength: 100, description: 'next_cursor of the page before' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            deliveries: Type.Array(DeliverySchema),
            next_cursor: nullable(Type.String(), 'For the page of older ones; null: there are none'),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const { channel_id, alert_id, status, limit = DEFAULT_LIMIT, cursor } = request.query;
      const found = await listDeliveries(pool, {
        tenantId,
        // One more, to know whether there is another page.
        limit: limit + 1,
        beforeId: cursor === undefined ? undefined : readDeliveryCursor(cursor),
        channelId: channel_id,
        alertId: alert_id,
        status,
      });
      const deliveries = found.slice(0, limit);
      const last = deliveries.at(-1);
      return {
        deliveries,
        next_cursor: found.length > limit && last ? cursorAfter(last.delivery_id) : null,
      };
    },
  );

  app.post(
    `${PATH}/:delivery_id/retry`,
    {
      schema: {
        tags: ['notifications'],
        summary: 'Send a message again that was not delivered',
        description:
          'At once, with the same idempotency key, and for another 24 hours. 409 for one that was delivered or is being sent.',
        params: Type.Object({ delivery_id: IdSchema }),
        response: { 202: DeliverySchema },
      },
    },
    async (request, reply) => {
      const { tenantId } = await authenticator.require(request, 'admin');
      return reply.code(202).send(await retryDelivery(pool, tenantId, request.params.delivery_id));
    },
  );
  done();
};
