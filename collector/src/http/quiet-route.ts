import type { FastifyInstance, LogLevel } from 'fastify';

const LOUD = new Set(['trace', 'debug', 'info']);

/**
 * Log level of a route that is called too often for two lines a request: warnings and above, or what LOG_LEVEL says where that is
 * less. (A route's own level replaces the logger's.)
 */
export function quietLogLevel(app: FastifyInstance): LogLevel {
  const { level } = app.log as unknown as { level: string };
  return LOUD.has(level) ? 'warn' : (level as LogLevel);
}
