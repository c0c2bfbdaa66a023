import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { TEST_ENGINE } from '../testing/test-database.ts';
import type { Breakdown } from './breakdown.ts';
import type { LatencyAnswer } from './latency.ts';
import { LATENCY_DIMENSIONS, ROLLUP_DIMENSIONS } from './measures.ts';
import type { Overview } from './overview.ts';

/*
 * Questions that take long over the log must not read it. PostgreSQL counts the scans of each table; here those of the log's partitions or chunks must not
 * grow. On TimescaleDB an aggregate computes what is newer than its newest row from the log: the newest call here is of a day's last quarter of an hour, so
 * that its chunk has nothing newer.
 */

let collector: TestCollector;

const DAY_MS = 86_400_000;
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const NOW = Date.now();
const DAYS = 90;
const PERIOD = { start_date: dateOf(NOW - (DAYS - 1) * DAY_MS), end_date: dateOf(NOW) };
const CALLS = 240;

beforeAll(async () => {
  collector = await startTestCollector();
  const events = Array.from({ length: CALLS }, (_, index) =>
    testEvent({
      // Some weeks of them in the middle, at any time of day, and a few at either end.
      timestamp:
        index === 0
          ? `${dateOf(NOW - 2 * DAY_MS)}T23:59:30Z`
          : new Date(NOW - (index % 8 === 0 ? 85 : (index % 4) * 20 + 3) * DAY_MS - index * 611_000).toISOString(),
      project_id: `project-${index % 3}`,
      prompt_id: `prompt-${index % 5}`,
      environment: index % 2 === 0 ? 'production' : 'test',
      user_id: `user-${index % 7}`,
      model_name: index % 2 === 0 ? 'gpt-4o' : 'gpt-4o-mini',
      response_time_ms: 100 + index,
      cache_read_tokens: index,
    }),
  ); // prettier-ignore
  expect((await collector.post(events)).json()).toMatchObject({ accepted: CALLS });
  await collector.complete();
}, 120_000);
afterAll(() => collector.close());

/** How many scans of the log's rows there have been. Sessions tell their counts late, but when they end. */
async function scansOfTheLog(): Promise<number> {
  const { pool } = collector;
  for (;;) {
    const { rows } = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'promptops-analytics'`,
    );
    if (rows.length === 0) break;
    await new Promise((done) => setTimeout(done, 10));
  }
  const { rows } = await pool.query<{ tables: number; scans: number }>(
    `SELECT count(*)::int AS tables, sum(s.seq_scan + coalesce(s.idx_scan, 0))::int AS scans FROM pg_stat_user_tables s WHERE relid IN (${
      TEST_ENGINE === 'timescaledb'
        ? `SELECT format('%I.%I', chunk_schema, chunk_name)::regclass FROM timescaledb_information.chunks WHERE hypertable_name = 'client_usage_logs'`
        : `SELECT inhrelid FROM pg_inherits WHERE inhparent = 'client_usage_logs'::regclass`
    })`,
  );
  expect(rows[0]?.tables).toBeGreaterThan(5);
  return rows[0]?.scans ?? NaN;
}

/** Asks without a scan of the log. What else goes on in the database may scan it meanwhile, but hardly each time; a question that needs it does. */
async function withoutALook(questions: () => Promise<void>): Promise<void> {
  const grewBy: number[] = [];
  while (grewBy.length < 3 && grewBy.at(-1) !== 0) {
    const before = await scansOfTheLog();
    await questions();
    grewBy.push((await scansOfTheLog()) - before);
  }
  expect({ scansOfTheLog: grewBy.at(-1) }).toEqual({ scansOfTheLog: 0 });
}

type Query = Record<string, string | string[]>;
async function ask<Answer>(path: string, query: Query): Promise<Answer> {
  const answer = await collector.call({
    method: 'GET',
    url: `/v1/analytics/${path}`,
    query: { ...PERIOD, ...query },
  });
  if (answer.statusCode !== 200) throw new Error(`${path} ${JSON.stringify(query)}: ${answer.body}`);
  return answer.json<Answer>();
}

const ZONES = ['UTC', 'America/New_York', 'Asia/Kathmandu'];
const FILTERS: Query[] = [
  {},
  { model_name: 'gpt-4o', 'not.environment': 'test' },
  { 'prefix.prompt_id': 'prompt-', project_id: ['project-0', '__none__'] },
];

describe.each(ZONES)('field-pain 7: ninety days by days of %s, without a look at the log', (timezone) => {
  test.each(FILTERS)('overview of %j', (filter) =>
    withoutALook(async () => {
      for (const group_by of ['day', 'week', 'month', 'hour']) {
        const { summary, time_series } = await ask<Overview>('usage/overview', {
          timezone,
          group_by,
          ...filter,
        });
        expect(summary.total_requests).toBeGreaterThan(50);
        expect(time_series.reduce((sum, point) => sum + point.total_requests, 0)).toBe(
          summary.total_requests,
        );
      }
    }),
  );

  test.each([...ROLLUP_DIMENSIONS, 'prompt_id and model_name'])('breakdown and comparison by %s', (names) =>
    withoutALook(async () => {
      const dimension = names.split(' and ');
      const answer = await ask<Breakdown>('usage/breakdown', { timezone, dimension, group_by: 'day' });
      expect([answer.source, answer.total.total_requests]).toEqual(['rollups', CALLS]);
      const compared = await ask<{ source: string }>('usage/compare', { timezone, dimension });
      expect(compared.source).toBe('rollups');
    }),
  );

  test('trends, prompt cache, allocation and the forecast', () =>
    withoutALook(async () => {
      for (const measure of ['total_cost_usd', 'average_response_time_ms', 'success_rate'])
        expect(await ask('usage/trends', { timezone, measure })).toMatchObject({ source: 'rollups' });
      expect(await ask('usage/cache', { timezone, group_by: 'day' })).toMatchObject({ source: 'rollups' });
      expect(await ask('allocation', { timezone, by: 'prompt_id' })).toMatchObject({ source: 'rollups' });
      for (const measure of ['cost', 'requests'])
        expect(
          await ask('usage/forecast', { timezone, measure, end_date: dateOf(NOW + 2 * DAY_MS) }),
        ).toMatchObject({ unit: expect.any(String) });
    }));
});

describe('field-pain 7: percentiles of ninety days are sums of buckets, without a look at the log', () => {
  test.each(LATENCY_DIMENSIONS)('of calls by %s', (dimension) => withoutALook(async () => {
    for (const timezone of ['UTC', 'America/New_York']) {
      const answer = await ask<LatencyAnswer>('usage/latency', { timezone, dimension, group_by: 'day' });
      expect(answer.source).toBe('rollups');
      expect(answer.total).toMatchObject({ total_requests: CALLS, timed_requests: CALLS });
      const times = Array.from({ length: CALLS }, (_, index) => 100 + index);
      for (const [name, quantile] of [['p50', 0.5], ['p95', 0.95], ['p99', 0.99]] as const) {
        const exact = times[Math.ceil(quantile * CALLS) - 1] ?? 0;
        expect(Math.abs((answer.total.percentiles_ms[name] ?? 0) - exact) / exact).toBeLessThanOrEqual(answer.total.percentiles_ms.relative_error);
      }
    }
  })); // prettier-ignore

  test('in the overview and the breakdown too', () =>
    withoutALook(async () => {
      const { summary } = await ask<Overview>('usage/overview', { model_name: 'gpt-4o' });
      expect(summary.response_time_percentiles_ms?.p95).toBeGreaterThan(100);
      const { members } = await ask<Breakdown>('usage/breakdown', { dimension: 'model_name' });
      for (const member of members) expect(member.response_time_percentiles_ms?.p95).toBeGreaterThan(100);
    }));
});

test('what no rollup has is read from the log, and would be seen', async () => {
  const scans = await scansOfTheLog();
  const answer = await ask<Breakdown>('usage/breakdown', { dimension: 'user_id' });
  expect(answer).toMatchObject({ source: 'events', total: { total_requests: CALLS } });
  expect(await scansOfTheLog()).toBeGreaterThan(scans);
});
