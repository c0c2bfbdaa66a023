/**
 * Analytics over HTTP on a database of generated events: `node bench/queries.ts [--events 1000000] [--days 90] [--tenants 20] [--requests 60]`,
 * and with `--keep` and then `--database <its name>` the questions alone, again.
 * Reports what generating, refreshing and compressing took, bytes an event before and after, the rows of each rollup, and the latency of the
 * overview: cold (first time that a tenant and filter is asked) and again.
 */
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { createApp } from '../collector/src/app.ts';
import { readConfiguration } from '../collector/src/configuration/configuration.ts';
import { createPool } from '../collector/src/database/pool.ts';
import { setUp } from '../collector/src/tenants/setup.ts';
import { createApiKey } from '../collector/src/tenants/tenant-store.ts';
import { CONTINUOUS_AGGREGATES } from '../collector/src/usage/refresher.ts';
import { createBenchDatabase, describeEnvironment, grouped, quantile } from './environment.ts';
import { generateEvents } from './generate-events.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    days: { type: 'string', default: '90' },
    tenants: { type: 'string', default: '20' },
    requests: { type: 'string', default: '60' },
    keep: { type: 'boolean', default: false },
    database: { type: 'string' },
  },
});
const [events, days, tenants] = [Number(values.events), Number(values.days), Number(values.tenants)];

const database = await createBenchDatabase(values.database);
console.log(await describeEnvironment(database.connectionString));
const pool = createPool({ connectionString: database.connectionString, max: 2, applicationName: 'bench' });
const bytes = async (): Promise<number> =>
  Number(
    (await pool.query<{ size: string }>(`SELECT hypertable_size('client_usage_logs')::text AS size`)).rows[0]
      ?.size,
  );
/** Seconds by title, over all windows. */
const took = new Map<string, number>();
const timed = async (title: string, work: () => Promise<unknown>): Promise<void> => {
  const start = performance.now();
  await work();
  took.set(title, (took.get(title) ?? 0) + (performance.now() - start) / 1000);
};

const { engine } = await setUp(pool, undefined);
if (values.database === undefined) await generate();

async function generate(): Promise<void> {
  // The policies would compete for the same chunks.
  await pool.query(
    `SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL`,
  );
  const DAY_MS = 86_400_000;
  const endMs = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  // In windows, so that the rows of a hundred million events need not all be there before they become columns.
  const windows = Math.max(1, Math.ceil(events / 10_000_000));
  let uncompressed = 0;
  for (let window = 0; window < windows; window += 1) {
    const [startsMs, endsMs] = [window, window + 1].map(
      (edge) => endMs - days * DAY_MS + Math.round((edge * days) / windows) * DAY_MS,
    ) as [number, number];
    if (windows > 1) console.log(`window ${window + 1} of ${windows}`);
    const before = window === 0 ? 0 : await bytes();
    await timed('generate', () =>
      generateEvents(
        pool,
        { events: events / windows, days: (endsMs - startsMs) / DAY_MS, tenants, endMs: endsMs },
        (line) => {
          if (windows === 1) console.log(line);
        },
      ),
    );
    uncompressed += (await bytes()) - before;
    for (const { name } of CONTINUOUS_AGGREGATES) {
      await timed(`refresh ${name}`, () =>
        // Whole UTC days: a refresh leaves out buckets that its window cuts.
        pool.query(`CALL refresh_continuous_aggregate('${name}', $1::timestamptz, $2::timestamptz)`, [
          window === 0 ? null : new Date(Math.floor(startsMs / DAY_MS) * DAY_MS),
          window === windows - 1 ? null : new Date(Math.floor(endsMs / DAY_MS) * DAY_MS),
        ]),
      );
    }
    await timed('to the columnstore', async () => {
      await pool.query(
        `DO $$ DECLARE c regclass; BEGIN
         FOR c IN SELECT format('%I.%I', chunk_schema, chunk_name)::regclass FROM timescaledb_information.chunks
                  WHERE hypertable_name = 'client_usage_logs' AND NOT is_compressed AND range_end <= least('${new Date(endsMs).toISOString()}'::timestamptz, now() - INTERVAL '1 day')
         LOOP CALL convert_to_columnstore(c); COMMIT; END LOOP; END $$`,
      );
    });
    for (const { name } of CONTINUOUS_AGGREGATES) {
      await timed('rollups to the columnstore', () =>
        pool.query(
          `DO $$ DECLARE c regclass; BEGIN
           FOR c IN SELECT format('%I.%I', k.chunk_schema, k.chunk_name)::regclass FROM timescaledb_information.chunks k
                    JOIN timescaledb_information.continuous_aggregates a ON a.materialization_hypertable_name = k.hypertable_name
                    WHERE a.view_name = '${name}' AND NOT k.is_compressed AND k.range_end <= least('${new Date(endsMs).toISOString()}'::timestamptz, now() - INTERVAL '14 days')
           LOOP CALL convert_to_columnstore(c); COMMIT; END LOOP; END $$`,
        ),
      );
    }
  }
  for (const [title, seconds] of took)
    console.log(`${title}: ${seconds.toFixed(1)} s (${grouped(events / seconds)} events/s)`);
  uncompressed /= events;
  await pool.query('VACUUM ANALYZE');
  console.log(
    `bytes an event, index included: ${uncompressed.toFixed(0)} as rows, ${((await bytes()) / events).toFixed(1)} with all but the last day as columns`,
  );
  for (const { name } of CONTINUOUS_AGGREGATES) {
    const { rows } = await pool.query<{ rows: number; size: string }>(
      `SELECT (SELECT count(*) FROM ${name}) AS rows, pg_size_pretty(hypertable_size('${name}')) AS size`,
    );
    console.log(
      `${name}: ${grouped(Number(rows[0]?.rows))} rows (1 to ${(events / Number(rows[0]?.rows)).toFixed(1)} events), ${rows[0]?.size ?? ''}`,
    );
  }
}

const app = await createApp({
  configuration: readConfiguration({}),
  connectionString: database.connectionString,
  engine: engine.kind,
  logger: pino({ level: 'silent' }),
});
const address = await app.listen({ port: 0, host: '127.0.0.1' });
const keys = new Map<string, string>();
for (let tenant = 1; tenant <= tenants; tenant += 1) {
  keys.set(
    `tenant-${tenant}`,
    (await createApiKey(pool, { tenant_id: `tenant-${tenant}`, name: 'bench', scopes: ['read'] })).api_key,
  );
}
const start = new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
const QUESTIONS: Record<string, Record<string, string>> = {
  overview: {
    'all, days in UTC': 'group_by=day',
    'all, days in Berlin': 'group_by=day&timezone=Europe/Berlin',
    'all, days in Kolkata': 'group_by=day&timezone=Asia/Kolkata',
    'all, hours in New York': 'group_by=hour&timezone=America/New_York',
    'one model, days in Berlin': 'group_by=day&timezone=Europe/Berlin&model_name=gpt-4o',
    'one project, weeks in Berlin': 'group_by=week&timezone=Europe/Berlin&project_id=project-2',
    'one prompt, days in Berlin': 'group_by=day&timezone=Europe/Berlin&prompt_id=prompt-7',
  },
  breakdown: {
    'models, days in Berlin': 'dimension=model_name&group_by=day&timezone=Europe/Berlin',
    'prompts, weeks in UTC': 'dimension=prompt_id&group_by=week',
    'prompts by model, days in Berlin':
      'dimension=prompt_id&dimension=model_name&group_by=day&timezone=Europe/Berlin',
    'projects in Kolkata': 'dimension=project_id&timezone=Asia/Kolkata',
    'prompts of one model, days in New York':
      'dimension=prompt_id&model_name=gpt-4o&group_by=day&timezone=America/New_York',
  },
};
const ask = async (tenant: string, route: string, question: string): Promise<number> => {
  const began = performance.now();
  const answer = await fetch(`${address}/v1/analytics/usage/${route}?start_date=${start}&${question}`, {
    headers: { 'x-api-key': keys.get(tenant) ?? '', 'cache-control': 'no-cache' },
  });
  const body = (await answer.json()) as Record<string, { total_requests?: number } | undefined>;
  if (!(body['summary'] ?? body['total'])?.total_requests)
    throw new Error(`No answer for ${tenant}: ${JSON.stringify(body).slice(0, 200)}`);
  return performance.now() - began;
};
for (const [route, questions] of Object.entries(QUESTIONS)) {
  console.log(`${route} over ${days} days, ms p50 / p95 / max, cold then again:`);
  for (const [title, question] of Object.entries(questions)) {
    const passes: number[][] = [[], []];
    for (const pass of passes)
      for (let index = 0; index < Number(values.requests) / 2; index += 1)
        pass.push(await ask(`tenant-${1 + (index % Math.min(tenants, 12))}`, route, question));
    const of = (latencies: number[]): string =>
      [0.5, 0.95, 1].map((q) => quantile(latencies, q).toFixed(0)).join(' / ');
    console.log(`  ${title}: ${passes.map(of).join('; again ')}`);
  }
}
await app.close();
await pool.end();
if (!values.keep) await database.drop();
else console.log(`kept: ${new URL(database.connectionString).pathname.slice(1)}`);
process.exit(0);
