/**
 * Ingest over HTTP: priced, de-duplicated, acknowledged after the commit. `node bench/ingest.ts [--seconds 20] [--runs 3] [--batches 1,10,100,1000]
 * [--connections 16] [--rate 0]`. In the same run, as the limit: the same rows by COPY straight into the table, and by COPY into a
 * staging table with `INSERT … ON CONFLICT`. With `--rate` events a second come in an open loop, for latencies that waiting cannot hide.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../collector/src/database/embedded-postgres.ts';
import { generateApiKey } from '../collector/src/tenants/api-key.ts';
import { measureCopy } from './copy-limit.ts';
import { createBenchDatabase, describeEnvironment, grouped, quantile } from './environment.ts';
import { Bodies, post, type Door } from './load.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    runs: { type: 'string', default: '3' },
    batches: { type: 'string', default: '1,10,100,1000' },
    connections: { type: 'string', default: '16' },
    rate: { type: 'string', default: '0' },
    'copy-rows': { type: 'string', default: '500000' },
  },
});
const WARM_UP_MS = 4_000;
const seconds = Number(values.seconds);

interface Run {
  eventsPerSecond: number;
  requestsPerSecond: number;
  p50: number;
  p99: number;
  refused: number;
}

async function closedLoop(door: Door, bodies: Bodies, connections: number, ms: number): Promise<Run> {
  const latencies: number[] = [];
  let [accepted, refused] = [0, 0];
  const start = performance.now();
  const end = start + ms;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) {
        const sent = performance.now();
        const answer = await post(door, bodies.take());
        latencies.push(performance.now() - sent);
        if (answer.status === 200) accepted += answer.accepted;
        else refused += 1;
      }
    }),
  );
  return summary(accepted, refused, latencies, performance.now() - start);
}

/** Requests begin when their time has come, answered or not: the latency of each counts from then. */
async function openLoop(door: Door, bodies: Bodies, batch: number, rate: number, ms: number): Promise<Run> {
  const latencies: number[] = [];
  let [accepted, refused] = [0, 0];
  const interval = (batch / rate) * 1000;
  const start = performance.now();
  const pending: Promise<void>[] = [];
  for (let due = start; due < start + ms; due += interval) {
    const wait = due - performance.now();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    const at = due;
    pending.push(
      post(door, bodies.take()).then((answer) => {
        latencies.push(performance.now() - at);
        if (answer.status === 200) accepted += answer.accepted;
        else refused += 1;
      }),
    );
  }
  await Promise.all(pending);
  return summary(accepted, refused, latencies, performance.now() - start);
}

function summary(accepted: number, refused: number, latencies: number[], ms: number): Run {
  return {
    eventsPerSecond: (accepted / ms) * 1000,
    requestsPerSecond: (latencies.length / ms) * 1000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    refused,
  };
}

const database = await createBenchDatabase();
console.log(await describeEnvironment(database.connectionString));
const port = await freePort();
const door: Door = { url: `http://127.0.0.1:${port}`, apiKey: generateApiKey() };
const collector = spawn(
  process.execPath,
  [...process.execArgv, join(import.meta.dirname, '../collector/src/main.ts')],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: database.connectionString,
      PORT: String(port),
      BOOTSTRAP_API_KEY: door.apiKey,
      LOG_LEVEL: 'warn',
    },
  },
);
try {
  for (;;) {
    if (await fetch(`${door.url}/health/ready`).then(({ ok }) => ok, () => false)) break; // prettier-ignore
    await new Promise((done) => setTimeout(done, 100));
  }
  const limit = await measureCopy(database.connectionString, Number(values['copy-rows']));
  console.log(
    `COPY into the table ${grouped(limit.copy)} rows/s; staged with ON CONFLICT ${grouped(limit.staged)} rows/s`,
  );
  for (const batch of values.batches.split(',').map(Number)) {
    const bodies = new Bodies(batch);
    const once = (ms: number): Promise<Run> =>
      Number(values.rate) > 0
        ? openLoop(door, bodies, batch, Number(values.rate), ms)
        : closedLoop(door, bodies, Number(values.connections), ms);
    await once(WARM_UP_MS);
    const runs: Run[] = [];
    for (let run = 0; run < Number(values.runs); run += 1) runs.push(await once(seconds * 1000));
    const of = (pick: (run: Run) => number): string =>
      [0, 0.5, 1].map((q) => grouped(quantile(runs.map(pick), q))).join(' / ');
    const share = quantile(runs.map((run) => run.eventsPerSecond), 0.5) / limit.staged; // prettier-ignore
    console.log(
      `batch ${batch} (${Math.round(bodies.bytesPerEvent)} B an event): events/s min/median/max ${of((run) => run.eventsPerSecond)}; ` +
        `requests/s ${of((run) => run.requestsPerSecond)}; p50 ${of((run) => run.p50)} ms; p99 ${of((run) => run.p99)} ms; ` +
        `${Math.round(share * 100)} % of staged COPY; refused ${runs.reduce((sum, { refused }) => sum + refused, 0)}; ` +
        `collector ${await residentMegabytes()} MB RSS`,
    );
  }
} finally {
  collector.kill('SIGTERM');
  await new Promise((done) => collector.once('close', done));
  await database.drop();
}
process.exit(0);

async function residentMegabytes(): Promise<number> {
  const status = await readFile(`/proc/${collector.pid ?? 0}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024);
}
