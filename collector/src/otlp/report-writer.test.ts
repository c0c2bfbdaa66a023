import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createPool, type Pool } from '../database/pool.ts';
import { rowFromDatabase } from '../ingest/stored-row.ts';
import type { UsageRow } from '../ingest/usage-row.ts';
import type { WriteExtras } from '../ingest/write-extras.ts';
import { setUpSchema } from '../tenants/setup.ts';
import { createTenant } from '../tenants/tenant-store.ts';
import { createTestDatabase, TEST_ENGINE, type TestDatabase } from '../testing/test-database.ts';
import { rollupFromEvents, ROLLUP_TABLE_NAMES } from '../usage/rollup-tables.ts';
import type { CallReport } from './call-report.ts';
import { EMITTERS, reportsOf, requestsOf } from './captures.ts';
import { eventRow } from './event-row.ts';
import { MemoryCandidates } from './memory-candidates.ts';
import { ReportWriter } from './report-writer.ts';

let database: TestDatabase;
let pool: Pool;
const free = (row: UsageRow): void => {
  row.costNanoUsd = 0;
};
const nothing = (): WriteExtras => ({ rejected: [], idempotencyKeys: [], throttled: new Map() });

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ connectionString: database.connectionString, max: 8, applicationName: 'test' });
  await setUpSchema(pool);
  for (const tenantId of ['a', 'b']) await createTenant(pool, { tenant_id: tenantId, name: tenantId });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() =>
  pool.query(
    `TRUNCATE client_usage_logs, event_identities, call_candidates, call_emitters, ingest_ledger${TEST_ENGINE === 'postgresql' ? `, ${ROLLUP_TABLE_NAMES.join(', ')}` : ''}`,
  ),
);

/** The stored events, in a form that can be compared. */
async function storedEvents(tenantId: string): Promise<Map<string, unknown>> {
  const { rows } = await pool.query<Record<string, unknown>>(
    `SELECT (extract(epoch FROM "timestamp") * 1000000)::bigint AS timestamp_us, event_uuid AS identity, l.* FROM client_usage_logs l WHERE tenant_id = $1`,
    [tenantId],
  );
  return new Map(rows.map((row) => [String(row['event_id']), comparable(rowFromDatabase(row))]));
}

/** As the calls stand in memory: the ids of events depend on what came first, so calls are compared by what they say. */
function comparable(row: UsageRow): unknown {
  const { eventId: _id, eventUuid: _uuid, identity: _identity, ...told } = row;
  const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 1000) / 1000);
  return {
    ...told,
    costNanoUsd: 0,
    responseTimeMs: rounded(told.responseTimeMs),
    timeToFirstTokenMs: rounded(told.timeToFirstTokenMs),
  };
}

const sorted = (calls: Iterable<unknown>): string[] =>
  [...calls]
    .map((call) =>
      JSON.stringify(call, (_key, value: unknown) =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
          : value,
      ),
    )
    .toSorted();

function expectedCalls(tenantId: string, reports: readonly CallReport[]): string[] {
  const memory = new MemoryCandidates();
  memory.submit(reports);
  return sorted([...memory.calls].map(([eventId, call]) => comparable(eventRow(tenantId, eventId, call))));
}

/** A fixed shuffle, so that a failure comes back. */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  let state = seed;
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  return items
    .map((item) => ({ item, at: next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

async function rollupsEqualEvents(): Promise<void> {
  if (TEST_ENGINE !== 'postgresql') return;
  for (const table of ROLLUP_TABLE_NAMES) {
    const { rows } = await pool.query<{ different: number }>(
      `WITH expected AS (${rollupFromEvents(table)}),
            kept AS (SELECT ${await columnsOf(table)} FROM ${table})
       SELECT ((SELECT count(*) FROM (TABLE expected EXCEPT TABLE kept) x) + (SELECT count(*) FROM (TABLE kept EXCEPT TABLE expected) y))::int AS different`,
    );
    expect({ table, different: rows[0]?.different }).toEqual({ table, different: 0 });
  }
}
async function columnsOf(table: string): Promise<string> {
  const { fields } = await pool.query(`${rollupFromEvents(table)} LIMIT 0`);
  return fields.map(({ name }) => name).join(', ');
}

describe.each(EMITTERS)('what %s tells', (emitter) => {
  const requests = requestsOf(emitter).map((request) => reportsOf(request));
  const all = requests.flat();

  test('is stored as the same calls, as it came, in one piece, and span by span in any order', async () => {
    const expected = expectedCalls('a', all);
    expect(expected.length).toBeGreaterThan(0);
    const splits: Record<string, CallReport[][]> = {
      'as it came': requests,
      'in one piece': [all],
      backwards: all.toReversed().map((report) => [report]),
      shuffled: shuffled(all, 7).map((report) => [report]),
    };
    for (const [how, batches] of Object.entries(splits)) {
      await pool.query(
        `TRUNCATE client_usage_logs, event_identities, call_candidates, call_emitters, ingest_ledger${TEST_ENGINE === 'postgresql' ? `, ${ROLLUP_TABLE_NAMES.join(', ')}` : ''}`,
      );
      const writer = new ReportWriter(pool, TEST_ENGINE, free, 5_000);
      for (const batch of batches)
        await writer.write(
          batch.map((report) => ({ tenantId: 'a', report })),
          nothing(),
        );
      expect({ how, calls: sorted((await storedEvents('a')).values()) }).toEqual({ how, calls: expected });
      await rollupsEqualEvents();
      const { rows } = await pool.query<{ accepted: string }>(
        `SELECT sum(accepted)::int AS accepted FROM ingest_ledger WHERE tenant_id = 'a'`,
      );
      expect({ how, accepted: rows[0]?.accepted }).toEqual({ how, accepted: expected.length });
    }
  });
});

test('two collectors that get the halves of one trace at the same time make one call of it', async () => {
  const all = requestsOf('traceloop-sdk').flatMap((request) => reportsOf(request));
  const expected = expectedCalls('a', all);
  const collectors = [0, 1].map(() => new ReportWriter(pool, TEST_ENGINE, free, 5_000));
  await Promise.all(
    collectors.flatMap((collector, half) =>
      shuffled(all, 3)
        .filter((_, index) => index % 2 === half)
        .map((report) => collector.write([{ tenantId: 'a', report }], nothing())),
    ),
  );
  expect(sorted((await storedEvents('a')).values())).toEqual(expected);
});

test('a re-send changes nothing, and neither does one that comes after the candidates are forgotten', async () => {
  const all = requestsOf('openllmetry-anthropic').flatMap((request) => reportsOf(request));
  const writer = new ReportWriter(pool, TEST_ENGINE, free, 5_000);
  const write = () =>
    writer.write(
      all.map((report) => ({ tenantId: 'a', report })),
      nothing(),
    );
  expect((await write()).filter((outcome) => outcome === 'accepted').length).toBeGreaterThan(0);
  const first = sorted((await storedEvents('a')).values());
  expect((await write()).every((outcome) => outcome === 'duplicate')).toBe(true);
  expect(sorted((await storedEvents('a')).values())).toEqual(first);
  await pool.query('TRUNCATE call_candidates, call_emitters');
  // Span by span, so that the twin of a call comes without the call.
  for (const report of all) await writer.write([{ tenantId: 'a', report }], nothing());
  expect(sorted((await storedEvents('a')).values())).toEqual(first);
});

test('the same telemetry of two tenants is two sets of calls', async () => {
  const all = requestsOf('openlit').flatMap((request) => reportsOf(request));
  const writer = new ReportWriter(pool, TEST_ENGINE, free, 5_000);
  await writer.write(
    all.flatMap((report) => ['a', 'b'].map((tenantId) => ({ tenantId, report }))),
    nothing(),
  );
  for (const tenantId of ['a', 'b'])
    expect(sorted((await storedEvents(tenantId)).values())).toEqual(expectedCalls(tenantId, all));
});
