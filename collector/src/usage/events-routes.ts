import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { EventParams, EventQuery, findEvent } from '../pricing/find-event.ts';
import type { LivePrices } from '../pricing/live-prices.ts';
import { priceAnswer, PriceSchema } from '../pricing/price-answer.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { FreshnessSchema, PeriodQuery, RangeSchema, type PeriodQueryValues } from './answer-parts.ts';
import { readCursor } from './event-cursor.ts';
import { MAX_LOOKED_AT, readEvents } from './events.ts';
import { FilterQueryPatterns, FilterQueryProperties, readFilters } from './filters.ts';
import { readRange } from './period.ts';
import { storedEvent, StoredEventSchema } from './stored-event.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

const PageSchema = Type.Object({
  period: RangeSchema,
  events: Type.Array(StoredEventSchema, { description: 'The newest first' }),
  next_cursor: Type.Union([Type.String(), Type.Null()], {
    description: 'For the page of older events; null: there are none in the period',
  }),
  searched_back_to: Type.String({
    description: `How far the page looked. A page looks at ${MAX_LOOKED_AT} events at the most: with a filter that few pass it may be short, or empty, and have a next_cursor`,
  }),
  freshness: FreshnessSchema,
});

const DetailSchema = Type.Object({
  ...StoredEventSchema.properties,
  price: Type.Union([PriceSchema, Type.Null()], { description: 'The price that made the cost' }),
  discount: Type.Union([PriceSchema, Type.Null()], { description: 'The discount that was taken off' }),
  links: Type.Object({
    self: Type.String(),
    cost: Type.String({ description: 'What the cost is made of, and why this price' }),
    session: Type.Union([Type.String(), Type.Null()], {
      description: 'The events of the same session that day',
    }),
  }),
});

const EVENTS_PATH = '/v1/analytics/usage/events';

/** `GET /v1/analytics/usage/events`: events, the newest first, by pages; `…/events/{event_id}`: one of them with its price. */
export const eventsRoutes: FastifyPluginCallbackTypebox<{
  readPool: Pool;
  authenticator: Authenticator;
  prices: LivePrices;
}> = (app, { readPool, authenticator, prices }, done) => {
  app.get(
    EVENTS_PATH,
    {
      schema: {
        tags: ['analytics'],
        summary: 'Events, the newest first, by pages',
        description:
          'Ask again with next_cursor for older ones; the cursor keeps the period of the first page. Pages stay as they are while new events come in.',
        querystring: Type.Object(
          {
            limit: Type.Optional(
              Type.Integer({ minimum: 1, maximum: MAX_LIMIT, description: `Default ${DEFAULT_LIMIT}` }),
            ),
            cursor: Type.Optional(
              Type.String({
                maxLength: 300,
                description: 'next_cursor of the page before, with the same filters',
              }),
            ),
            ...PeriodQuery,
            ...FilterQueryProperties,
          },
          { additionalProperties: false, patternProperties: FilterQueryPatterns },
        ),
        response: { 200: PageSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const query = request.query as PeriodQueryValues & { limit?: number; cursor?: string };
      const filters = readFilters(query);
      const range = readRange(query, Date.now());
      const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor, filters);
      return readEvents(readPool, {
        tenantId,
        range: cursor ? { ...range, startMs: cursor.startMs, endMs: cursor.endMs } : range,
        filters,
        limit: query.limit ?? DEFAULT_LIMIT,
        after: cursor,
      });
    },
  );

  app.get(
    `${EVENTS_PATH}/:event_id`,
    {
      schema: {
        tags: ['analytics'],
        summary: 'One event: everything that is stored of it, with the price that made its cost',
        params: EventParams,
        querystring: EventQuery,
        response: { 200: DetailSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const { event_id: eventId } = request.params;
      const found = await findEvent(readPool, tenantId, eventId, request.query.timestamp);
      await prices.refresh();
      const { book } = prices.current;
      const event = storedEvent(found.row, found.receivedAt);
      const price = event.price_id === null ? undefined : book.get(event.price_id);
      const discount = event.discount_id === null ? undefined : book.get(event.discount_id);
      const self = `${EVENTS_PATH}/${encodeURIComponent(event.event_id)}`;
      const at = `?timestamp=${encodeURIComponent(event.timestamp)}`;
      const day = event.timestamp.slice(0, 10);
      return {
        ...event,
        price: price === undefined ? null : priceAnswer(price),
        discount: discount === undefined ? null : priceAnswer(discount),
        links: {
          self: `${self}${at}`,
          cost: `${self}/cost${at}`,
          session:
            event.session_id === null
              ? null
              : `${EVENTS_PATH}?start_date=${day}&end_date=${day}&session_id=${encodeURIComponent(event.session_id)}`,
        },
      };
    },
  );
  done();
};
