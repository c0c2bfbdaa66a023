/**
 * Kept answers over HTTP: `node bench/answer-cache.ts [--events 300000] [--requests 4000] [--redis redis://…]`, on the TimescaleDB of TIMESCALE_DATABASE_URL.
 * Asks a dashboard's questions about 90 days, computed first, then kept: one at a time, from 16 clients, and with If-None-Match; then the
 * same question from 64 clients at once while nothing is kept. The collector is a process of its own.
 */
import { Agent, get } from 'node:http';
import { parseArgs } from 'node:util';
import { createPool } from '../collector/src/database/pool.ts';
import { setUp } from '../collector/src/tenants/setup.ts';
import { createApiKey } from '../collector/src/tenants/tenant-store.ts';
import { CONTINUOUS_AGGREGATES } from '../collector/src/usage/refresher.ts';
import { CollectorProcess } from './collector-process.ts';
import { createBenchDatabase, describeEnvironment, grouped, quantile } from './environment.ts';
import { generateEvents } from './generate-events.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '300000' },
    requests: { type: 'string', default: '4000' },
    redis: { type: 'string' },
  },
});
const DAYS = 90;
const TENANTS = 4;
const requests = Number(values.requests);

const database = await createBenchDatabase();
console.log(await describeEnvironment(database.connectionString));
const pool = createPool({ connectionString: database.connectionString, max: 2, applicationName: 'bench' });
await setUp(pool, undefined);
await generateEvents(pool, { events: Number(values.events), days: DAYS, tenants: TENANTS }, () => undefined);
for (const { name } of CONTINUOUS_AGGREGATES)
  await pool.query(`CALL refresh_continuous_aggregate('${name}', NULL, now() - interval '1 hour')`);
await pool.query('VACUUM ANALYZE');
const keys: string[] = [];
for (let tenant = 1; tenant <= TENANTS; tenant += 1) {
  const made = await createApiKey(pool, { tenant_id: `tenant-${tenant}`, name: 'bench', scopes: ['read'] });
  keys.push(made.api_key);
}
const collector = await CollectorProcess.start(
  database.connectionString,
  values.redis === undefined ? {} : { REDIS_URL: values.redis },
);

// Up to yesterday: what reaches to now is kept for seconds.
const PERIOD = `start_date=now-${DAYS}d/d&end_date=now-1d/d`;
const QUESTIONS = [
  `overview?${PERIOD}&group_by=day&timezone=Europe/Berlin`,
  `overview?${PERIOD}&group_by=hour&timezone=America/New_York`,
  `breakdown?${PERIOD}&dimension=model_name&group_by=day`,
  `breakdown?${PERIOD}&dimension=prompt_id&limit=100&group_by=day`,
  `compare?start_date=now-30d/d&end_date=now-1d/d&dimension=prompt_id`,
  `trends?${PERIOD}&measure=total_requests`,
];
interface Told {
  ms: number;
  bytes: number;
  status: number;
  etag: string;
  ageSeconds: number;
}
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
/** By the plain client, without decoding: the bytes up to the last, and the age at their end. */
function ask(question: string, key: string, headers: Record<string, string> = {}): Promise<Told> {
  const began = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<Told>();
  const url = `${collector.door.url}/v1/analytics/usage/${question}`;
  get(url, { agent, headers: { 'x-api-key': key, ...headers } }, (answer) => {
    let bytes = 0;
    let last: Buffer = Buffer.alloc(0);
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      last = chunk.length < 100 ? Buffer.concat([last, chunk]).subarray(-100) : chunk.subarray(-100);
    });
    answer.on('end', () => {
      const status = answer.statusCode ?? 0;
      if (status >= 400) {
        reject(new Error(`${question}: ${status} ${last.toString()}`));
        return;
      }
      const age = /"cache_age_seconds":([\d.]+)/.exec(last.toString())?.[1];
      const ms = performance.now() - began;
      resolve({ ms, bytes, status, etag: answer.headers.etag ?? '', ageSeconds: Number(age ?? 0) });
    });
  }).on('error', reject);
  return promise;
}
const shown = (times: readonly number[]): string =>
  [0.5, 0.95, 0.99, 1].map((q) => quantile(times, q).toFixed(2)).join(' / ');
async function load(
  question: string,
  clients: number,
  headers: Record<string, string> = {},
): Promise<Told[]> {
  const told: Told[] = [];
  let left = requests;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left-- > 0) told.push(await ask(question, keys[0] ?? '', headers));
    }),
  );
  return told;
}

console.log(
  `${grouped(Number(values.events))} events, ${TENANTS} tenants; ms p50 / p95 / p99 / max of ${requests} requests`,
);
for (const question of QUESTIONS) {
  const computed: number[] = [];
  for (const key of keys) computed.push((await ask(question, key)).ms);
  const { bytes, etag } = await ask(question, keys[0] ?? '');
  const alone = await load(question, 1);
  const together = await load(question, 16);
  const known = await load(question, 1, { 'if-none-match': etag });
  const isKept = [...alone, ...together].every(({ ageSeconds }) => ageSeconds > 0);
  if (!isKept || known.some(({ status }) => status !== 304)) throw new Error(`${question}: was not kept.`);
  const times = (list: readonly Told[]): string => shown(list.map(({ ms }) => ms));
  console.log(`${question} (${grouped(bytes / 1000)} kB)`);
  console.log(`  computed: ${shown(computed)}`);
  console.log(`  kept, one client: ${times(alone)}; 16 clients: ${times(together)}; 304: ${times(known)}`);
}
const stampede = `overview?${PERIOD}&group_by=day&timezone=Asia/Kolkata`;
const before = await computedAnswers();
const times = await Promise.all(Array.from({ length: 64 }, () => ask(stampede, keys[0] ?? '')));
console.log(
  `64 at once, nothing kept: ${shown(times.map(({ ms }) => ms))} ms, ${(await computedAnswers()) - before} computed`,
);
console.log(`collector: ${await collector.residentMegabytes()} MB resident`);

/** Answers that were computed so far. */
async function computedAnswers(): Promise<number> {
  const text = await (
    await fetch(`${collector.door.url}/metrics`, { headers: { 'x-api-key': collector.door.apiKey } })
  ).text();
  return Number(/promptops_answer_cache_requests_total\{outcome="miss"\} (\d+)/.exec(text)?.[1] ?? NaN);
}

agent.destroy();
await collector.stop();
await pool.end();
await database.drop();
