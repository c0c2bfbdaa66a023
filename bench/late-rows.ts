/**
 * What late events cost the aggregates of TimescaleDB: `node bench/late-rows.ts [--events 3000000] [--days 30] [--batch 200000]`.
 * A month is there and refreshed; then a batch of events comes, of which 0, 1 and 10 % are spread over that month and the rest belong to the
 * newest hour, and every aggregate is refreshed as the collector does it. Afterwards the aggregates are compared with the log.
 */
import { parseArgs } from 'node:util';
import { createPool } from '../collector/src/database/pool.ts';
import { setUp } from '../collector/src/tenants/setup.ts';
import { CONTINUOUS_AGGREGATES, UsageRefresher } from '../collector/src/usage/refresher.ts';
import { createBenchDatabase, describeEnvironment, grouped, quantile } from './environment.ts';
import { generateEvents } from './generate-events.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '3000000' },
    days: { type: 'string', default: '30' },
    batch: { type: 'string', default: '200000' },
    runs: { type: 'string', default: '3' },
  },
});
const [events, days, batch] = [Number(values.events), Number(values.days), Number(values.batch)];
const TENANTS = 20;
const HOUR_MS = 3_600_000;

const database = await createBenchDatabase();
console.log(await describeEnvironment(database.connectionString));
const pool = createPool({ connectionString: database.connectionString, max: 3, applicationName: 'bench' });
try {
  await setUp(pool, undefined);
  await pool.query(
    `SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL`,
  );
  // The newest hour ends a quarter of an hour ago, so that all of it is behind the edge that the refresher keeps.
  const endMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
  await generateEvents(pool, { events, days, tenants: TENANTS, endMs }, () => undefined);
  const refresher = new UsageRefresher(pool, { warn: (details, message) => console.warn(message, details) });
  await refresher.refresh(true);
  for (const share of [0, 0.01, 0.1]) {
    const seconds: number[] = [];
    for (let run = 0; run <= Number(values.runs); run += 1) {
      const late = Math.round(batch * share);
      await generateEvents(
        pool,
        { events: batch - late, days: 1 / 24, tenants: TENANTS, endMs: endMs + HOUR_MS },
        () => undefined,
      );
      if (late > 0)
        await generateEvents(pool, { events: late, days, tenants: TENANTS, endMs }, () => undefined);
      const start = performance.now();
      await refresher.refresh(true);
      if (run > 0) seconds.push((performance.now() - start) / 1000); // the first is the warm-up
    }
    const figures = [0, 0.5, 1].map((q) => quantile(seconds, q));
    console.log(
      `${grouped(batch)} events, ${share * 100} % late over ${days} days: refresh of all aggregates ${figures.map((value) => value.toFixed(2)).join(' / ')} s (${grouped(batch / (figures[1] ?? NaN))} events/s)`,
    );
  }
  const { rows } = await pool.query<{ log: string; kept: string }>(
    `SELECT (SELECT count(*) FROM client_usage_logs)::text AS log, (SELECT sum(request_count) FROM usage_rollup_day)::text AS kept`,
  );
  console.log(
    `events in the log ${rows[0]?.log ?? ''}, in the days ${rows[0]?.kept ?? ''}; aggregates: ${CONTINUOUS_AGGREGATES.length}`,
  );
} finally {
  await pool.end();
  await database.drop();
}
