import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SQL_DIRECTORY } from '../database/migrations.ts';
import { dumpSchema } from '../database/schema-dump.ts';
import { CollectorError } from '../http/errors.ts';
import { setUpSchema } from '../tenants/setup.ts';
import type { Command } from './main.ts';
import { withDatabase } from './with-database.ts';

export const schemaCommand: Command = {
  summary: 'Write sql/schema.sql, the net result of the migrations (for developers)',
  usage: `promptops schema dump\n`,
  run: async (args) => {
    if (args[0] !== 'dump') throw new CollectorError(`Say what to do:\n${schemaCommand.usage}`);
    const text = await withDatabase(async (pool) => {
      await setUpSchema(pool);
      return dumpSchema(pool);
    });
    await writeFile(join(SQL_DIRECTORY, 'schema.sql'), text);
  },
};
