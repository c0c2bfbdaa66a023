import { join } from 'node:path';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Configuration } from '../configuration/configuration.ts';
import type { Pool } from '../database/pool.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { ExportRunner } from './export-runner.ts';
import { openStore } from './export-store.ts';
import { exportRoutes } from './routes.ts';
import { writeInThread } from './write-in-thread.ts';

export interface ExportsOptions {
  configuration: Configuration;
  pool: Pool;
  readPool: Pool;
  /** What the rows are read from, and with which settings: those of the reading path. */
  read: { connectionString: string; settings: Record<string, string> };
  authenticator: Authenticator;
  log: FastifyBaseLogger;
}

/** The routes of exports, and what writes them. Start it when the app is composed; stop it before the pools end. */
export async function registerExports(
  app: FastifyInstance,
  { configuration, pool, readPool, read, authenticator, log }: ExportsOptions,
): Promise<{ start: () => void; stop: () => Promise<void> }> {
  const folder = configuration.EXPORT_DIR ?? join(configuration.DATA_DIR, 'exports');
  const store = openStore({ folder });
  const limits = {
    maxRows: configuration.EXPORT_MAX_ROWS,
    maxFileBytes: configuration.EXPORT_MAX_FILE_BYTES,
    keepHours: configuration.EXPORT_KEEP_HOURS,
    maxOpen: configuration.EXPORT_MAX_OPEN,
    concurrency: configuration.EXPORT_CONCURRENCY,
  };
  const runner = new ExportRunner({
    pool,
    write: (options) => writeInThread({ ...read, store: { folder } }, options),
    store,
    limits,
    log,
  });
  await app.register(exportRoutes, {
    pool,
    readPool,
    authenticator,
    store,
    limits,
    wake: () => runner.wake(),
  });
  return { start: () => runner.start(), stop: () => runner.stop() };
}
