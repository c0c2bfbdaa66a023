/**
 * Analytics over HTTP on a database of generated events: `node bench/queries.ts [--events 1000000] [--days 90] [--tenants 20] [--requests 60]`.
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
  },
});
const [events, days, tenants] = [Number(values.events), Number(values.days), Number(values.tenants)];

const database = await createBenchDatabase();
console.log(await describeEnvironment(database.connectionString));
const pool = createPool({ connectionString: database.connectionString, max: 2, applicationName: 'bench' });
const timed = async (title: string, work: () => Promise<unknown>): Promise<void> => {
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${title}: ${seconds.toFixed(1)} s (${grouped(events / seconds)} events/s)`);
};
const bytes = async (): Promise<number> =>
  Number(
    (await pool.query<{ size: string }>(`SELECT hypertable_size('client_usage_logs')::text AS size`)).rows[0]
      ?.size,
  );

const { engine } = await setUp(pool, undefined);
await timed('generate', () => generateEvents(pool, { events, days, tenants }, (line) => console.log(line)));
const uncompressed = (await bytes()) / events;
for (const { name } of CONTINUOUS_AGGREGATES)
  await timed(`refresh ${name}`, () =>
    pool.query(`CALL refresh_continuous_aggregate('${name}', NULL, NULL)`),
  );
await timed('to the columnstore', async () => {
  await pool.query(
    `DO $$ DECLARE c regclass; BEGIN FOR c IN SELECT show_chunks('client_usage_logs', older_than => INTERVAL '1 day') LOOP CALL convert_to_columnstore(c); COMMIT; END LOOP; END $$`,
  );
  for (const { name } of CONTINUOUS_AGGREGATES) {
    await pool.query(
      `DO $$ DECLARE c regclass; BEGIN FOR c IN SELECT show_chunks('${name}', older_than => INTERVAL '14 days') LOOP CALL convert_to_columnstore(c); COMMIT; END LOOP; END $$`,
    );
  }
});
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
const QUESTIONS: Record<string, string> = {
  'all, days in UTC': 'group_by=day',
  'all, days in Berlin': 'group_by=day&timezone=Europe/Berlin',
  'all, days in Kolkata': 'group_by=day&timezone=Asia/Kolkata',
  'all, hours in New York': 'group_by=hour&timezone=America/New_York',
  'one model, days in Berlin': 'group_by=day&timezone=Europe/Berlin&model_name=gpt-4o',
  'one project, weeks in Berlin': 'group_by=week&timezone=Europe/Berlin&project_id=project-2',
  'one prompt, days in Berlin': 'group_by=day&timezone=Europe/Berlin&prompt_id=prompt-7',
};
const ask = async (tenant: string, question: string): Promise<number> => {
  const began = performance.now();
  const answer = await fetch(`${address}/v1/analytics/usage/overview?start_date=${start}&${question}`, {
    headers: { 'x-api-key': keys.get(tenant) ?? '' },
  });
  const body = (await answer.json()) as { summary?: { total_requests: number } };
  if (!body.summary?.total_requests)
    throw new Error(`No answer for ${tenant}: ${JSON.stringify(body).slice(0, 200)}`);
  return performance.now() - began;
};
console.log(`overview over ${days} days, ms p50 / p95 / max, cold then again:`);
for (const [title, question] of Object.entries(QUESTIONS)) {
  const passes: number[][] = [[], []];
  for (const pass of passes)
    for (let index = 0; index < Number(values.requests) / 2; index += 1)
      pass.push(await ask(`tenant-${1 + (index % Math.min(tenants, 12))}`, question));
  const of = (latencies: number[]): string =>
    [0.5, 0.95, 1].map((q) => quantile(latencies, q).toFixed(0)).join(' / ');
  console.log(`  ${title}: ${passes.map(of).join('; again ')}`);
}
await app.close();
await pool.end();
if (!values.keep) await database.drop();
else console.log(`kept: ${new URL(database.connectionString).pathname.slice(1)}`);
process.exit(0);
