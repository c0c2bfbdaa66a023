import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startTestCollector, type TestCollector } from '../collector/src/testing/test-collector.ts';
import type { Overview } from '../collector/src/usage/overview.ts';

const url = process.env['TIMESCALE_DATABASE_URL'];
if (url === undefined) {
  console.warn(
    'Skipped: the engines are not compared, since TIMESCALE_DATABASE_URL names no TimescaleDB server to make databases on.',
  );
}

/** The same events to both engines, and the same questions: every figure of every answer must be the same. */
(url === undefined ? describe.skip : describe)('PostgreSQL and TimescaleDB', () => {
  let engines: TestCollector[];
  beforeAll(async () => {
    engines = [await startTestCollector({}, 'postgresql'), await startTestCollector({}, 'timescaledb')];
    const events = fc.sample(event, { numRuns: 1_500, seed: 11 });
    // Out of order, in batches of any size, a tenth of it sent twice, and at last what completes some of it.
    const batches: object[][] = [];
    for (let from = 0, size = 1; from < events.length; from += size, size = (size * 7 + 3) % 211)
      batches.push(events.slice(from, from + size));
    for (let index = 0; index < batches.length; index += 10) batches.push(batches[index] ?? []);
    batches.push(
      events.slice(0, 200).map((one) => ({
        ...one,
        user_id: 'completed',
        response_time_ms: 77,
        output_tokens: 5,
        input_tokens: 9,
      })),
    );
    const answers = await Promise.all(
      engines.map(async (engine) => {
        const counts: unknown[] = [];
        for (const [index, batch] of batches.entries()) {
          if (batch.length > 0) counts.push((await engine.post(batch)).json());
          // Let TimescaleDB take in a part, so that later events are late for it.
          if (index === 6) await engine.complete();
        }
        await engine.complete();
        return counts;
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    // Some ten seconds, of which TimescaleDB's refreshes take the most; a machine with other work may take many times as long.
  }, 300_000);
  afterAll(() => Promise.all(engines.map((engine) => engine.close())));

  const both = async (query: Record<string, string>): Promise<Overview[]> =>
    Promise.all(
      engines.map(async (engine) => {
        const answer = await engine.call({ method: 'GET', url: '/v1/analytics/usage/overview', query });
        expect(answer.statusCode).toBe(200);
        const { freshness: _freshness, ...rest } = answer.json<Overview>();
        return rest as Overview;
      }),
    );

  const ZONES = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
  ];
  test.each(ZONES)('answer alike in %s, for every width of the points', async (timezone) => {
    let requests = 0;
    for (const group_by of ['hour', 'day', 'week', 'month']) {
      const dates =
        group_by === 'hour'
          ? { start_date: '2026-03-20', end_date: '2026-04-05' }
          : { start_date: '2025-10-15', end_date: '2026-04-15' };
      const [plain, timescale] = await both({ ...dates, group_by, timezone });
      expect(timescale).toEqual(plain);
      requests += plain?.summary.total_requests ?? 0;
    }
    expect(requests).toBeGreaterThan(1_000);
  });

  test('answer alike to any period, zone and filter', async () => {
    const instant = fc.integer({ min: Date.parse('2025-10-20Z'), max: Date.parse('2026-04-10Z') });
    const question = fc.record({
      ends: fc.tuple(instant, instant).filter(([a, b]) => Math.abs(a - b) > 3_600_000),
      timezone: fc.constantFrom(...ZONES),
      group_by: fc.constantFrom('day', 'week', 'month'),
      filter: fc.constantFrom(
        {},
        { project_id: 'p1' },
        { prompt_id: 'q2' },
        { model_provider: 'openai' },
        { environment: 'production', endpoint: '/v1/messages' },
      ),
    });
    await fc.assert(
      fc.asyncProperty(question, async ({ ends, timezone, group_by, filter }) => {
        const [start = 0, end = 0] = [...ends].sort((a, b) => a - b);
        const [plain, timescale] = await both({
          start_date: new Date(start).toISOString(),
          end_date: new Date(end).toISOString(),
          timezone,
          group_by,
          ...filter,
        });
        expect(timescale).toEqual(plain);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  test.each([
    'usage_analytics_quarter_hourly',
    'usage_analytics_hourly',
    'usage_analytics_hourly_by_model',
    'usage_analytics_total',
    'usage_latency_total_daily',
    'usage_analytics_daily',
    'usage_latency_hourly',
    'usage_latency_daily',
  ])('have the same rows in %s', async (view) => {
    const [plain, timescale] = await Promise.all(
      engines.map(
        async ({ pool }) =>
          (
            await pool.query<{ row: object }>(
              `SELECT to_jsonb(v) AS row FROM ${view} v ORDER BY to_jsonb(v)::text`,
            )
          ).rows,
      ),
    );
    expect(plain?.length).toBeGreaterThan(50);
    expect(timescale).toEqual(plain);
  });
});

/**
 * Around changes of clocks, days, weeks, chunks and partitions, and on some days in between; few values, so that groups are shared. Not on every day of half
 * a year: TimescaleDB refreshes each of its chunks in each of its aggregates, which took more than a minute for 173 days.
 */
const BORDERS = [
  '2025-10-26T01:00:00Z', '2025-11-02T06:00:00Z', '2026-01-01T00:00:00Z', '2026-03-08T07:00:00Z', '2026-03-29T01:00:00Z', '2026-04-04T15:00:00Z', '2026-03-23T00:00:00Z',
]; // prettier-ignore
const DAYS = ['2025-10-21T00:00:00Z', '2025-11-04T00:00:00Z', '2026-03-21T00:00:00Z', '2026-04-08T00:00:00Z'];
let serial = 0;
const event = fc
  .record({
    timestamp: fc
      .oneof(
        fc
          .tuple(fc.constantFrom(...BORDERS), fc.integer({ min: -7_200_000, max: 7_200_000 }))
          .map(([border, offset]) => Date.parse(border) + offset),
        fc
          .tuple(fc.constantFrom(...DAYS), fc.nat(86_400_000 - 1))
          .map(([day, offset]) => Date.parse(day) + offset),
      )
      .map((ms) => new Date(ms).toISOString()),
    project_id: fc.constantFrom('p1', 'p2', null),
    prompt_id: fc.constantFrom('q1', 'q2', 'q3', null),
    prompt_version: fc.constantFrom('1', '2', null),
    endpoint: fc.constantFrom('/v1/messages', null),
    environment: fc.constantFrom('production', 'staging', null),
    model_provider: fc.constantFrom('openai', 'anthropic', 'vllm'),
    model_name: fc.constantFrom('gpt-4o', 'claude-sonnet-4-5'),
    input_tokens: fc.option(fc.nat(100_000)),
    cache_read_tokens: fc.option(fc.nat(5_000)),
    output_tokens: fc.option(fc.nat(5_000)),
    response_time_ms: fc.option(fc.double({ min: 0, max: 100_000, noNaN: true })),
    status: fc.constantFrom('success', 'error'),
    cache_hit: fc.boolean(),
    cost_usd: fc.option(fc.nat(1_000_000).map((n) => (n / 1000).toFixed(3))),
  })
  .map((fields) => ({ event_id: `compared-${serial++}`, ...fields }));
