/**
 * Half an hour of steady traffic with everything else running: `node bench/sustained.ts [--minutes 30] [--rate 25000] [--batch 100]`.
 * Open loop: requests begin when their time has come. The collector refreshes the aggregates as always. Chunks of the log are five
 * minutes here instead of a day, and become columns when they are ten minutes old, so that half an hour has the work of several days. A line a
 * minute: accepted events/s, latency from the due time, memory, how far the aggregates are behind, chunks in rows and in columns.
 */
import { parseArgs } from 'node:util';
import { createPool } from '../collector/src/database/pool.ts';
import { CollectorProcess } from './collector-process.ts';
import { createBenchDatabase, describeEnvironment, grouped, quantile } from './environment.ts';
import { Bodies } from './load.ts';
import { openLoop } from './loops.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '25000' },
    batch: { type: 'string', default: '100' },
  },
});
const [minutes, rate, batch] = [Number(values.minutes), Number(values.rate), Number(values.batch)];

const database = await createBenchDatabase();
console.log(await describeEnvironment(database.connectionString));
const collector = await CollectorProcess.start(database.connectionString);
const pool = createPool({ connectionString: database.connectionString, max: 2, applicationName: 'bench' });
try {
  await pool.query(`SELECT set_chunk_time_interval('client_usage_logs', INTERVAL '5 minutes')`);
  await pool.query(`CALL remove_columnstore_policy('client_usage_logs', if_exists => true)`);
  await pool.query(
    `CALL add_columnstore_policy('client_usage_logs', after => INTERVAL '10 minutes', schedule_interval => INTERVAL '1 minute')`,
  );
  const bodies = new Bodies(batch);
  await openLoop(collector.door, bodies, batch, rate / 2, 5_000);
  const [p99s, rates]: [number[], number[]] = [[], []];
  let [refused, peak] = [0, 0];
  for (let minute = 1; minute <= minutes; minute += 1) {
    const run = await openLoop(collector.door, bodies, batch, rate, 60_000);
    const rss = await collector.residentMegabytes();
    p99s.push(run.p99);
    rates.push(run.eventsPerSecond);
    refused += run.refused;
    peak = Math.max(peak, rss);
    console.log(
      `minute ${minute}: ${grouped(run.eventsPerSecond)} events/s; p50 ${run.p50.toFixed(0)} p99 ${run.p99.toFixed(0)} ms; refused ${run.refused}; ${rss} MB RSS; ${await state()}`,
    );
  }
  const sorted = (list: number[]): string => [0, 0.5, 1].map((q) => grouped(quantile(list, q))).join(' / ');
  console.log(
    `${minutes} minutes in batches of ${batch}: events/s ${sorted(rates)}; p99 by minute ${sorted(p99s)} ms; refused ${refused}; peak ${peak} MB RSS`,
  );
  const { rows } = await pool.query<{ failures: number; jobs: number }>(
    `SELECT count(*) FILTER (WHERE last_run_status = 'Failed')::int AS failures, count(*)::int AS jobs FROM timescaledb_information.job_stats`,
  );
  console.log(`policy jobs: ${rows[0]?.jobs ?? 0}, last run failed: ${rows[0]?.failures ?? 0}`);
} finally {
  await collector.stop();
  await pool.end();
  await database.drop();
}
process.exit(0);

/** How far behind the kept part of each end of the aggregates is, and what form the log's chunks have. */
async function state(): Promise<string> {
  const { rows } = await pool.query<{ as_rows: number; as_columns: number; queued: number }>(
    `SELECT (SELECT count(*)::int FROM timescaledb_information.chunks WHERE hypertable_name = 'client_usage_logs' AND NOT is_compressed) AS as_rows,
            (SELECT count(*)::int FROM timescaledb_information.chunks WHERE hypertable_name = 'client_usage_logs' AND is_compressed) AS as_columns,
            (SELECT count(*)::int FROM usage_refresh_queue) AS queued`,
  );
  const { as_rows = 0, as_columns = 0, queued = 0 } = rows[0] ?? {};
  const { rows: edges } = await pool.query<{ lag: number | null }>(
    `SELECT round(extract(epoch FROM now() - max(_timescaledb_functions.to_timestamp(w.watermark))) / 60)::int AS lag
     FROM _timescaledb_catalog.continuous_agg c JOIN _timescaledb_catalog.continuous_aggs_watermark w USING (mat_hypertable_id)
     WHERE c.user_view_name = 'usage_rollup_quarter_hour' AND w.watermark > 0`,
  );
  return `quarter hours kept up to ${edges[0]?.lag ?? '-'} min ago, ranges to refresh ${queued}; chunks ${as_rows} as rows, ${as_columns} as columns`;
}
