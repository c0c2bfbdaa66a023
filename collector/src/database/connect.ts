import type { Logger } from 'pino';
import type { Configuration } from '../configuration/configuration.ts';
import { findEmbeddedPostgres, holdOwnership, startEmbeddedPostgres } from './embedded-postgres.ts';

export interface Database {
  connectionString: string;
  /** For people: which server this is. */
  description: string;
  /** Resolves when an embedded server ends by itself; never for another server. */
  died: Promise<Error>;
  close(): Promise<void>;
}

/** The database of the configuration: DATABASE_URL, or an embedded PostgreSQL that lives as long as this process. */
export async function openDatabase(configuration: Configuration, logger: Logger): Promise<Database> {
  if (configuration.DATABASE_URL !== undefined) return external(configuration.DATABASE_URL);
  const server = await startEmbeddedPostgres({
    dataDir: configuration.DATA_DIR,
    port: configuration.EMBEDDED_POSTGRES_PORT,
    log: logger,
  });
  const releaseOwnership = await holdOwnership(server.connectionString);
  return {
    connectionString: server.connectionString,
    description: `embedded PostgreSQL in ${server.directory}, 127.0.0.1:${server.port}`,
    died: server.died,
    close: async () => {
      await releaseOwnership();
      await server.stop();
    },
  };
}

/** As openDatabase, but joins the embedded server of a collector that is running on the same folder. */
export async function joinDatabase(configuration: Configuration, logger: Logger): Promise<Database> {
  const running =
    configuration.DATABASE_URL === undefined ? await findEmbeddedPostgres(configuration.DATA_DIR) : undefined;
  return running === undefined ? openDatabase(configuration, logger) : external(running);
}

function external(connectionString: string): Database {
  return {
    connectionString,
    description: new URL(connectionString).host,
    died: new Promise(() => undefined),
    close: () => Promise.resolve(),
  };
}
