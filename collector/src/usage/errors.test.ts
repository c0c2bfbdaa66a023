import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seededRandom } from '../forecast/statistics.ts';
import { postRandomCalls } from '../testing/random-calls.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../testing/test-collector.ts';
import type { ErrorsAnswer } from './errors.ts';
import type { Overview } from './overview.ts';

let collector: TestCollector;
let otherKey: string;
let outageKey: string;

beforeAll(async () => {
  collector = await startTestCollector();
  for (const tenant of ['neighbour', 'outages']) await collector.makeTenant(tenant);
  otherKey = await collector.makeKey('neighbour', ['ingest', 'read']);
  outageKey = await collector.makeKey('outages', ['ingest', 'read']);
  await postRandomCalls(collector, { seed: 41, count: 1500 });
  await postRandomCalls(collector, { seed: 42, count: 200, key: otherKey });
  await postOutages();
  // On TimescaleDB three histories are refreshed, on a busy machine for more than a minute.
}, 240_000);
afterAll(() => collector.close());

/**
 * Ten days of two models, one call a minute in turn, one in fifty failing. On the 9th from 10:15 to 11:45 most calls of both fail; on the
 * 7th from 3:00 to 6:00 a third model, that few use, fails.
 */
async function postOutages(): Promise<void> {
  const random = seededRandom(9);
  const start = Date.parse('2026-05-01T00:00:00Z');
  const events = Array.from({ length: 10 * 1440 }, (_, minute) => {
    const ms = start + minute * 60_000;
    const isOutage = ms >= Date.parse('2026-05-09T10:15:00Z') && ms < Date.parse('2026-05-09T11:45:00Z');
    const isSmall = minute % 20 === 0;
    const isSmallOutage =
      isSmall && ms >= Date.parse('2026-05-07T03:00:00Z') && ms < Date.parse('2026-05-07T06:00:00Z');
    const isError = random() < (isOutage ? 0.8 : isSmallOutage ? 1 : isSmall ? 0 : 0.02);
    return testEvent({
      event_id: `minute-${minute}`,
      timestamp: new Date(ms).toISOString(),
      model_name: isSmall ? 'gpt-4o-mini' : minute % 2 === 0 ? 'gpt-4o' : 'o3',
      environment: 'production',
      status: isError ? 'error' : 'success',
      ...(isError && {
        status_code: isOutage ? 503 : 429,
        error_type: isOutage ? 'overloaded' : 'rate_limit',
      }),
    });
  });
  for (let from = 0; from < events.length; from += 1000) {
    const answer = await collector.post(events.slice(from, from + 1000), { key: outageKey });
    expect(answer.json()).toMatchObject({ rejected: 0 });
  }
  await collector.complete();
}

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
const errors = (query: Query, key?: string): Promise<ErrorsAnswer> => get('errors', query, key);

interface Call {
  failed: boolean;
  type: string | null;
  code: number | null;
  provider: string;
  model: string;
  at: Date;
  day: string;
}
async function calls(where: string, zone: string, tenant = FIRST_TENANT): Promise<Call[]> {
  const { rows } = await collector.pool.query<Call>(
    `SELECT status = 'error' AS failed, error_type AS type, status_code AS code, model_provider AS provider, model_name AS model, "timestamp" AS at,
       to_char("timestamp" AT TIME ZONE $2, 'YYYY-MM-DD') AS day
     FROM client_usage_logs WHERE tenant_id = $1 AND ${where} ORDER BY "timestamp"`,
    [tenant, zone],
  );
  return rows;
}
const countsOf = (of: Call[]) => {
  const failed = of.filter((call) => call.failed).length;
  return {
    total_requests: of.length,
    failed_requests: failed,
    error_rate_percent: of.length === 0 ? null : Math.round((failed * 1e6) / of.length) / 1e4,
  };
};
const seenOf = (of: Call[]) => {
  const failed = of.filter((call) => call.failed);
  return {
    first_seen: failed[0]?.at.toISOString() ?? null,
    last_seen: failed.at(-1)?.at.toISOString() ?? null,
  };
};

const AUTUMN = { start_date: '2026-09-15', end_date: '2026-11-10' };
const ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata'];

describe.each(ZONES)('in %s', (timezone) => {
  test.each([
    [{}, 'true'],
    [
      { 'prefix.model_name': 'gpt-', prompt_id: ['prompt-1', 'prompt-2'] },
      `model_name LIKE 'gpt-%' AND prompt_id IN ('prompt-1', 'prompt-2')`,
    ],
    [
      { 'metadata.team': 'search', 'not.user_id': 'user-1' },
      `metadata ->> 'team' = 'search' AND user_id IS DISTINCT FROM 'user-1'`,
    ],
    [{ error_type: 'rate_limit' }, `error_type = 'rate_limit'`],
  ] as [Query, string][])(
    '%j: rates by time, kind, provider and model are those of the calls',
    async (query, where) => {
      const answer = await errors({ ...AUTUMN, timezone, group_by: 'day', ...query });
      const truth = (await calls(where, timezone)).filter(
        ({ day }) => day >= AUTUMN.start_date && day <= AUTUMN.end_date,
      );
      expect(truth.length).toBeGreaterThan(0);
      expect(answer.total).toEqual({ ...countsOf(truth), ...seenOf(truth) });
      expect(answer.time_series).toHaveLength(57);
      for (const { timestamp, ...point } of answer.time_series) {
        expect({ timestamp, ...point }).toEqual({
          timestamp,
          ...countsOf(truth.filter(({ day }) => day === timestamp.slice(0, 10))),
        });
      }
      const failed = truth.filter((call) => call.failed);
      const types = new Set(failed.map(({ type }) => type));
      expect(new Set(answer.types.members.map(({ error_type }) => error_type))).toEqual(types);
      for (const member of answer.types.members) {
        const own = failed.filter(({ type }) => type === member.error_type);
        expect(member).toEqual({
          error_type: member.error_type,
          failed_requests: own.length,
          share_percent: Math.round((own.length * 1e6) / failed.length) / 1e4,
          status_codes: [...new Set(own.flatMap(({ code }) => code ?? []))].sort((a, b) => a - b),
          ...seenOf(own),
        });
      }
      expect(answer.types.failed_requests).toBe(answer.total.failed_requests);
      for (const { model_provider, ...provider } of answer.providers) {
        const own = truth.filter((call) => call.provider === model_provider);
        expect(provider).toEqual({ ...countsOf(own), ...seenOf(own) });
      }
      for (const { model_provider, model_name, ...model } of answer.models) {
        const own = truth.filter((call) => call.provider === model_provider && call.model === model_name);
        expect(model).toEqual({ ...countsOf(own), ...seenOf(own) });
      }
      expect(answer.models).toHaveLength(
        new Set(truth.map(({ provider, model }) => `${provider} ${model}`)).size,
      );
      const overview = await get<Overview>('overview', { ...AUTUMN, timezone, ...query });
      expect(answer.total).toMatchObject({
        total_requests: overview.summary.total_requests,
        failed_requests: overview.summary.failed_requests,
      });
    },
  );
});

test('an outage of all models is found with its start, end, kind and models; one of a single model too', async () => {
  const answer = await errors(
    { start_date: '2026-05-05', end_date: '2026-05-10', timezone: 'Asia/Kolkata' },
    outageKey,
  );
  const truth = await calls('true', 'UTC', 'outages');
  const within = truth.filter(
    ({ at }) => at >= new Date('2026-05-09T10:15:00Z') && at < new Date('2026-05-09T11:45:00Z'),
  );
  const failed = within.filter((call) => call.failed);
  expect(answer.incidents).toHaveLength(2);
  expect(answer.incidents[0]).toMatchObject({
    model: null,
    start: '2026-05-09T15:45:00+05:30',
    end: '2026-05-09T17:15:00+05:30',
    is_open: false,
    requests: 90,
    errors: failed.length,
    grain: 'quarter_hour',
    top_error_type: { error_type: 'overloaded', errors: failed.length },
  });
  const byModel = [...Map.groupBy(failed, ({ model }) => model)].map(([model, of]) => [model, of.length]);
  expect(
    new Map(answer.incidents[0]?.models.map(({ model_name, errors: count }) => [model_name, count])),
  ).toEqual(new Map(byModel as [string, number][]));
  expect(answer.incidents[0]?.baseline_error_rate_percent).toBeGreaterThan(1);
  expect(answer.incidents[0]?.baseline_error_rate_percent).toBeLessThan(4);
  expect(answer.incidents[1]).toMatchObject({
    model: { model_provider: 'openai', model_name: 'gpt-4o-mini' },
    start: '2026-05-07T08:30:00+05:30',
    end: '2026-05-07T11:30:00+05:30',
    requests: 9,
    errors: 9,
    error_rate_percent: 100,
    grain: 'hour',
    top_error_type: { error_type: 'rate_limit', errors: 9 },
  });
});

test('under a filter the incidents are those of the filtered calls, from rollups and from events', async () => {
  const period = { start_date: '2026-05-06', end_date: '2026-05-10' };
  for (const [filter, grain] of [
    [{ model_name: 'gpt-4o-mini' }, 'hour'],
    [{ model_name: 'gpt-4o-mini', status_code: ['429', '__none__'] }, 'quarter_hour'],
  ] as [Query, string][]) {
    const answer = await errors({ ...period, ...filter }, outageKey);
    const incident = answer.incidents.find(({ start }) => start.startsWith('2026-05-07'));
    expect(answer.source).toBe(grain === 'hour' ? 'rollups' : 'events');
    if (grain === 'hour')
      expect(incident).toMatchObject({
        start: '2026-05-07T03:00:00Z',
        end: '2026-05-07T06:00:00Z',
        errors: 9,
        grain,
      });
    else expect(incident).toBeUndefined(); // One call in twenty minutes: no quarter of an hour has three.
  }
  const before = await errors({ start_date: '2026-05-03', end_date: '2026-05-06' }, outageKey);
  expect(before.incidents).toEqual([]);
});

test('random failures are no incident, and a tenant sees its own failures only', async () => {
  expect((await errors(AUTUMN)).incidents).toEqual([]);
  const own = await errors({ ...AUTUMN, group_by: 'month' }, otherKey);
  const truth = await calls(`"timestamp" >= '2026-09-15' AND "timestamp" < '2026-11-11'`, 'UTC', 'neighbour');
  expect(own.total).toEqual({ ...countsOf(truth), ...seenOf(truth) });
});

test('nothing at all is zeros', async () => {
  expect(await errors({ start_date: '2020-01-01', end_date: '2020-01-02', group_by: 'day' })).toMatchObject({
    total: { total_requests: 0, failed_requests: 0, error_rate_percent: null, first_seen: null },
    types: { failed_requests: 0, members: [], other: null },
    providers: [],
    models: [],
    other_models: null,
    incidents: [],
  });
});

test('a wrong query is told', async () => {
  const answer = await collector.call({
    method: 'GET',
    url: '/v1/analytics/usage/errors',
    query: { start_date: '2026-01-01', end_date: '2026-12-31', user_id: 'x' },
  });
  expect(answer.statusCode).toBe(422);
  expect(answer.json<{ detail: string }>().detail).toMatch(/user_id: is read from the events/);
});
