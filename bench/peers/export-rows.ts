/**
 * Writes the events of a database that `bench/queries.ts --keep` left behind to a CSV file, for `query_ceilings.py`:
 * `node bench/peers/export-rows.ts --database bench_0123abcd --file rows.csv`.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { createBenchDatabase } from '../environment.ts';

const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    file: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || values.database === undefined || values.file === undefined) {
  console.log('node bench/peers/export-rows.ts --database NAME --file ROWS.csv');
  process.exit(values.help ? 0 : 2);
}
const client = new pg.Client({
  connectionString: (await createBenchDatabase(values.database)).connectionString,
});
await client.connect();
await client.query(`SET timezone = 'UTC'`);
// What is stored, not what is computed from it when read.
const { rows: columns } = await client.query<{ name: string }>(
  `SELECT column_name AS name FROM information_schema.columns
   WHERE table_schema = 'public' AND table_name = 'client_usage_logs' AND is_generated = 'NEVER' ORDER BY ordinal_position`,
);
const list = columns.map(({ name }) => client.escapeIdentifier(name)).join(', ');
await pipeline(
  client.query(copyTo(`COPY (SELECT ${list} FROM client_usage_logs) TO STDOUT (FORMAT csv, HEADER)`)),
  createWriteStream(values.file),
);
await client.end();
