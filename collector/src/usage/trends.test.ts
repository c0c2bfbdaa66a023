import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { postRandomCalls } from '../testing/random-calls.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../testing/test-collector.ts';
import { trendsOf, type Trends } from './trends.ts';

let collector: TestCollector;
let otherKey: string;

/** Ninety days whose requests double on May 20; weekends have a fifth. At noon of UTC, so that they are the same days in every zone. */
const CHANGE = '2026-05-20';
const DAYS = Array.from({ length: 90 }, (_, day) =>
  new Date(Date.UTC(2026, 3, 1 + day)).toISOString().slice(0, 10),
);
function requestsOn(date: string, day: number): number {
  const isWeekend = [0, 6].includes(new Date(date).getUTCDay());
  return Math.round((isWeekend ? 2 : 10) * (date < CHANGE ? 1 : 2) + (day % 3) - 1);
}

beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('steps');
  otherKey = await collector.makeKey('steps', ['ingest', 'read']);
  await postRandomCalls(collector, { seed: 31, count: 900 });
  const events = DAYS.flatMap((date, day) =>
    Array.from({ length: requestsOn(date, day) }, () =>
      testEvent({ timestamp: `${date}T12:00:00Z`, user_id: `user-${day % 2}` }),
    ),
  );
  for (let from = 0; from < events.length; from += 500)
    await collector.post(events.slice(from, from + 500), { key: otherKey });
  await collector.complete();
}, 180_000);
afterAll(() => collector.close());

type Query = Record<string, string | string[]>;
async function trends(query: Query, key = collector.apiKey): Promise<Trends> {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/trends', query, key });
  if (answer.statusCode !== 200) throw new Error(`${JSON.stringify(query)}: ${answer.body}`);
  return answer.json<Trends>();
}

/** Measure and plain SQL of it over the events of a day, as a person would write it. */
const MEASURES: [string, string][] = [
  [
    'total_cost_usd',
    `CASE WHEN count(*) = 0 THEN '0' WHEN count(cost_nano_usd) > 0 THEN trim_scale(sum(cost_nano_usd) / 1000000000.0)::text END`,
  ],
  ['total_requests', 'count(*)::int'],
  ['total_tokens_used', 'coalesce(sum(tokens_used), 0)::int'],
  ['unpriced_requests', '(count(*) FILTER (WHERE event_uuid IS NOT NULL AND cost_nano_usd IS NULL))::int'],
  ['average_response_time_ms', 'round(avg(response_time_us) / 1000, 3)::float8'],
  [
    'success_rate',
    `round(count(*) FILTER (WHERE status = 'success') * 100.0 / nullif(count(*), 0), 4)::float8`,
  ],
];

describe.each(['UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'])('in %s', (zone) => {
  test.each(MEASURES)('the history of %s is that of the local days', async (measure, sql) => {
    for (const [query, where] of [
      [{}, 'true'],
      [
        { model_name: 'gpt-4o', 'not.project_id': 'project-1' },
        `model_name = 'gpt-4o' AND project_id IS DISTINCT FROM 'project-1'`,
      ],
      [{ status: 'error' }, `status = 'error'`],
    ] as [Query, string][]) {
      const range = { start_date: '2026-10-01', end_date: '2026-11-10' };
      const answer = await trends({ ...range, ...query, measure, timezone: zone });
      const { rows } = await collector.pool.query<{ date: string; value: unknown }>(
        `SELECT to_char(day, 'YYYY-MM-DD') AS date, (SELECT ${sql.replaceAll('count(*)', 'count(event_uuid)')} FROM client_usage_logs
           WHERE tenant_id = $1 AND ("timestamp" AT TIME ZONE $2)::date = day AND ${where}) AS value
         FROM (SELECT day::date FROM generate_series('2026-10-01'::date, '2026-11-10', '1 day') day) days ORDER BY day`,
        [FIRST_TENANT, zone],
      );
      const first = await collector.pool.query<{ date: string }>(
        `SELECT to_char(min("timestamp" AT TIME ZONE $2), 'YYYY-MM-DD') AS date FROM client_usage_logs
         WHERE tenant_id = $1 AND ("timestamp" AT TIME ZONE $2)::date >= '2026-10-01' AND ${where}`,
        [FIRST_TENANT, zone],
      );
      const expected = rows.filter(({ date }) => date >= (first.rows[0]?.date ?? ''));
      expect(expected.length).toBeGreaterThan(30);
      expect(answer.history).toEqual(expected);
      expect(answer.source).toBe('status' in query ? 'events' : 'rollups');
      // And what is told of them is what the pure functions make of them.
      const numbers = expected.map(({ date, value }) => ({
        date,
        value: value === null ? null : Number(value),
      }));
      const weekday = new Date(expected[0]?.date ?? '').getUTCDay();
      expect(answer).toMatchObject(trendsOf(measure as never, numbers, weekday));
    }
  });

  test('a change of level is found on its day, with the week, and seen by its own tenant alone', async () => {
    const query = {
      start_date: DAYS[0] ?? '',
      end_date: DAYS.at(-1) ?? '',
      measure: 'total_requests',
      timezone: zone,
    };
    const answer = await trends(query, otherKey);
    expect(answer.history.map(({ value }) => value)).toEqual(DAYS.map(requestsOn));
    expect(answer.unit).toBe('requests');
    expect(answer.change_points.map(({ date }) => date)).toEqual([CHANGE]);
    const mean = (dates: string[]): number =>
      dates.reduce((sum, date) => sum + requestsOn(date, DAYS.indexOf(date)), 0) / dates.length;
    const [point] = answer.change_points;
    expect(point?.before).toBeCloseTo(mean(DAYS.filter((date) => date < CHANGE)), 3);
    expect(point?.after).toBeCloseTo(mean(DAYS.filter((date) => date >= CHANGE)), 3);
    expect(answer.seasonality).toMatchObject({ is_significant: true });
    const [sunday, monday, , , , , saturday] = answer.seasonality?.weekday_factors ?? [];
    expect(monday).toBeGreaterThan(1.1);
    expect(sunday).toBeLessThan(0.4);
    expect(saturday).toBeLessThan(0.4);
    expect(answer.trend).toMatchObject({ direction: 'up', is_significant: true, by_weekday: true });
    expect((await trends(query)).history).toEqual([]);
  });
});

test('late data is in the next answer, and money keeps its digits', async () => {
  const query = { start_date: '2026-06-01', end_date: '2026-06-29', measure: 'total_cost_usd' };
  const before = await trends(query, otherKey);
  await collector.post([testEvent({ timestamp: '2026-06-10T01:00:00Z' })], { key: otherKey });
  await collector.complete();
  const after = await trends(query, otherKey);
  const cost = ({ history }: Trends): number =>
    Number(history.find(({ date }) => date === '2026-06-10')?.value);
  expect(cost(after) - cost(before)).toBeCloseTo(0.0035, 9);
  expect(after.unit).toBe('USD');
  expect(typeof after.trend?.slope_per_day).toBe('string');
});

test('days that are not over and days that the range cuts are left out', async () => {
  const now = new Date();
  await collector.post([testEvent({ timestamp: now.toISOString() })], { key: otherKey });
  const { history } = await trends(
    { start_date: 'now-3d', end_date: 'now', measure: 'total_requests' },
    otherKey,
  );
  expect(history.map(({ date }) => date)).not.toContain(now.toISOString().slice(0, 10));
  const cut = {
    start_date: '2026-06-01T06:00:00Z',
    end_date: '2026-06-05T06:00:00Z',
    measure: 'total_requests',
  };
  expect((await trends(cut, otherKey)).history.map(({ date }) => date)).toEqual([
    '2026-06-02',
    '2026-06-03',
    '2026-06-04',
  ]);
});

test('nothing at all has no trend', async () => {
  expect(await trends({ start_date: '2020-01-01', end_date: '2020-03-01' })).toMatchObject({
    history: [],
    growth: null,
    trend: null,
    seasonality: null,
    change_points: [],
    unpriced_requests: 0,
  });
});

test.each([
  [{ measure: 'price' }, 400, /measure: must be one of total_cost_usd/],
  [{ start_date: '2020-01-01', end_date: '2025-01-01' }, 422, /at most 1100 days/],
  [
    { start_date: '2025-01-01', end_date: '2025-12-31', user_id: 'a' },
    422,
    /user_id: is read from the events/,
  ],
] as [Query, number, RegExp][])('a wrong query is told: %j', async (query, status, detail) => {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/trends', query });
  expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
    status,
    expect.stringMatching(detail),
  ]);
});
