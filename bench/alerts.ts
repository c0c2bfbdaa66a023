/**
 * How long the evaluation of a thousand alert rules takes, and how long it is from the commit of an event that makes one fire to the row in the outbox
 * that delivery takes. The collector runs as it does in production; rounds are its own.
 * Usage: node bench/alerts.ts [--rules 1000] [--tenants 50] [--events 200000] [--rounds 5] [--spikes 60]
 */
import { parseArgs } from 'node:util';
import { createApp } from '../collector/src/app.ts';
import { AlertEvaluator } from '../collector/src/alerts/evaluator.ts';
import { readConfiguration } from '../collector/src/configuration/configuration.ts';
import { createPool, type Pool } from '../collector/src/database/pool.ts';
import { setUp } from '../collector/src/tenants/setup.ts';
import { createApiKey, createTenant } from '../collector/src/tenants/tenant-store.ts';
import { UsageRefresher } from '../collector/src/usage/refresher.ts';
import { pino } from 'pino';
import { createBenchDatabase, describeEnvironment, grouped, quantile } from './environment.ts';

const { values } = parseArgs({
  options: {
    rules: { type: 'string', default: '1000' },
    tenants: { type: 'string', default: '50' },
    events: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
    spikes: { type: 'string', default: '60' },
  },
});
const rules = Number(values.rules);
const tenants = Number(values.tenants);
const events = Number(values.events);
const rounds = Number(values.rounds);
const spikes = Number(values.spikes);

const HOUR_MS = 3_600_000;
const DAYS = 29;
/** The shapes of rules that people have; a tenth of them each. */
const SHAPES: readonly ((tenant: number) => Record<string, unknown>)[] = [
  () => ({ metric: 'requests', threshold: 1e9, window_duration: 60 }),
  () => ({ metric: 'cost_usd', threshold: 1e9, window_duration: 1440 }),
  () => ({ metric: 'error_rate', threshold: 101, window_duration: 15 }),
  () => ({ metric: 'response_time_p95_ms', threshold: 1e9, window_duration: 60 }),
  () => ({ metric: 'unpriced_requests', threshold: 1e9, window_duration: 60 }),
  () => ({ metric: 'requests', threshold: 1e9, window_duration: 60, baseline: 'same_hour_last_weeks' }),
  () => ({
    metric: 'tokens',
    threshold: 1e15,
    window_duration: 60,
    filters: { project_id: { in: ['project-1', 'project-2'] } },
  }),
  () => ({ metric: 'error_rate', threshold: 101, window_duration: 60, group_by: 'model_name' }),
  () => ({ metric: 'cost_usd', threshold: 1e9, window_duration: 1440, group_by: 'project_id' }),
  () => ({ metric: 'cost_usd', threshold: 1e9, window_duration: 60, group_by: 'user_id' }),
];

const database = await createBenchDatabase();
const pool = createPool({ connectionString: database.connectionString, max: 8, applicationName: 'bench' });
const logger = pino({ level: 'warn' });
try {
  const { generatedApiKey = '', engine } = await setUp(pool, undefined);
  console.log(await describeEnvironment(database.connectionString));
  const app = await createApp({
    configuration: { ...readConfiguration({}), LOG_LEVEL: 'warn' },
    connectionString: database.connectionString,
    engine: engine.kind,
    logger,
  });
  await app.ready();
  try {
    await pool.query(`UPDATE alert_evaluation SET claimed_at = 'infinity'`);
    const keys = [generatedApiKey];
    for (let index = 1; index < tenants; index += 1) {
      const tenant_id = `tenant-${index}`;
      await createTenant(pool, { tenant_id, name: tenant_id });
      keys.push((await createApiKey(pool, { tenant_id, name: 'bench', scopes: ['admin'] })).api_key);
    }
    await pool.query('DELETE FROM alert_rules');
    const post = async (key: string, url: string, payload: object): Promise<void> => {
      const answer = await app.inject({
        method: 'POST',
        url,
        payload,
        headers: { authorization: `Bearer ${key}` },
      });
      if (answer.statusCode >= 300)
        throw new Error(`${url} was answered with ${answer.statusCode}: ${answer.body}`);
    };
    for (let index = 0; index < rules; index += 1) {
      const shape = SHAPES[Math.floor(index / tenants) % SHAPES.length] ?? SHAPES[0];
      await post(keys[index % tenants] ?? '', '/v1/analytics/alert-rules', {
        name: `Rule ${index}`,
        ...shape?.(index),
      });
    }
    await fill(keys, post);
    if (engine.kind === 'timescaledb') await new UsageRefresher(pool, logger).refresh(true);
    await pool.query('ANALYZE');
    await measureRounds(pool);
    await measureSpikes(pool, keys, post);
  } finally {
    await app.close();
  }
} finally {
  await pool.end();
  await database.drop();
}

/** Half of the events in the last two days, the others over four weeks. */
async function fill(
  keys: readonly string[],
  post: (key: string, url: string, payload: object) => Promise<void>,
): Promise<void> {
  const now = Date.now();
  const batch = 2_000;
  for (let sent = 0; sent < events; sent += batch) {
    const list = Array.from({ length: batch }, (_, index) => {
      const number = sent + index;
      const ageMs = Math.random() * (number % 2 === 0 ? 48 : DAYS * 24) * HOUR_MS;
      return {
        event_id: `event-${number}`,
        timestamp: new Date(now - 1000 - ageMs).toISOString(),
        project_id: `project-${number % 5}`,
        user_id: `user-${number % 200}`,
        model_provider: 'openai',
        model_name: ['gpt-4o', 'gpt-4o-mini', 'o3', 'nobody-knows-it'][number % 4],
        input_tokens: 1_000,
        output_tokens: 200,
        response_time_ms: 200 + (number % 3_000),
        status: number % 40 === 0 ? 'error' : 'success',
      };
    });
    await post(keys[(sent / batch) % keys.length] ?? '', '/v1/client/usage/log', { events: list });
  }
}

/** Rounds one after another, of an evaluator of its own. */
async function measureRounds(database: Pool): Promise<void> {
  const log = {
    info: () => undefined,
    error: (details: object, message: string) => logger.error(details, message),
  };
  const evaluator = new AlertEvaluator({ pool: database, readPool: database, log, everyMs: 0, busyShare: 1 });
  const took: number[] = [];
  for (let index = 0; index < rounds; index += 1) {
    await database.query(`UPDATE alert_evaluation SET claimed_at = '-infinity', finished_at = '-infinity'`);
    const started = performance.now();
    const round = await evaluator.round();
    took.push(performance.now() - started);
    await database.query(`UPDATE alert_evaluation SET claimed_at = 'infinity'`);
    if (!round || round.failedRules > 0) throw new Error(`A round failed: ${JSON.stringify(round)}`);
  }
  console.log(
    `${grouped(rules)} rules of ${tenants} tenants over ${grouped(events)} events: a round takes ${took.map((ms) => (ms / 1000).toFixed(2)).join(', ')} s`,
  );
}

/** Rules that fire on the first call of their project; from the answer to that call to the outbox. The collector's own evaluator acts. */
async function measureSpikes(
  database: Pool,
  keys: readonly string[],
  post: (key: string, url: string, payload: object) => Promise<void>,
): Promise<void> {
  for (let index = 0; index < spikes; index += 1) {
    await post(keys[index % tenants] ?? '', '/v1/analytics/alert-rules', {
      name: `Spike ${index}`,
      metric: 'requests',
      threshold: 0,
      window_duration: 60,
      filters: { project_id: { in: [`spike-${index}`] } },
    });
  }
  await database.query(`UPDATE alert_evaluation SET claimed_at = '-infinity', finished_at = '-infinity'`);
  const committed = new Map<string, number>();
  for (let index = 0; index < spikes; index += 1) {
    await post(keys[index % tenants] ?? '', '/v1/client/usage/log', {
      events: [
        {
          timestamp: new Date().toISOString(),
          project_id: `spike-${index}`,
          model_provider: 'openai',
          model_name: 'gpt-4o',
          input_tokens: 10,
          output_tokens: 10,
        },
      ],
    });
    committed.set(`Spike ${index}`, Date.now());
    await new Promise((done) => setTimeout(done, 1_000));
  }
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { rows } = await database.query<{ rule: string; at: Date }>(
      `SELECT payload ->> 'rule_name' AS rule, created_at AS at FROM alert_outbox WHERE kind = 'firing'`,
    );
    if (rows.length >= spikes || Date.now() > deadline) {
      const waits = rows.map(({ rule, at }) => at.getTime() - (committed.get(rule) ?? NaN));
      console.log(
        `${rows.length} of ${spikes} spikes told; committed to outbox p50 ${(quantile(waits, 0.5) / 1000).toFixed(1)} s, p99 ${(quantile(waits, 0.99) / 1000).toFixed(1)} s, ` +
          `largest ${(Math.max(...waits) / 1000).toFixed(1)} s`,
      );
      return;
    }
    await new Promise((done) => setTimeout(done, 500));
  }
}
