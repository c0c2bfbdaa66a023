import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { IdSchema } from '../http/schema-parts.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { describeRoute, readRoute, RouteBody, RoutePatch, RouteSchema } from './route.ts';
import { createRoute, deleteRoute, findRoute, listRoutes, updateRoute } from './route-store.ts';

const PATH = '/v1/analytics/notification-routes';
const Id = Type.Object({ route_id: IdSchema });

/** Notification routes: which alerts go to which channels. */
export const routeRoutes: FastifyPluginCallbackTypebox<{ pool: Pool; authenticator: Authenticator }> = (
  app,
  { pool, authenticator },
  done,
) => {
  app.get(
    PATH,
    {
      schema: {
        tags: ['notifications'],
        summary: 'Which alerts go to which channels, in the order in which it is asked',
        response: {
          200: Type.Object({
            routes: Type.Array(RouteSchema, {
              description: 'None: every channel gets every alert of severity medium and above',
            }),
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      return { routes: (await listRoutes(pool, [tenantId])).map(describeRoute) };
    },
  );

  app.post(
    PATH,
    {
      schema: {
        tags: ['notifications'],
        summary: 'Make a notification route',
        description:
          'The first enabled route that is about an alert takes it; later ones are asked too if that one says continue. With routes, an alert that none is about is told to nobody.',
        body: RouteBody,
        response: { 201: RouteSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, keyId } = await authenticator.require(request, 'admin');
      const route = await createRoute(pool, tenantId, (from) => readRoute(request.body, from), keyId);
      return reply.code(201).send(describeRoute(route));
    },
  );

  app.get(
    `${PATH}/:route_id`,
    {
      schema: {
        tags: ['notifications'],
        summary: 'A notification route',
        params: Id,
        response: { 200: RouteSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      return describeRoute(await findRoute(pool, tenantId, request.params.route_id));
    },
  );

  app.patch(
    `${PATH}/:route_id`,
    {
      schema: {
        tags: ['notifications'],
        summary: 'Change some fields of a notification route',
        params: Id,
        body: RoutePatch,
        response: { 200: RouteSchema },
      },
    },
    async (request) => {
      const { tenantId, keyId } = await authenticator.require(request, 'admin');
      const read = (from: Parameters<typeof readRoute>[1]) => readRoute(request.body, from);
      return describeRoute(await updateRoute(pool, tenantId, request.params.route_id, read, keyId));
    },
  );

  app.delete(
    `${PATH}/:route_id`,
    {
      schema: {
        tags: ['notifications'],
        summary: 'Delete a notification route',
        params: Id,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { tenantId } = await authenticator.require(request, 'admin');
      await deleteRoute(pool, tenantId, request.params.route_id);
      return reply.code(204).send(null);
    },
  );
  done();
};
