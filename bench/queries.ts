/**
 * Analytics over HTTP on a database of generated events: `node bench/queries.ts [--events 1000000] [--days 90] [--tenants 20] [--requests 60]`,
 * and with `--keep` and then `--database <its name>` the questions alone, again; `--only compare,errors` those of some routes; `--drop` drops it at the end.
 * Reports what generating, refreshing and compressing took, bytes an event before and after, the rows of each rollup, and the latency of each
 * route's questions: cold (first time that a tenant is asked about), again, and kept in the cache of answers.
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
import { ROUTES, type Route } from './questions.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    days: { type: 'string', default: '90' },
    tenants: { type: 'string', default: '20' },
    requests: { type: 'string', default: '60' },
    keep: { type: 'boolean', default: false },
    database: { type: 'string' },
    only: { type: 'string' },
    drop: { type: 'boolean', default: false },
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

const WITHOUT_CACHE = { 'cache-control': 'no-cache' };
/** Milliseconds until the whole answer was there. */
async function ask(
  tenant: string,
  { path, isFull }: Route,
  question: string,
  headers: Record<string, string>,
): Promise<number> {
  const period = path === 'usage/forecast' || question.includes('start_date') ? '' : `start_date=${start}&`;
  const began = performance.now();
  const answer = await fetch(`${address}/v1/analytics/${path}?${period}${question}`, {
    headers: { 'x-api-key': keys.get(tenant) ?? '', ...headers },
  });
  const text = await answer.text();
  const ms = performance.now() - began;
  if (answer.status !== 200 || !isFull(JSON.parse(text) as never))
    throw new Error(`No answer for ${tenant}: ${text.slice(0, 300)}`);
  return ms;
}

const only = values.only?.split(',');
const requests = Number(values.requests) / 2;
const tenantOf = (index: number): string => `tenant-${1 + (index % Math.min(tenants, 12))}`;
for (const [name, route] of Object.entries(ROUTES)) {
  if (only && !only.includes(name)) continue;
  console.log(`${name} over ${days} days, ms p50 / p95 / max: cold; again; kept`);
  for (const [title, question] of Object.entries(route.questions)) {
    const passes: number[][] = [[], [], []];
    for (const [pass, latencies] of passes.entries()) {
      for (let index = 0; index < requests; index += 1) {
        const tenant = tenantOf(index);
        // The first answer of a tenant is put into the cache here, which is not what is asked about.
        if (pass === 2) await ask(tenant, route, question, {});
        latencies.push(await ask(tenant, route, question, pass === 2 ? {} : WITHOUT_CACHE));
      }
    }
    const of = (latencies: number[], digits: number): string =>
      [0.5, 0.95, 1].map((q) => quantile(latencies, q).toFixed(digits)).join(' / ');
    console.log(
      `  ${title}: ${passes.map((latencies, pass) => of(latencies, pass === 2 ? 1 : 0)).join('; ')}`,
    );
  }
}
await app.close();
await pool.end();
if (values.drop || !(values.keep || values.database !== undefined)) await database.drop();
else console.log(`kept: ${new URL(database.connectionString).pathname.slice(1)}`);
process.exit(0);
