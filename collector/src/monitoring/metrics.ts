import type { FastifyPluginCallback } from 'fastify';
import type { Registry } from 'prom-client';
import { Type } from 'typebox';
import type { Authenticator, Principal } from '../tenants/authenticator.ts';

interface MetricsOptions {
  registry: Registry;
  authenticator: Authenticator;
  /** Metrics with a tenant's own names in them, in Prometheus text format: each makes what a principal may see, and no more. */
  perPrincipal?: readonly ((principal: Principal) => Promise<string>)[];
}

/** `GET /metrics` for Prometheus, with a key of scope `metrics`. */
export const metricsRoutes: FastifyPluginCallback<MetricsOptions> = (
  app,
  { registry, authenticator, perPrincipal = [] },
  done,
) => {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['health'],
        summary: 'Metrics in Prometheus text format',
        response: {
          200: {
            description: "The process's own metrics, and those of the key's tenant",
            content: { 'text/plain': { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      const principal = await authenticator.require(request, 'metrics');
      const own = perPrincipal.map((metrics) =>
        // These ask the database; while it is away the process tells of itself all the same.
        metrics(principal).catch((err: unknown) => {
          request.log.warn({ err }, 'some metrics could not be read');
          return '';
        }),
      );
      return reply
        .type(registry.contentType)
        .send([await registry.metrics(), ...(await Promise.all(own))].join(''));
    },
  );
  done();
};
