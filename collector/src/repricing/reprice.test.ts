import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createPool, type Pool } from '../database/pool.ts';
import { applyPrice } from '../ingest/apply-price.ts';
import { normalise } from '../ingest/normalise.ts';
import type { UsageRow } from '../ingest/usage-row.ts';
import { UsageWriter } from '../ingest/writer.ts';
import type { Pricer } from '../pricing/price.ts';
import { setUpSchema } from '../tenants/setup.ts';
import { createTenant } from '../tenants/tenant-store.ts';
import { createTestDatabase, TEST_ENGINE, type TestDatabase } from '../testing/test-database.ts';
import { readOverview } from '../usage/overview.ts';
import { UsageRefresher } from '../usage/refresher.ts';
import { rollupFromEvents, ROLLUP_TABLE_NAMES } from '../usage/rollup-tables.ts';
import {
  cancelJob,
  claimJob,
  createJob,
  findJob,
  finishJob,
  listChanges,
  type JobAnswer,
  type NewJob,
} from './job.ts';
import { Repricing } from './reprice.ts';

/*
 * Prices here are made up, so that the sums can be done in the head: the price id says what a thousand input tokens cost in micro-USD.
 */

let database: TestDatabase;
let pool: Pool;
const isTimescale = TEST_ENGINE === 'timescaledb';
const START = Date.parse('2026-03-27T00:00:00Z');
const HOURS = 80; // across a change of clocks and several days
const END = START + HOURS * 3_600_000;

/** Prices everything but model `unknown`. */
const at = (priceId: number, models: readonly string[] = ['a', 'b']): Pick<Pricer, 'price'> =>
  ({
    price: ({ modelName, tokens }) =>
      models.includes(modelName)
        ? { costNanoUsd: tokens.input * priceId, priceId, discountId: null }
        : { costNanoUsd: null, reason: 'no_price' },
  }) as Pick<Pricer, 'price'>;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ connectionString: database.connectionString, max: 8, applicationName: 'test' });
  await setUpSchema(pool);
  for (const tenantId of ['acme', 'other']) await createTenant(pool, { tenant_id: tenantId, name: tenantId });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

beforeEach(async () => {
  await pool.query(
    `TRUNCATE client_usage_logs, event_identities, repricing_jobs, repricing_changes, ingest_ledger, usage_refresh_queue${isTimescale ? '' : `, ${ROLLUP_TABLE_NAMES.join(', ')}`}`,
  );
  const writer = new UsageWriter(pool, TEST_ENGINE, () => undefined, 5_000);
  const rows = ['acme', 'other'].flatMap((tenantId) =>
    Array.from({ length: HOURS * 4 }, (_, index) => {
      const row = normalise(
        {
          event_id: `${tenantId}-${index}`,
          timestamp: new Date(START + index * 900_000 + 17).toISOString(),
          model_provider: 'openai',
          model_name: ['a', 'b', 'unknown'][index % 3] ?? '',
          project_id: `p${index % 2}`,
          input_tokens: 1000 + index,
        },
        { tenantId, nowMs: Date.now(), maxFutureMs: 0, fallbackIdentity: null },
      ) as UsageRow;
      applyPrice(row, at(1));
      return row;
    }),
  );
  await writer.write(rows, { rejected: [], idempotencyKeys: [], throttled: new Map() });
  await refresh();
  if (isTimescale)
    await pool.query(
      `SELECT count(compress_chunk(c, if_not_compressed => true)) FROM show_chunks('client_usage_logs') c`,
    );
});

async function refresh(): Promise<void> {
  if (!isTimescale) return;
  const refresher = new UsageRefresher(pool, { warn: () => undefined });
  while (!(await refresher.refresh(true))) await new Promise((done) => setTimeout(done, 20));
}

const request = (fields: Partial<NewJob> = {}): NewJob => ({
  tenantId: 'acme',
  dryRun: false,
  start: new Date(START),
  end: new Date(END),
  modelProvider: null,
  modelName: null,
  unpricedOnly: false,
  note: 'the price list was wrong',
  requestedBy: 'abcdefgh',
  ...fields,
});

/** Runs a job from its claim to its end, as the runner does. */
async function run(
  pricer: Pick<Pricer, 'price'>,
  fields: Partial<NewJob> = {},
  shouldStop: () => boolean = () => false,
): Promise<JobAnswer> {
  const { job_id } = await createJob(pool, request(fields));
  await resume(pricer, shouldStop);
  return findJob(pool, 'acme', job_id);
}

async function resume(pricer: Pick<Pricer, 'price'>, shouldStop: () => boolean = () => false): Promise<void> {
  const claimant = randomUUID();
  const job = await claimJob(pool, claimant);
  if (!job) throw new Error('There is no job to run.');
  const isDone = await new Repricing({ pool, engine: TEST_ENGINE, currentPricer: () => pricer }).run(
    job,
    claimant,
    shouldStop,
  );
  if (isDone) await finishJob(pool, job.jobId, claimant, null);
}

const costs = async (tenantId: string): Promise<unknown[]> =>
  (
    await pool.query<Record<string, unknown>>(
      `SELECT event_id, cost_nano_usd, price_id, received_at FROM client_usage_logs WHERE tenant_id = $1 ORDER BY event_id`,
      [tenantId],
    )
  ).rows;

/** The bill as the reports give it. */
async function reported(
  tenantId: string,
): Promise<{ cost: string | null; unpriced: number; requests: number }> {
  await refresh();
  const overview = await readOverview(
    pool,
    tenantId,
    { startMs: START, endMs: END, timeZone: 'Europe/Berlin', groupBy: 'day' },
    {},
  );
  const { total_cost_usd, unpriced_requests, total_requests } = overview.summary;
  return { cost: total_cost_usd, unpriced: unpriced_requests, requests: total_requests };
}

async function billed(
  tenantId: string,
): Promise<{ cost: string | null; unpriced: number; requests: number }> {
  const { rows } = await pool.query<{ cost: string | null; unpriced: number; requests: number }>(
    `SELECT trim_scale(sum(cost_nano_usd) * 0.000000001)::text AS cost, count(*) FILTER (WHERE cost_nano_usd IS NULL)::int AS unpriced, count(*)::int AS requests
     FROM client_usage_logs WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0] ?? { cost: null, unpriced: 0, requests: 0 };
}

async function expectRollupsToEqualTheLog(): Promise<void> {
  for (const tenantId of ['acme', 'other']) expect(await reported(tenantId)).toEqual(await billed(tenantId));
  for (const table of isTimescale ? [] : ROLLUP_TABLE_NAMES) {
    const { fields } = await pool.query(`${rollupFromEvents(table)} LIMIT 0`);
    const columns = fields.map(({ name }) => name).join(', ');
    const { rows } = await pool.query<{ different: number }>(
      `WITH expected AS (${rollupFromEvents(table)}), kept AS (SELECT ${columns} FROM ${table})
       SELECT ((SELECT count(*) FROM (TABLE expected EXCEPT TABLE kept) x) + (SELECT count(*) FROM (TABLE kept EXCEPT TABLE expected) y))::int AS different`,
    );
    expect({ table, different: rows[0]?.different }).toEqual({ table, different: 0 });
  }
}

test('field-pain 4: a dry run tells what would change, by day and model, and changes nothing', async () => {
  const before = await costs('acme');
  const job = await run(at(3), { dryRun: true });
  expect(job).toMatchObject({
    status: 'completed',
    dry_run: true,
    note: 'the price list was wrong',
    requested_by: 'abcdefgh',
    progress: { events_estimated: 320, events_examined: 320, events_changed: 214 },
  });
  expect(Number(job.cost_after_usd)).toBeCloseTo(Number(job.cost_before_usd) * 3, 9);
  const changes = await listChanges(pool, job.job_id);
  expect(changes.map(({ date, model_name }) => `${date} ${model_name}`)).toEqual(
    ['2026-03-27', '2026-03-28', '2026-03-29', '2026-03-30'].flatMap((date) => [`${date} a`, `${date} b`]),
  );
  expect(
    changes.every(({ price_id_before, price_id_after }) => price_id_before === 1 && price_id_after === 3),
  ).toBe(true);
  expect(await costs('acme')).toEqual(before);
});

test('field-pain 4: a job changes the affected events, their rollups and nothing else', async () => {
  const [untouched, other] = [await costs('acme'), await costs('other')];
  const job = await run(at(3), { modelName: 'a' });
  expect(job).toMatchObject({ status: 'completed', progress: { events_changed: 107 } });
  const after = await costs('acme');
  for (const [index, row] of (
    after as { event_id: string; cost_nano_usd: number | null; price_id: number | null; received_at: Date }[]
  ).entries()) {
    const old = untouched[index] as typeof row;
    const isA = Number(row.event_id.split('-')[1]) % 3 === 0;
    expect(row).toEqual(isA ? { ...old, cost_nano_usd: (old.cost_nano_usd ?? 0) * 3, price_id: 3 } : old);
  }
  expect(await costs('other')).toEqual(other);
  await expectRollupsToEqualTheLog();
});

test('repricing twice changes nothing the second time', async () => {
  await run(at(3));
  const after = await costs('acme');
  expect(await run(at(3))).toMatchObject({
    status: 'completed',
    progress: { events_examined: 320, events_changed: 0 },
  });
  expect(await costs('acme')).toEqual(after);
});

test('whatever is repriced in whatever order, the rollups equal the log, and a second time changes nothing', async () => {
  const minute = fc.integer({ min: 0, max: HOURS * 60 });
  const step = fc.record({
    priceId: fc.integer({ min: 1, max: 9 }),
    models: fc.subarray(['a', 'b', 'unknown']),
    modelName: fc.constantFrom(null, 'a', 'b', 'unknown'),
    unpricedOnly: fc.boolean(),
    between: fc.tuple(minute, minute).filter(([from, to]) => from !== to),
  });
  let changed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 3 }), async (steps) => {
      for (const { priceId, models, between, ...which } of steps) {
        const [from = 0, to = 0] = between.toSorted((a, b) => a - b).map((each) => START + each * 60_000);
        const fields = { ...which, start: new Date(from), end: new Date(to) };
        const first = await run(at(priceId, models), fields);
        const after = await costs('acme');
        const second = await run(at(priceId, models), fields);
        expect(second).toMatchObject({ status: 'completed', progress: { events_changed: 0 } });
        expect(await costs('acme')).toEqual(after);
        changed += first.progress.events_changed;
      }
      await expectRollupsToEqualTheLog();
    }),
    { numRuns: isTimescale ? 5 : 10 },
  );
  expect(changed).toBeGreaterThan(0);
});

test('field-pain 3: usage that had no price gets one, and the rest is left alone', async () => {
  expect((await reported('acme')).unpriced).toBe(106);
  const job = await run(at(5, ['unknown']), { unpricedOnly: true });
  expect(job).toMatchObject({
    progress: { events_estimated: 106, events_examined: 106, events_changed: 106 },
  });
  expect((await reported('acme')).unpriced).toBe(0);
  await expectRollupsToEqualTheLog();
});

test('a price that ended leaves its events unpriced again, not at zero', async () => {
  await run(at(1, ['b']));
  expect(await reported('acme')).toMatchObject({ unpriced: 213 });
  await expectRollupsToEqualTheLog();
});

test('a job that was cut off goes on where it was, in another collector too, and counts nothing twice', async () => {
  let windows = 0;
  const job = await run(at(3), {}, () => ++windows > 3);
  expect(job.status).toBe('running');
  expect(job.progress.events_examined).toBeGreaterThan(0);
  expect(job.progress.events_examined).toBeLessThan(320);
  // Nobody may take it while its claim holds.
  expect(await claimJob(pool, randomUUID())).toBeUndefined();
  await pool.query(`UPDATE repricing_jobs SET claimed_until = now() - interval '1 second'`);
  await resume(at(3));
  expect(await findJob(pool, 'acme', job.job_id)).toMatchObject({
    status: 'completed',
    progress: { events_examined: 320, events_changed: 214 },
  });
  const whole = await findJob(pool, 'acme', job.job_id);
  expect(Number(whole.cost_after_usd)).toBeCloseTo(Number(whole.cost_before_usd) * 3, 9);
  await expectRollupsToEqualTheLog();
});

test('a collector that was taken for dead and comes back writes nothing more', async () => {
  await createJob(pool, request());
  const [dead, heir] = [randomUUID(), randomUUID()];
  const stale = await claimJob(pool, dead);
  await pool.query(`UPDATE repricing_jobs SET claimed_until = now() - interval '1 second'`);
  expect(await claimJob(pool, heir)).toMatchObject({ jobId: stale?.jobId });
  if (!stale) throw new Error('no job');
  const before = await costs('acme');
  expect(
    await new Repricing({ pool, engine: TEST_ENGINE, currentPricer: () => at(9) }).run(
      stale,
      dead,
      () => false,
    ),
  ).toBe(false);
  expect(await costs('acme')).toEqual(before);
});

test('a cancelled job stops, keeps what it has done and says so', async () => {
  let windows = 0;
  const job = await run(at(3), {}, () => ++windows > 3);
  expect(await cancelJob(pool, 'acme', job.job_id)).toMatchObject({ status: 'cancelled' });
  await expect(cancelJob(pool, 'acme', job.job_id)).rejects.toThrow(/cancelled already/);
  await expect(cancelJob(pool, 'other', job.job_id)).rejects.toThrow(/no repricing job/);
  await expectRollupsToEqualTheLog();
});

test('two jobs of one tenant run one after the other, those of two tenants side by side', async () => {
  const first = await createJob(pool, request());
  await createJob(pool, request());
  const theirs = await createJob(pool, request({ tenantId: 'other' }));
  expect(await claimJob(pool, randomUUID())).toMatchObject({ jobId: first.job_id });
  expect(await claimJob(pool, randomUUID())).toMatchObject({ jobId: theirs.job_id });
  expect(await claimJob(pool, randomUUID())).toBeUndefined();
});
