/**
 * How fast GET /v1/analytics/budgets/check answers over HTTP, with budgets and events in the database, while events keep coming.
 * Usage: node bench/budget-check.ts [--seconds 15] [--connections 16] [--budgets 50]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createBenchDatabase, describeEnvironment, grouped, quantile } from './environment.ts';
import { Bodies, post } from './load.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    connections: { type: 'string', default: '16' },
    budgets: { type: 'string', default: '50' },
  },
});
const [seconds, connections, budgets] = [values.seconds, values.connections, values.budgets].map(Number) as [
  number,
  number,
  number,
];
const API_KEY = 'po_benchbud_0000000000000000000000000000000000000000000';

const database = await createBenchDatabase();
const folder = await mkdtemp(join(tmpdir(), 'promptops-bench-'));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const collector = spawn(
  process.execPath,
  ['--max-semi-space-size=16', join(import.meta.dirname, '../collector/src/main.ts')],
  {
    env: {
      ...process.env,
      PORT: String(port),
      METRICS_PORT: String(await freePort()),
      DATABASE_URL: database.connectionString,
      DATA_DIR: folder,
      BOOTSTRAP_API_KEY: API_KEY,
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  },
);

try {
  await ready();
  console.log(await describeEnvironment(database.connectionString));
  for (let index = 0; index < budgets; index += 1) {
    const { status } = await call('POST', '/v1/analytics/budgets', {
      name: `Budget ${index}`,
      amount: '1000000',
      enforcement: 'block',
      period: index % 3 === 0 ? { type: 'rolling', days: 30 } : { type: index % 3 === 1 ? 'month' : 'day' },
      filters: index === 0 ? {} : { project_id: { in: [`project-${index}`, 'checkout'] } },
    });
    if (status !== 201) throw new Error(`A budget was answered with ${status}.`);
  }
  const door = { url, apiKey: API_KEY };
  const bodies = new Bodies(100);
  for (let index = 0; index < 200; index += 1) await post(door, bodies.take());
  await measure(5); // until the code is compiled
  // Paced as an application asks, the latency is the answer's own; as fast as it goes, it is that of the queue before two cores.
  for (const pace of [1_000, 3_000, undefined]) {
    for (const eventsPerSecond of [0, 5_000]) {
      const stop = feed(door, bodies, eventsPerSecond);
      const { latencies, stale } = await measure(seconds, pace);
      await stop();
      console.log(
        `${pace === undefined ? 'unpaced' : `paced at ${grouped(pace)}/s`}, ${connections} connections, ${budgets} budgets, ` +
          `${grouped(eventsPerSecond)} events/s beside: ${grouped(latencies.length / seconds)} checks/s, ` +
          [0.5, 0.99, 0.999].map((q) => `p${q * 100} ${quantile(latencies, q).toFixed(2)} ms`).join(', ') +
          `; oldest figures ${stale.toFixed(1)} s`,
      );
    }
  }
} finally {
  if (collector.exitCode === null) {
    collector.kill('SIGTERM');
    await once(collector, 'exit');
  }
  await database.drop();
  await rm(folder, { recursive: true, force: true });
}

/** Asks on every connection, one question after another; with a rate, spread over the time. */
async function measure(
  forSeconds: number,
  perSecond?: number,
): Promise<{ latencies: number[]; stale: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  let stale = 0;
  const started = performance.now();
  const end = started + forSeconds * 1000;
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      for (let index = 0; performance.now() < end; index += 1) {
        if (perSecond !== undefined) {
          const due = started + ((index * connections + connection) * 1000) / perSecond;
          const wait = due - performance.now();
          if (wait > 0) await new Promise((done) => setTimeout(done, wait));
        }
        const asked = performance.now();
        const { status, body } = await call(
          'GET',
          `/v1/analytics/budgets/check?project_id=project-${index % 40}&user_id=u-${index % 1000}&model_name=gpt-4o`,
          undefined,
          agent,
        );
        latencies.push(performance.now() - asked);
        if (status !== 200) throw new Error(`A check was answered with ${status}: ${body}`);
        const age = Number(/"stale_seconds":([\d.]+)/.exec(body)?.[1]);
        if (age > stale) stale = age;
      }
    }),
  );
  agent.destroy();
  return { latencies, stale };
}

function feed(
  door: { url: string; apiKey: string },
  bodies: Bodies,
  eventsPerSecond: number,
): () => Promise<void> {
  if (eventsPerSecond === 0) return () => Promise.resolve();
  const pending = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    const sent = post(door, bodies.take()).finally(() => pending.delete(sent));
    pending.add(sent);
  }, 100_000 / eventsPerSecond);
  return async () => {
    clearInterval(timer);
    await Promise.all(pending);
  };
}

function call(
  method: string,
  path: string,
  json?: object,
  agent?: Agent,
): Promise<{ status: number; body: string }> {
  return new Promise((done, fail) => {
    const sent = request(
      `${url}${path}`,
      {
        method,
        ...(agent === undefined ? {} : { agent }),
        headers: {
          authorization: `Bearer ${API_KEY}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
      },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        answer.once('end', () => done({ status: answer.statusCode ?? 0, body }));
      },
    );
    sent.once('error', fail);
    sent.end(json === undefined ? undefined : JSON.stringify(json));
  });
}

async function ready(): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (collector.exitCode !== null) throw new Error('The collector ended.');
    const answer = await call('GET', '/health/ready').catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error('The collector did not get ready.');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}
