import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createApp } from '../app.ts';
import { readConfiguration } from '../configuration/configuration.ts';
import { openDatabase } from '../database/connect.ts';
import { createPool } from '../database/pool.ts';
import { createLogger } from '../logging.ts';
import { openApiText } from '../openapi/document.ts';
import { setUp } from '../tenants/setup.ts';
import type { Command } from './main.ts';

export const openApiCommand: Command = {
  summary: 'Print the description of the API (OpenAPI 3.1), as a running collector serves it at /docs/json',
  usage: `promptops openapi [--output <file>]

The description is that of this version, whatever is configured; it is made on a database of its own that is gone afterwards.
`,
  run: async (args) => {
    const { values } = parseArgs({ args, options: { output: { type: 'string', short: 'o' } } });
    const text = await describe();
    if (values.output === undefined) process.stdout.write(text);
    else await writeFile(values.output, text);
  },
};

async function describe(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'promptops-openapi-'));
  const logger = createLogger('warn');
  const configuration = { ...readConfiguration({}), DATA_DIR: folder, EMBEDDED_POSTGRES_PORT: 0 };
  const database = await openDatabase(configuration, logger);
  try {
    const pool = createPool({
      connectionString: database.connectionString,
      max: 2,
      applicationName: 'promptops-cli',
    });
    const { engine } = await setUp(pool, undefined).finally(() => pool.end());
    const app = await createApp({
      configuration,
      connectionString: database.connectionString,
      engine: engine.kind,
      logger,
    });
    try {
      await app.ready();
      return openApiText(app);
    } finally {
      await app.close();
    }
  } finally {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}
