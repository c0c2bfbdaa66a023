import { parseArgs } from 'node:util';
import { readConfiguration } from '../configuration/configuration.ts';
import { joinDatabase } from '../database/connect.ts';
import { createPool } from '../database/pool.ts';
import { moveToTimescale } from '../engine-move/move.ts';
import { CollectorError } from '../http/errors.ts';
import { createLogger } from '../logging.ts';
import { syncTimescalePolicies } from '../retention/timescale-policies.ts';
import type { Command } from './main.ts';
import { startProgress, type Progress } from './progress.ts';

export const moveToTimescaleCommand: Command = {
  summary: 'Move everything from plain or embedded PostgreSQL to a TimescaleDB',
  usage: `promptops move-to-timescaledb --to postgres://… [--from postgres://…] [--without-old-rollups]

From: --from, or the database of this configuration (the embedded one under DATA_DIR without DATABASE_URL). Stop the collector first.
Can be broken off and run again. The source is not changed; the totals of every tenant and day are compared at the end.
`,
  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: {
        to: { type: 'string' },
        from: { type: 'string' },
        'without-old-rollups': { type: 'boolean', default: false },
      },
    });
    if (values.to === undefined) throw new CollectorError(`Say where to:\n${moveToTimescaleCommand.usage}`);
    const database = await joinDatabase(
      { ...readConfiguration(), ...(values.from === undefined ? {} : { DATABASE_URL: values.from }) },
      createLogger('warn'),
    );
    const source = createPool({
      connectionString: database.connectionString,
      max: 2,
      applicationName: 'promptops-move',
    });
    const target = createPool({ connectionString: values.to, max: 3, applicationName: 'promptops-move' });
    let progress: Progress | undefined;
    try {
      const result = await moveToTimescale({
        source,
        target,
        withoutOldRollups: values['without-old-rollups'],
        onProgress: ({ rowsMoved, rowsTotal }) => {
          progress ??= startProgress({ output: process.stdout, label: 'moving', total: rowsTotal });
          progress.update(rowsMoved);
        },
      });
      await syncTimescalePolicies(target);
      process.stdout.write(
        `Moved ${result.rows} events (${result.daysSkipped} days were there from an earlier run). ` +
          `Requests, tokens and cost of ${result.tenantDaysCompared} tenant-days are the same on both sides.\n` +
          `Start the collector with DATABASE_URL set to the new database.\n`,
      );
    } finally {
      progress?.stop();
      await source.end();
      await target.end();
      await database.close();
    }
  },
};
