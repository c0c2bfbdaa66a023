import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import { TEST_ENGINE } from '../testing/test-database.ts';
import { CONTINUOUS_AGGREGATES, REFRESH_LOCK, UsageRefresher } from '../usage/refresher.ts';
import { rollupFromEvents, ROLLUP_TABLE_NAMES } from '../usage/rollup-tables.ts';

let collector: TestCollector;
/** On TimescaleDB the rollups are aggregates: they are refreshed in between, and catch up with what is late through the queue. */
const isTimescale = TEST_ENGINE === 'timescaledb';
const CLEAR = `TRUNCATE client_usage_logs, event_identities, ingest_ledger, usage_refresh_queue${
  isTimescale ? '' : `, ${ROLLUP_TABLE_NAMES.join(', ')}`
}`;
const refresh = async (advance: boolean): Promise<void> => {
  if (!isTimescale) return;
  const refresher = new UsageRefresher(collector.pool, { warn: () => undefined });
  while (!(await refresher.refresh(advance))) await new Promise((done) => setTimeout(done, 20));
};

beforeAll(async () => {
  collector = await startTestCollector();
  for (const tenant of ['a', 'b']) await collector.makeTenant(tenant);
});
afterAll(() => collector.close());

/** Few values of each kind, so that events share groups, ids and buckets; times lie around borders of every bucket. */
const BORDERS = [
  '2026-03-01T00:00:00Z',
  '2026-03-02T00:00:00Z',
  '2026-03-29T01:00:00Z',
  '2026-02-10T10:15:00Z',
  '2025-11-03T12:45:00Z',
];
const event = fc.record(
  {
    event_id: fc.oneof(
      { weight: 4, arbitrary: fc.nat(25).map((n) => `e${n}`) },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
    timestamp: fc
      .tuple(fc.constantFrom(...BORDERS), fc.integer({ min: -1500, max: 1500 }))
      .map(([border, offset]) => new Date(Date.parse(border) + offset).toISOString()),
    project_id: fc.constantFrom('p1', 'p2', null),
    prompt_id: fc.constantFrom('q1', 'q2', 'q3', null),
    environment: fc.constantFrom('production', null),
    model_provider: fc.constantFrom('openai', 'anthropic', 'vllm'),
    model_name: fc.constantFrom('gpt-4o', 'claude-sonnet-4-5', 'llama-x'),
    input_tokens: fc.option(fc.nat(100_000)),
    cache_read_tokens: fc.option(fc.nat(5_000)),
    output_tokens: fc.option(fc.nat(5_000)),
    reasoning_tokens: fc.option(fc.nat(1_000)),
    tokens_requested: fc.option(fc.nat(8_000)),
    response_time_ms: fc.option(fc.double({ min: 0, max: 100_000, noNaN: true })),
    time_to_first_token_ms: fc.option(fc.double({ min: 0, max: 1_000, noNaN: true })),
    status: fc.constantFrom('success', 'error'),
    stream: fc.option(fc.boolean()),
    cache_hit: fc.boolean(),
    cost_usd: fc.option(fc.nat(1_000_000).map((n) => (n / 1000).toFixed(3))),
  },
  { requiredKeys: ['timestamp', 'model_provider', 'model_name'] },
);
const batches = fc.array(
  fc.tuple(fc.constantFrom('a', 'b'), fc.array(event, { minLength: 1, maxLength: 12 })),
  { minLength: 1, maxLength: 8 },
);

test('rollups equal an aggregation of the log, for any mix of late, duplicate, out-of-order and completing events', async () => {
  const keys: Record<string, string> = {};
  for (const tenant of ['a', 'b']) keys[tenant] = await collector.makeKey(tenant, ['ingest']);
  let completed = 0;
  await fc.assert(
    fc.asyncProperty(batches, async (sent) => {
      await collector.pool.query(CLEAR);
      if (isTimescale) {
        await emptyAggregates();
        await refresh(true);
      }
      const isConcurrent = sent.length % 2 === 0;
      const posts = sent.map(
        ([tenant, events]) =>
          () =>
            collector.post(events, { key: keys[tenant] ?? '' }),
      );
      const answers = isConcurrent ? await Promise.all(posts.map((post) => post())) : await inOrder(posts);
      let accepted = 0;
      for (const [index, answer] of answers.entries()) {
        const counts = answer.json<{
          received: number;
          accepted: number;
          duplicate: number;
          rejected: number;
        }>();
        expect(counts.rejected).toBe(0);
        expect(counts.accepted + counts.duplicate).toBe(sent[index]?.[1].length);
        accepted += counts.accepted;
      }
      const { rows } = await collector.pool.query<{ n: number; ids: number }>(
        `SELECT count(*)::int AS n, count(DISTINCT (tenant_id, event_id))::int AS ids FROM client_usage_logs`,
      );
      expect(rows).toEqual([{ n: accepted, ids: accepted }]);
      await refresh(false);
      for (const table of ROLLUP_TABLE_NAMES) await expectSameRows(table);
      completed += sent.length;
    }),
    { numRuns: isTimescale ? 25 : 60, endOnFailure: false },
  );
  expect(completed).toBeGreaterThan(60);
}, 180_000);

/** The refresher never touches times without raw rows; between two runs they are to be emptied. */
async function emptyAggregates(): Promise<void> {
  const client = await collector.pool.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(${REFRESH_LOCK})`);
    for (const { name } of CONTINUOUS_AGGREGATES)
      await client.query(`CALL refresh_continuous_aggregate('${name}', NULL, NULL)`);
    await client.query(`SELECT pg_advisory_unlock(${REFRESH_LOCK})`);
  } finally {
    client.release();
  }
}

/** Both ways round: a row too many and a row that differs show as rows here. */
async function expectSameRows(table: string): Promise<void> {
  const columns = (
    await collector.pool.query<{ name: string }>(
      `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname) AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped`,
      [table],
    )
  ).rows[0]?.name;
  const kept = `SELECT ${columns} FROM ${table}`;
  const expected = `SELECT ${columns} FROM (${rollupFromEvents(table)}) expected`;
  const { rows } = await collector.pool.query(
    `SELECT 'kept' AS side, d.* FROM (${kept} EXCEPT ALL ${expected}) d UNION ALL SELECT 'expected', d.* FROM (${expected} EXCEPT ALL ${kept}) d`,
  );
  expect({ table, rows }).toEqual({ table, rows: [] });
}

async function inOrder<Result>(steps: (() => Promise<Result>)[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const step of steps) results.push(await step());
  return results;
}
