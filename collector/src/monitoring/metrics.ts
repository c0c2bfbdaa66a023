import type { FastifyPluginCallback } from 'fastify';
import type { Registry } from 'prom-client';
import type { Authenticator } from '../tenants/authenticator.ts';

/** `GET /metrics` for Prometheus, with a key of scope `metrics`. */
export const metricsRoutes: FastifyPluginCallback<{ registry: Registry; authenticator: Authenticator }> = (
  app,
  { registry, authenticator },
  done,
) => {
  app.get(
    '/metrics',
    { schema: { tags: ['health'], summary: 'Metrics in Prometheus text format' } },
    async (request, reply) => {
      await authenticator.require(request, 'metrics');
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );
  done();
};
