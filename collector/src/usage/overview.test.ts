import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { LATENCY_RELATIVE_ERROR } from './latency-buckets.ts';
import type { Overview } from './overview.ts';

let collector: TestCollector;

/** Events around days on which clocks change and on every quarter of an hour, made without the collector's code. */
interface Sent {
  ms: number;
  promptId: string | null;
  tokens: number;
  requested: number;
  nanoUsd: bigint | null;
  responseMs: number;
  failed: boolean;
}
const sent: Sent[] = [];

beforeAll(async () => {
  collector = await startTestCollector();
  const events: Record<string, unknown>[] = [];
  let seed = 7;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (const day of [
    '2026-03-28T12:00:00Z',
    '2026-10-24T12:00:00Z',
    '2026-03-07T12:00:00Z',
    '2026-10-03T06:00:00Z',
    '2026-01-31T00:00:00Z',
  ]) {
    for (let quarter = 0; quarter < 4 * 48; quarter += 1) {
      const ms = Date.parse(day) + quarter * 900_000 + Math.floor(random() * 900_000);
      const isPriced = random() < 0.9;
      const failed = random() < 0.1;
      const [input, output] = [Math.floor(random() * 9000), Math.floor(random() * 900)];
      const promptId = random() < 0.1 ? null : `prompt-${Math.floor(random() * 14)}`;
      const responseMs = Math.round(Math.exp(5 + 3 * random()) * 1000) / 1000;
      sent.push({
        ms, promptId, tokens: input + output, requested: 1000, responseMs, failed,
        nanoUsd: isPriced ? BigInt(input) * 2_500n + BigInt(output) * 10_000n : null,
      }); // prettier-ignore
      events.push(testEvent({
        timestamp: new Date(ms).toISOString(), prompt_id: promptId, input_tokens: input, output_tokens: output, tokens_requested: 1000,
        response_time_ms: responseMs, status: failed ? 'error' : 'success', ...(isPriced ? {} : { model_provider: 'vllm', model_name: 'own' }),
      })); // prettier-ignore
    }
  }
  for (let from = 0; from < events.length; from += 400) {
    expect((await collector.post(events.slice(from, from + 400))).json()).toMatchObject({
      rejected: 0,
      duplicate: 0,
    });
  }
  await collector.complete();
});

afterAll(() => collector.close());

const overview = async (query: Record<string, string>): Promise<Overview> => {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/overview', query });
  expect(answer.statusCode).toBe(200);
  return answer.json<Overview>();
};

const formats = new Map<string, Intl.DateTimeFormat>();
/** One a zone: they hold much memory that the garbage collector does not see. */
function formatIn(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      dateStyle: 'short',
      timeStyle: 'short',
      hourCycle: 'h23',
    });
    formats.set(zone, format);
  }
  return format;
}

/** Local date and time of an instant, by the runtime's formatter alone. */
function local(zone: string, ms: number): { date: string; hour: string; weekday: number } {
  const parts = Object.fromEntries(
    formatIn(zone)
      .formatToParts(ms)
      .map((part) => [part.type, part.value]),
  );
  const date = `${parts['year']}-${parts['month']}-${parts['day']}`;
  return { date, hour: parts['hour'] ?? '', weekday: new Date(`${date}T00:00:00Z`).getUTCDay() };
}

function decimal(nanoUsd: bigint): string {
  const text = nanoUsd.toString().padStart(10, '0');
  return `${text.slice(0, -9)}.${text.slice(-9)}`.replace(/\.?0+$/, '');
}

function expected(events: Sent[]): Record<string, unknown> {
  const priced = events.filter(({ nanoUsd }) => nanoUsd !== null);
  return {
    total_requests: events.length,
    failed_requests: events.filter(({ failed }) => failed).length,
    total_tokens_used: events.reduce((sum, { tokens }) => sum + tokens, 0),
    total_tokens_requested: events.length * 1000,
    unpriced_requests: events.length - priced.length,
    total_cost_usd:
      events.length > 0 && priced.length === 0
        ? null
        : decimal(priced.reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0n), 0n)),
  };
}

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Pacific/Chatham',
];
const PERIODS = [
  ['2026-03-28', '2026-03-30'],
  ['2026-10-24', '2026-10-26'],
  ['2026-03-07', '2026-03-09'],
  ['2026-10-03', '2026-10-05'],
  ['2026-01-31', '2026-02-02'],
] as const;

describe.each(ZONES)('in %s', (zone) => {
  test.each(PERIODS)('%s to %s: totals and each day are those of the local days', async (start, end) => {
    const answer = await overview({ start_date: start, end_date: end, timezone: zone, group_by: 'day' });
    const inside = sent.filter(({ ms }) => local(zone, ms).date >= start && local(zone, ms).date <= end);
    expect(answer.summary).toMatchObject(expected(inside));
    expect(answer.time_series).toHaveLength(3);
    for (const point of answer.time_series) {
      const date = point.timestamp.slice(0, 10);
      expect({ date, ...point }).toMatchObject({
        date,
        ...expected(inside.filter(({ ms }) => local(zone, ms).date === date)),
      });
    }
  });

  test.each(PERIODS)(
    '%s to %s: the hours add up to the day, those of changed clocks too',
    async (start, end) => {
      const answer = await overview({ start_date: start, end_date: end, timezone: zone, group_by: 'hour' });
      const total = answer.time_series.reduce((sum, point) => sum + point.total_requests, 0);
      expect(total).toBe(answer.summary.total_requests);
      expect(new Set(answer.time_series.map(({ timestamp }) => timestamp)).size).toBe(
        answer.time_series.length,
      );
      for (const [index, point] of answer.time_series.entries()) {
        const from = Date.parse(point.timestamp);
        const to = Date.parse(answer.time_series[index + 1]?.timestamp ?? answer.summary.period.end);
        const events = sent.filter(({ ms }) => ms >= from && ms < to);
        expect({ at: point.timestamp, n: point.total_requests }).toEqual({
          at: point.timestamp,
          n: events.length,
        });
        // Where a clock jumps by half an hour, one hour begins in the middle.
        if (zone !== 'Australia/Lord_Howe') expect(point.timestamp.slice(14, 16)).toBe('00');
      }
    },
  );
});

test('weeks begin on Monday and months on the first, in the zone', async () => {
  const weeks = await overview({
    start_date: '2026-03-07',
    end_date: '2026-03-30',
    group_by: 'week',
    timezone: 'Europe/Berlin',
  });
  expect(weeks.time_series.map(({ timestamp }) => timestamp)).toEqual([
    '2026-03-02T00:00:00+01:00', '2026-03-09T00:00:00+01:00', '2026-03-16T00:00:00+01:00', '2026-03-23T00:00:00+01:00', '2026-03-30T00:00:00+02:00',
  ]); // prettier-ignore
  const months = await overview({ start_date: '2026-01-01', end_date: '2026-12-31', group_by: 'month' });
  expect(months.time_series).toHaveLength(12);
  expect(months.summary).toMatchObject(expected(sent));
  expect(months.time_series[9]).toMatchObject(
    expected(sent.filter(({ ms }) => new Date(ms).getUTCMonth() === 9)),
  );
});

test('an instant is taken to the quarter of an hour around it, and the answer says so', async () => {
  const answer = await overview({ start_date: '2026-03-28T13:07:00Z', end_date: '2026-03-28T15:50:00Z' });
  expect(answer.summary.period).toMatchObject({ start: '2026-03-28T13:00:00Z', end: '2026-03-28T16:00:00Z' });
  const inside = sent.filter(
    ({ ms }) => ms >= Date.parse('2026-03-28T13:00:00Z') && ms < Date.parse('2026-03-28T16:00:00Z'),
  );
  expect(answer.summary).toMatchObject(expected(inside));
});

test('top prompts are the dearest, with the same figures', async () => {
  const answer = await overview({ start_date: '2026-01-01', end_date: '2026-12-31' });
  const byPrompt = [...Map.groupBy(sent, ({ promptId }) => promptId)].map(([prompt_id, events]) => ({
    prompt_id,
    cost: events.reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0n), 0n),
    ...expected(events),
  }));
  byPrompt.sort((a, b) => (a.cost < b.cost ? 1 : -1));
  expect(answer.top_prompts).toHaveLength(10);
  expect(answer.top_prompts).toMatchObject(byPrompt.slice(0, 10).map(({ cost: _cost, ...rest }) => rest));
});

test('percentiles are true within the stated error', async () => {
  const { summary } = await overview({ start_date: '2026-01-01', end_date: '2026-12-31' });
  const sorted = sent.map(({ responseMs }) => responseMs).sort((a, b) => a - b);
  for (const [name, quantile] of [
    ['p50', 0.5],
    ['p90', 0.9],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    const truth = sorted[Math.ceil(quantile * sorted.length) - 1] ?? 0;
    const told = summary.response_time_percentiles_ms?.[name] ?? 0;
    expect(Math.abs(told - truth) / truth).toBeLessThanOrEqual(LATENCY_RELATIVE_ERROR + 1e-6);
  }
  const mean = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length;
  expect(summary.average_response_time_ms).toBeCloseTo(mean, 2);
});

test('filters narrow everything; by prompt there are no percentiles', async () => {
  const all = { start_date: '2026-01-01', end_date: '2026-12-31' };
  const byModel = await overview({ ...all, model_provider: 'vllm' });
  expect(byModel.summary).toMatchObject(expected(sent.filter(({ nanoUsd }) => nanoUsd === null)));
  expect(byModel.summary.total_cost_usd).toBeNull();
  const url =
    '/v1/analytics/usage/overview?start_date=2026-01-01&end_date=2026-12-31&prompt_id=prompt-1&prompt_id=prompt-2';
  const byPrompt = (await collector.call({ method: 'GET', url })).json<Overview>();
  expect(byPrompt.summary).toMatchObject(
    expected(sent.filter(({ promptId }) => promptId === 'prompt-1' || promptId === 'prompt-2')),
  );
  expect(byPrompt.summary.response_time_percentiles_ms).toBeNull();
});

test('nothing at all is zeros, not an error', async () => {
  const answer = await overview({ start_date: '2020-01-01', end_date: '2020-01-02' });
  expect(answer.summary).toMatchObject({
    total_requests: 0,
    total_cost_usd: '0',
    success_rate: null,
    average_response_time_ms: null,
  });
  expect(answer.time_series).toHaveLength(48);
});

test.each([
  [{ start_date: 'yesterday' }, /start_date/],
  [{ start_date: '2026-02-30' }, /start_date/],
  [{ start_date: '2026-03-10', end_date: '2026-03-01' }, /start_date: must lie before end_date/],
  [{ timezone: 'Mars/Olympus' }, /IANA/],
  [{ timezone: '+02:00' }, /IANA/],
  [{ group_by: 'year' }, /group_by: must be one of hour, day, week, month/],
  [{ group_by: 'hour', start_date: '2020-01-01' }, /more than 10000 points/],
  [{ nonsense: '1' }, /nonsense: is not known here/],
])('a wrong query is told: %j', async (query, detail) => {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/overview', query });
  expect(answer.statusCode).toBe(400);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json<{ detail: string }>().detail).toMatch(detail);
});

test("the users' own queries run as they are and give right answers", async () => {
  const database = collector.pool;
  const recent = Array.from({ length: 5 }, (_, index) =>
    testEvent({
      timestamp: new Date(Date.now() - 60_000 * index).toISOString(),
      prompt_id: 'recent',
      input_tokens: 10_000_000 * index,
      output_tokens: 0,
      status: index === 0 ? 'error' : 'success',
    }),
  );
  await collector.post(recent);
  await collector.complete();
  const top = await database.query<{ prompt_id: string; total_cost: string }>(
    `SELECT prompt_id, SUM(total_cost_usd) AS total_cost, COUNT(*) AS usage_count, AVG(total_cost_usd) AS avg_cost_per_use FROM usage_analytics_hourly WHERE timestamp >= NOW() - INTERVAL '30 days' GROUP BY prompt_id ORDER BY total_cost DESC LIMIT 10;`,
  );
  const cost = top.rows.find(({ prompt_id }) => prompt_id === 'recent')?.total_cost;
  expect(Number(cost)).toBeCloseTo(100_000_000 * 2.5e-6, 9);
  const hours = await database.query<{ avg_requests: string }>(
    `SELECT EXTRACT(HOUR FROM hour_start) AS hour_of_day, AVG(request_count) AS avg_requests, AVG(total_tokens_used) AS avg_tokens, AVG(total_cost_usd) AS avg_cost FROM usage_analytics_hourly WHERE hour_start >= NOW() - INTERVAL '30 days' GROUP BY hour_of_day ORDER BY hour_of_day;`,
  );
  expect(hours.rows.length).toBeGreaterThan(0);
  const providers = await database.query<{
    model_provider: string;
    total_requests: string;
    success_rate: string;
  }>(
    `SELECT model_provider, SUM(request_count) AS total_requests, SUM(successful_requests) AS successful_requests, (SUM(successful_requests) * 100.0 / SUM(request_count)) AS success_rate FROM usage_analytics_hourly WHERE hour_start >= NOW() - INTERVAL '7 days' AND model_provider IS NOT NULL GROUP BY model_provider ORDER BY success_rate DESC;`,
  );
  expect(
    providers.rows.map(({ model_provider, total_requests, success_rate }) => [
      model_provider,
      Number(total_requests),
      Number(success_rate),
    ]),
  ).toEqual([['openai', 5, 80]]);
});
