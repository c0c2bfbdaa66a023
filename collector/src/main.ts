import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import { createApp } from './app.ts';
import { printableConfiguration, readConfiguration } from './configuration/configuration.ts';
import { openDatabase } from './database/connect.ts';
import { createPool, type Pool } from './database/pool.ts';
import { CollectorError } from './http/errors.ts';
import { createLogger } from './logging.ts';
import { syncTimescalePolicies } from './retention/timescale-policies.ts';
import { createSignInLink, LINK_MINUTES, signInUrl } from './sessions/sign-in-links.ts';
import { setUp } from './tenants/setup.ts';

/** Longest time that SIGTERM waits for what is under way. */
const DRAIN_MS = 30_000;
const POLICIES_EVERY_MS = 3_600_000;

async function start(): Promise<void> {
  const configuration = readConfiguration();
  const logger = createLogger(configuration.LOG_LEVEL);
  logger.info({ configuration: printableConfiguration(configuration) }, 'PromptOps Analytics starts');

  const database = await openDatabase(configuration, logger);
  let closing = false;
  void database.died.then((error) => {
    if (closing) return;
    logger.fatal({ err: error }, 'the database is gone');
    process.exit(1);
  });
  try {
    const pool = createPool({
      connectionString: database.connectionString,
      max: 2,
      applicationName: 'promptops-setup',
    });
    const { engine, applied, tenantId, generatedApiKey, signInToken } = await prepare(
      pool,
      configuration.BOOTSTRAP_API_KEY,
    ).finally(() => pool.end());
    logger.info(
      { engine: engine.kind, migrations: applied },
      `Database: ${engine.description}, ${database.description}`,
    );

    const policies =
      engine.kind === 'timescaledb' ? keepPolicies(database.connectionString, logger) : undefined;
    await policies?.ready;

    const app = await createApp({
      configuration,
      connectionString: database.connectionString,
      engine: engine.kind,
      logger,
    });
    const address = await app.listen({ host: configuration.HOST, port: configuration.PORT });
    printWelcome(
      address,
      tenantId,
      generatedApiKey,
      signInUrl(configuration.PUBLIC_URL ?? address, signInToken),
    );

    closeWithGrace({ delay: DRAIN_MS, logger: false }, async ({ signal, err }) => {
      if (err) logger.fatal({ err }, 'unexpected error, closing');
      else logger.info({ signal }, 'closing: what came in is committed first');
      closing = true;
      await app.close();
      await policies?.stop();
      await database.close();
    });
  } catch (error) {
    closing = true;
    await database.close();
    throw error;
  }
}

/** Sets the database up, and makes a link for whoever starts the collector: who reads what it prints may read its first key as well. */
async function prepare(pool: Pool, bootstrapApiKey: string | undefined) {
  const done = await setUp(pool, bootstrapApiKey);
  const signInToken = await createSignInLink(pool, { tenantId: done.tenantId, scopes: ['admin'] });
  return { ...done, signInToken };
}

/** TimescaleDB's policies follow `data_retention_policies`, now and every hour. */
function keepPolicies(
  connectionString: string,
  logger: Logger,
): { ready: Promise<void>; stop: () => Promise<void> } {
  const pool = createPool({ connectionString, max: 1, applicationName: 'promptops-policies' });
  const sync = async (): Promise<void> => {
    try {
      const changes = await syncTimescalePolicies(pool);
      if (changes.length > 0)
        logger.info({ changes }, 'policies brought in step with data_retention_policies');
    } catch (err) {
      logger.warn(
        { err },
        'policies could not be brought in step with data_retention_policies; trying again',
      );
    }
  };
  const ready = sync();
  const timer = setInterval(() => void sync(), POLICIES_EVERY_MS).unref();
  return {
    ready,
    stop: async () => {
      clearInterval(timer);
      await pool.end();
    },
  };
}

function printWelcome(
  address: string,
  tenantId: string,
  apiKey: string | undefined,
  signInLink: string,
): void {
  const lines = [
    '',
    `  PromptOps Analytics   ${address}/analytics`,
    `  Sign in with          ${signInLink}`,
    `                        (once, within ${LINK_MINUTES} minutes; another: npm run promptops -- sign-in-link)`,
    `  API description       ${address}/docs`,
    `  Send events to        ${address}/v1/client/usage/log`,
  ];
  if (apiKey !== undefined) {
    lines.push(
      `  API key (tenant ${tenantId})  ${apiKey}`,
      '  This key is shown once: keep it. Make others with: npm run promptops -- api-key create',
    );
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

start().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exit(1);
});

/** One sentence for what an operator can mend; a stack for what is a bug. */
function describe(error: unknown): string {
  if (error instanceof CollectorError) return error.message;
  const code = (error as { code?: string } | null)?.code;
  const { HOST = '127.0.0.1', PORT = '8080' } = process.env;
  if (code === 'EADDRINUSE')
    return `Port ${PORT} on ${HOST} is taken by another program. Stop it, or set PORT to another port.`;
  if (code === 'EADDRNOTAVAIL') return `HOST ${HOST} is not an address of this machine.`;
  if (code === 'EACCES') return `This user may not listen on port ${PORT}. Set PORT to one above 1023.`;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `The database of DATABASE_URL cannot be reached (${code}). Start it, or unset DATABASE_URL to use the embedded PostgreSQL.`;
  }
  if (code === '28P01' || code === '28000' || code === '3D000') {
    return `The database of DATABASE_URL refuses the connection: ${(error as Error).message}.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
