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
await pipeline(
  client.query(
    copyTo(`COPY (
      SELECT tenant_id, "timestamp", event_uuid, project_id, prompt_id, prompt_version, endpoint, model_provider, model_name, service_tier,
        environment, user_id, session_id, stream, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
        reasoning_tokens, tokens_requested, tokens_used, response_time_us, time_to_first_token_us, latency_bucket, status, status_code,
        error_type, cache_hit, cost_nano_usd, price_source, price_version, reported_cost_nano_usd, metadata, received_at
      FROM client_usage_logs
    ) TO STDOUT (FORMAT csv, HEADER)`),
  ),
  createWriteStream(values.file),
);
await client.end();
