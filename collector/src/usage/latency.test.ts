import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { postRandomCalls, RANDOM_CALLS_PERIOD } from '../testing/random-calls.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../testing/test-collector.ts';
import { boundaryMs, LATENCY_RELATIVE_ERROR, latencyBucket } from './latency-buckets.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { LatencyAnswer, LatencyFigures, LatencyPart } from './latency.ts';
import type { Overview } from './overview.ts';

let collector: TestCollector;
let otherKey: string;

beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('neighbour');
  otherKey = await collector.makeKey('neighbour', ['ingest', 'read']);
  await postRandomCalls(collector, { seed: 31, count: 1500 });
  await postRandomCalls(collector, { seed: 32, count: 200, key: otherKey });
});
afterAll(() => collector.close());

type Query = Record<string, string | string[]>;
async function get<Answer>(path: string, query: Query, key?: string): Promise<Answer> {
  const answer = await collector.call({
    method: 'GET',
    url: `/v1/analytics/usage/${path}`,
    query,
    ...(key === undefined ? {} : { key }),
  });
  if (answer.statusCode !== 200) throw new Error(`${path} ${JSON.stringify(query)}: ${answer.body}`);
  return answer.json<Answer>();
}
const latency = (query: Query, key?: string): Promise<LatencyAnswer> => get('latency', query, key);

interface Call {
  ms: number | null;
  first: number | null;
  output: number;
  member: string | null;
  day: string;
}
/** The calls themselves, with the local day by the database's own calendar. */
async function calls(member: string, where: string, zone = 'UTC', tenant = FIRST_TENANT): Promise<Call[]> {
  const { rows } = await collector.pool.query<Call>(
    `SELECT response_time_us / 1000.0::float8 AS ms, time_to_first_token_us / 1000.0::float8 AS first, coalesce(output_tokens, 0)::int AS output,
       ${member} AS member, to_char("timestamp" AT TIME ZONE $2, 'YYYY-MM-DD') AS day
     FROM client_usage_logs WHERE tenant_id = $1 AND ${where}`,
    [tenant, zone],
  );
  return rows;
}

function expectFigures(told: LatencyFigures, truth: Call[], time: 'ms' | 'first' = 'ms'): void {
  const known = truth.flatMap((call) => call[time] ?? []).sort((a, b) => a - b);
  expect(told.total_requests).toBe(truth.length);
  expect(told.timed_requests).toBe(known.length);
  if (known.length === 0) {
    expect(told).toMatchObject({ average_ms: null, percentiles_ms: { p50: null, p99: null } });
    return;
  }
  expect(told.average_ms).toBeCloseTo(known.reduce((sum, ms) => sum + ms, 0) / known.length, 2);
  for (const [name, quantile] of [
    ['p50', 0.5],
    ['p90', 0.9],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    const exact = known[Math.max(0, Math.ceil(quantile * known.length) - 1)] ?? 0;
    const answered = told.percentiles_ms[name] ?? NaN;
    // A time of 0 is in the lowest bucket, whose middle is a microsecond.
    expect(Math.abs(answered - exact)).toBeLessThanOrEqual(exact * LATENCY_RELATIVE_ERROR + 0.002);
  }
}

function expectHistogram(part: LatencyPart, truth: Call[], time: 'ms' | 'first' = 'ms'): void {
  const known = truth.flatMap((call) => call[time] ?? []);
  for (const { above_ms, up_to_ms, requests } of part.histogram) {
    expect({ above_ms, requests }).toEqual({
      above_ms,
      // The boundaries are told to six digits.
      requests: known.filter((ms) => ms > above_ms * 1.000001 && ms <= up_to_ms * 1.000001).length + (above_ms === 0 ? known.filter((ms) => ms === 0).length : 0),
    }); // prettier-ignore
  }
  expect(part.histogram.reduce((sum, { requests }) => sum + requests, 0)).toBe(known.length);
}

const AUTUMN = { start_date: '2026-09-15', end_date: '2026-11-10' };

describe.each(['UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'])('in %s', (timezone) => {
  test.each([
    [{}, 'true', 'rollups'],
    [
      { model_name: 'gpt-4o', 'not.environment': 'test' },
      `model_name = 'gpt-4o' AND environment IS DISTINCT FROM 'test'`,
      'rollups',
    ],
    [{ prompt_id: 'prompt-1' }, `prompt_id = 'prompt-1'`, 'events'],
    [{ status: 'error' }, `status = 'error'`, 'events'],
  ] as [Query, string, string][])(
    '%j: the whole and each local day are those of the calls',
    async (query, where, source) => {
      const answer = await latency({ ...AUTUMN, timezone, group_by: 'day', ...query });
      expect(answer.source).toBe(source);
      const truth = (await calls('NULL::text', where, timezone)).filter(
        ({ day }) => day >= AUTUMN.start_date && day <= AUTUMN.end_date,
      );
      expectFigures(answer.total, truth);
      expectHistogram(answer.total, truth);
      expect(answer.total.time_series).toHaveLength(57);
      for (const point of answer.total.time_series ?? []) {
        expectFigures(
          point,
          truth.filter(({ day }) => day === point.timestamp.slice(0, 10)),
        );
      }
      const overview = await get<Overview>('overview', { ...AUTUMN, timezone, ...query });
      expect(answer.total.total_requests).toBe(overview.summary.total_requests);
      expect(answer.total.average_ms).toBe(overview.summary.average_response_time_ms);
    },
  );
});

test.each([
  ['model_name', 'model_name', 'rollups'],
  ['environment', 'environment', 'rollups'],
  ['prompt_id', 'prompt_id', 'events'],
  ['user_id', 'user_id', 'events'],
  ['metadata.team', `nullif(metadata ->> 'team', '')`, 'events'],
])('by %s: members, other and total are those of their calls', async (dimension, member, source) => {
  const answer = await latency({ ...AUTUMN, dimension, limit: '3', group_by: 'month' });
  expect(answer).toMatchObject({ source, dimension });
  const truth = await calls(member, `"timestamp" >= '2026-09-15' AND "timestamp" < '2026-11-11'`);
  const top = answer.members.map((part) => part.member);
  expect(answer.members).toHaveLength(3);
  for (const part of answer.members) {
    const own = truth.filter((call) => call.member === part.member);
    expectFigures(part, own);
    expectHistogram(part, own);
    for (const point of part.time_series ?? []) {
      expectFigures(
        point,
        own.filter(({ day }) => day.slice(0, 7) === point.timestamp.slice(0, 7)),
      );
    }
  }
  const rest = truth.filter((call) => !top.includes(call.member));
  const all = new Set(truth.map((call) => call.member)).size;
  if (all === 3) expect(answer.other).toBeNull();
  else {
    expect(answer.other?.members).toBe(all - 3);
    expectFigures(answer.other as LatencyPart, rest);
  }
  expect(answer.total.members).toBe(all);
  expectFigures(answer.total, truth);
});

test('the time to the first token likewise, from the events', async () => {
  const answer = await latency({
    ...AUTUMN,
    measure: 'time_to_first_token',
    dimension: 'model_name',
    limit: '2',
    timezone: 'Asia/Kolkata',
    group_by: 'week',
  });
  expect(answer.source).toBe('events');
  const truth = (await calls('model_name', 'true', 'Asia/Kolkata')).filter(
    ({ day }) => day >= AUTUMN.start_date && day <= AUTUMN.end_date,
  );
  expectFigures(answer.total, truth, 'first');
  expectHistogram(answer.total, truth, 'first');
  for (const part of answer.members)
    expectFigures(
      part,
      truth.filter(({ member }) => member === part.member),
      'first',
    );
});

test('the database puts a time to the first token into the bucket that the collector would', async () => {
  const times = [
    0, 0.001, 0.0011, 0.5, 1, 1.0001, 2, 4, 7.999, 8, 8.001, 64, 1000, 1024, 1024.001, 65_536, 268_435.456,
    536_870.912,
  ];
  await collector.post(
    times.map((ms, index) =>
      testEvent({
        timestamp: '2026-04-04T00:00:00Z',
        time_to_first_token_ms: ms,
        response_time_ms: 600_000,
        user_id: `first-${index}`,
      }),
    ),
  );
  for (const [index, ms] of times.entries()) {
    const answer = await latency({
      start_date: '2026-04-04',
      end_date: '2026-04-04',
      measure: 'time_to_first_token',
      user_id: `first-${index}`,
    });
    expect({ ms, bar: answer.total.histogram }).toEqual({
      ms,
      bar: [{ above_ms: boundaryMs(latencyBucket(Math.round(ms * 1000) / 1000)), up_to_ms: boundaryMs(latencyBucket(Math.round(ms * 1000) / 1000) + 1), requests: 1 }],
    }); // prettier-ignore
  }
});

test('output tokens per second are output over response time', async () => {
  const at = { timestamp: '2026-04-06T00:00:00Z', model_name: 'gpt-4o' };
  await collector.post([
    testEvent({ ...at, output_tokens: 300, response_time_ms: 2000 }),
    testEvent({ ...at, output_tokens: 100, response_time_ms: 3000 }),
  ]);
  await collector.complete();
  const query = { start_date: '2026-04-06', end_date: '2026-04-06' };
  expect((await latency(query)).total.output_tokens_per_second).toBe(80);
  // A call without a time is taken to have as many output tokens as the others.
  await collector.post([testEvent({ ...at, output_tokens: 200 })]);
  await collector.complete();
  expect((await latency(query)).total).toMatchObject({
    total_requests: 3,
    timed_requests: 2,
    output_tokens_per_second: 80,
  });
});

test('an instant in the middle of an hour takes the calls from then on only', async () => {
  await collector.post([
    testEvent({ timestamp: '2026-04-08T10:10:00Z', response_time_ms: 100 }),
    testEvent({ timestamp: '2026-04-08T10:50:00Z', response_time_ms: 200 }),
    testEvent({ timestamp: '2026-04-08T12:20:00Z', response_time_ms: 400 }),
    testEvent({ timestamp: '2026-04-08T12:40:00Z', response_time_ms: 800 }),
  ]);
  await collector.complete();
  const answer = await latency({ start_date: '2026-04-08T10:30:00Z', end_date: '2026-04-08T12:30:00Z' });
  expect(answer.source).toBe('rollups');
  expect(answer.total).toMatchObject({ timed_requests: 2, average_ms: 300 });
  const within = await latency({ start_date: '2026-04-08T10:30:00Z', end_date: '2026-04-08T10:45:00Z' });
  expect(within.total.timed_requests).toBe(0);
});

test('bars are merged until there are few enough, and lose no call', () => {
  const histogram = new LatencyHistogram();
  for (let ms = 1; ms < 5000; ms *= 1.01) histogram.add(latencyBucket(ms), 1);
  for (const most of [1, 2, 5, 24, 200]) {
    const bars = histogram.bars(most);
    expect(bars.length).toBeLessThanOrEqual(most);
    expect(bars.reduce((sum, { requests }) => sum + requests, 0)).toBe(histogram.total);
    for (const [index, bar] of bars.entries())
      if (index > 0) expect(bar.above_ms).toBe(bars[index - 1]?.up_to_ms);
  }
  expect(new LatencyHistogram().bars(5)).toEqual([]);
});

test.each([
  ['UTC', 'response_time', 'rollups'],
  ['Asia/Kolkata', 'response_time', 'rollups'],
  ['America/New_York', 'time_to_first_token', 'events'],
] as const)(
  'the heat map in %s, %s: each day has the calls of its histogram',
  async (timezone, measure, source) => {
    const answer = await latency({
      ...AUTUMN,
      timezone,
      measure,
      group_by: 'day',
      bars: '16',
      heatmap: 'true',
    });
    const { heatmap, histogram, time_series } = answer.total;
    expect(answer.source).toBe(source);
    expect(heatmap?.bars).toEqual(histogram.map(({ above_ms, up_to_ms }) => ({ above_ms, up_to_ms })));
    const points = heatmap?.points ?? [];
    expect(points.map(({ timestamp }) => timestamp)).toEqual(time_series?.map(({ timestamp }) => timestamp));
    // By time it adds up to the points, by bar to the whole.
    expect(points.map(({ requests }) => requests.reduce((sum, count) => sum + count, 0))).toEqual(
      time_series?.map(({ timed_requests }) => timed_requests),
    );
    expect(
      histogram.map((_bar, index) => points.reduce((sum, { requests }) => sum + (requests[index] ?? 0), 0)),
    ).toEqual(histogram.map(({ requests }) => requests));
    // One of the days by itself, whose histogram may be finer.
    const day = points.find(({ requests }) => requests.some((count) => count > 0));
    const date = day?.timestamp.slice(0, 10) ?? '';
    const alone = await latency({ start_date: date, end_date: date, timezone, measure, bars: '200' });
    expect(day?.requests).toEqual(
      histogram.map(({ above_ms, up_to_ms }) =>
        alone.total.histogram
          .filter((bar) => bar.above_ms >= above_ms && bar.up_to_ms <= up_to_ms)
          .reduce((sum, { requests }) => sum + requests, 0),
      ),
    );
  },
);

test('a heat map of a time without calls has no bars, and only the whole has one', async () => {
  const nothing = await latency({
    start_date: '2020-01-01',
    end_date: '2020-01-02',
    group_by: 'day',
    heatmap: 'true',
  });
  expect(nothing.total.heatmap).toMatchObject({ bars: [], points: [{ requests: [] }, { requests: [] }] });
  const parts = await latency({ ...AUTUMN, dimension: 'model_name', group_by: 'month', heatmap: 'true' });
  expect(parts.total.heatmap?.bars.length).toBeGreaterThan(1);
  for (const member of parts.members) expect(member).not.toHaveProperty('heatmap');
  expect((await latency({ ...AUTUMN, group_by: 'day' })).total).not.toHaveProperty('heatmap');
});

test('a tenant sees its own calls only, and nothing at all is nothing', async () => {
  const own = await latency({ ...AUTUMN, dimension: 'user_id', limit: '50' }, otherKey);
  const truth = await calls(
    'user_id',
    `"timestamp" >= '2026-09-15' AND "timestamp" < '2026-11-11'`,
    'UTC',
    'neighbour',
  );
  expectFigures(own.total, truth);
  expect(own.total.members).toBe(new Set(truth.map(({ member }) => member)).size);
  const nothing = await latency({
    start_date: '2020-01-01',
    end_date: '2020-01-02',
    dimension: 'model_name',
    group_by: 'day',
  });
  expect(nothing).toMatchObject({
    members: [],
    other: null,
    total: { members: 0, total_requests: 0, histogram: [], average_ms: null },
  });
  expect(nothing.total.time_series).toHaveLength(2);
});

test.each([
  [
    { ...RANDOM_CALLS_PERIOD, measure: 'time_to_first_token' },
    422,
    /time_to_first_token is read from the events themselves, at most 93 days/,
  ],
  [
    { ...RANDOM_CALLS_PERIOD, dimension: 'prompt_id' },
    422,
    /prompt_id: not in the latency buckets, so read from the events/,
  ],
  [{ ...RANDOM_CALLS_PERIOD, user_id: 'x' }, 422, /user_id: is read from the events/],
  [{ ...RANDOM_CALLS_PERIOD, group_by: 'hour', dimension: 'model_name' }, 400, /more than 4000 points/],
  [{ ...AUTUMN, heatmap: 'true' }, 400, /heatmap: needs group_by/],
  [
    { start_date: '2026-06-01', end_date: '2026-09-30', group_by: 'hour', bars: '200', heatmap: 'true' },
    400,
    /heatmap: 2928 points of 200 bars are more than 100000/,
  ],
  [{ dimension: 'colour' }, 400, /dimension: "colour" is not a dimension/],
  [{ measure: 'patience' }, 400, /measure: must be one of response_time/],
] as [Query, number, RegExp][])('a wrong query is told: %j', async (query, status, detail) => {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/latency', query });
  expect({ status: answer.statusCode, detail: answer.json<{ detail: string }>().detail }).toEqual({
    status,
    detail: expect.stringMatching(detail),
  });
});
