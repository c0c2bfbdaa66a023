import type { FastifyPluginCallback } from 'fastify';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { quietLogLevel } from '../http/quiet-route.ts';

const WellSchema = Type.Object({ status: Type.Literal('ok') });

/** Liveness: the process answers. Readiness: the database takes writes. */
export const healthRoutes: FastifyPluginCallback<{ pool: Pool }> = (app, { pool }, done) => {
  app.get(
    '/health/live',
    {
      logLevel: quietLogLevel(app),
      schema: { tags: ['health'], summary: 'The process is alive', response: { 200: WellSchema } },
    },
    () => ({ status: 'ok' }),
  );
  app.get(
    '/health/ready',
    {
      logLevel: quietLogLevel(app),
      schema: {
        tags: ['health'],
        summary: 'The collector can store events now',
        response: { 200: WellSchema },
      },
    },
    async () => {
      try {
        const { rows } = await pool.query<{ read_only: boolean }>('SELECT pg_is_in_recovery() AS read_only');
        if (rows[0]?.read_only)
          throw new Problem('database-unavailable', 'The database is read-only.', { retryAfterSeconds: 2 });
      } catch (error) {
        if (error instanceof Problem) throw error;
        throw new Problem('database-unavailable', 'The database does not answer.', {
          retryAfterSeconds: 2,
          cause: error,
        });
      }
      return { status: 'ok' };
    },
  );
  done();
};
