import { readConfiguration } from '../configuration/configuration.ts';
import { joinDatabase } from '../database/connect.ts';
import { createPool, type Pool } from '../database/pool.ts';
import { createLogger } from '../logging.ts';

/** Runs a command's work on the configured database; joins the embedded server of a running collector, or starts it. */
export async function withDatabase<Result>(
  work: (pool: Pool, description: string) => Promise<Result>,
): Promise<Result> {
  const configuration = readConfiguration();
  const database = await joinDatabase(configuration, createLogger('warn'));
  const pool = createPool({
    connectionString: database.connectionString,
    max: 4,
    applicationName: 'promptops-cli',
  });
  try {
    return await work(pool, database.description);
  } finally {
    await pool.end();
    await database.close();
  }
}
