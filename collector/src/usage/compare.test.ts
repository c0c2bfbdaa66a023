import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { postRandomCalls } from '../testing/random-calls.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../testing/test-collector.ts';
import type { Comparison } from './compare.ts';
import { nanoUsdOf } from './figure-kinds.ts';
import type { Overview } from './overview.ts';

let collector: TestCollector;
let otherKey: string;

beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('neighbour');
  otherKey = await collector.makeKey('neighbour', ['ingest', 'read']);
  await postRandomCalls(collector, { seed: 21, count: 1200 });
  await postRandomCalls(collector, { seed: 22, count: 300, key: otherKey });
}, 180_000);
afterAll(() => collector.close());

type Query = Record<string, string | string[]>;
async function get<Answer>(path: string, query: Query, key = collector.apiKey): Promise<Answer> {
  const answer = await collector.call({ method: 'GET', url: `/v1/analytics/usage/${path}`, query, key });
  if (answer.statusCode !== 200) throw new Error(`${path} ${JSON.stringify(query)}: ${answer.body}`);
  return answer.json<Answer>();
}
const compare = (query: Query, key?: string): Promise<Comparison> => get('compare', query, key);

interface Plain {
  member: string | null;
  requests: number;
  tokens: number;
  unpriced: number;
  nano: bigint;
  /** null where no call has a price. */
  cost: string | null;
  mean: number | null;
}

/** Plain SQL over the events of local days, by the database's own time zones. */
async function plain(
  member: string,
  zone: string,
  [first, last]: readonly [string, string],
  where: string,
  tenant: string,
): Promise<Map<string | null, Plain>> {
  const { rows } = await collector.pool.query<Omit<Plain, 'nano'> & { nano: string | null }>(
    `SELECT ${member} AS member, count(*)::int AS requests, coalesce(sum(tokens_used), 0)::int AS tokens,
       count(*) FILTER (WHERE cost_nano_usd IS NULL)::int AS unpriced, sum(cost_nano_usd)::text AS nano,
       trim_scale(sum(cost_nano_usd) / 1000000000.0)::text AS cost, round(avg(response_time_us) / 1000, 3)::float8 AS mean
     FROM client_usage_logs
     WHERE tenant_id = $1 AND ("timestamp" AT TIME ZONE $2)::date BETWEEN $3 AND $4 AND ${where} GROUP BY 1`,
    [tenant, zone, first, last],
  );
  return new Map(rows.map((row) => [row.member, { ...row, nano: BigInt(row.nano ?? 0) }]));
}

const NONE: Plain = { member: null, requests: 0, tokens: 0, unpriced: 0, nano: 0n, cost: '0', mean: null };
const TEAM = `nullif(metadata ->> 'team', '')`;

/** Zone, what is asked, the local days that it means, and the column. */
const CASES: [string, Query, [string, string], [string, string], string, string][] = [
  ['America/New_York', { compare_with: 'last_week' }, ['2026-10-31', '2026-11-02'], ['2026-10-24', '2026-10-26'], 'model_name', 'true'],
  ['America/New_York', {}, ['2026-03-08', '2026-03-09'], ['2026-03-06', '2026-03-07'], 'user_id', 'true'],
  ['Australia/Lord_Howe', { compare_start: '2026-10-24', compare_end: '2026-10-26' }, ['2026-10-03', '2026-10-05'], ['2026-10-24', '2026-10-26'], 'prompt_id', 'true'],
  ['Australia/Lord_Howe', {}, ['2026-10-05', '2026-10-06'], ['2026-10-03', '2026-10-04'], 'status', 'true'],
  ['Asia/Kolkata', { compare_with: 'last_month' }, ['2026-10-01', '2026-10-31'], ['2026-09-01', '2026-09-30'], 'project_id', 'true'],
  ['Asia/Kolkata', { compare_start: '2026-03-01', compare_end: '2026-03-31' }, ['2026-10-01', '2026-11-10'], ['2026-03-01', '2026-03-31'], TEAM, 'true'],
  ['Europe/Berlin', { compare_start: '2026-03-28', compare_end: '2026-03-28', model_name: ['gpt-4o', 'own-model'] }, ['2026-03-29', '2026-03-29'], ['2026-03-28', '2026-03-28'], 'prompt_version', `model_name IN ('gpt-4o', 'own-model')`],
  ['UTC', { compare_with: 'last_year' }, ['2026-10-01', '2026-11-10'], ['2025-10-01', '2025-11-10'], 'environment', 'true'],
  ['UTC', { compare_start: '2026-10-24', compare_end: '2026-10-26', 'not.user_id': 'user-3' }, ['2026-10-31', '2026-11-03'], ['2026-10-24', '2026-10-26'], 'endpoint', `user_id IS DISTINCT FROM 'user-3'`],
]; // prettier-ignore

describe.each(CASES)('in %s, %j', (zone, query, days, before, column, where) => {
  const dimension = column === TEAM ? 'metadata.team' : column;
  const asked = { ...query, start_date: days[0], end_date: days[1], timezone: zone };

  test.each([
    ['default', FIRST_TENANT],
    ['neighbour', 'neighbour'],
  ])('every member of %s has the figures of its events in both periods', async (_, tenant) => {
    const key = tenant === FIRST_TENANT ? collector.apiKey : otherKey;
    const answer = await compare({ ...asked, dimension, limit: '100' }, key);
    const [now, then] = await Promise.all(
      [days, before].map((range) => plain(column, zone, range, where, tenant)),
    );
    const members = new Set([...(now?.keys() ?? []), ...(then?.keys() ?? [])]);
    expect(new Set(answer.members.map(({ member }) => member[dimension]))).toEqual(members);
    expect(answer.members).toHaveLength(members.size);
    for (const { member, status, current, previous, change, contribution } of answer.members) {
      const [a, b] = [now, then].map((side) => side?.get(member[dimension] ?? null) ?? NONE) as [
        Plain,
        Plain,
      ];
      const told = ({
        total_requests,
        total_tokens_used,
        unpriced_requests,
        total_cost_usd,
        average_response_time_ms,
      }: typeof current) => [
        total_requests,
        total_tokens_used,
        unpriced_requests,
        total_cost_usd,
        average_response_time_ms,
      ];
      expect(told(current)).toEqual([a.requests, a.tokens, a.unpriced, a.cost, a.mean]);
      expect(told(previous)).toEqual([b.requests, b.tokens, b.unpriced, b.cost, b.mean]);
      expect(status).toBe(b.requests === 0 ? 'new' : a.requests === 0 ? 'gone' : 'both');
      expect(change.total_requests.absolute).toBe(a.requests - b.requests);
      if (b.requests > 0)
        expect(change.total_requests.percent).toBeCloseTo(((a.requests - b.requests) * 100) / b.requests, 3);
      else expect(change.total_requests.percent).toBeNull();
      expect(nanoUsdOf(String(contribution.absolute))).toBe(a.nano - b.nano);
      if (a.cost === null || b.cost === null) expect(change.total_cost_usd.absolute).toBeNull();
      else expect(nanoUsdOf(String(change.total_cost_usd.absolute))).toBe(a.nano - b.nano);
    }
    const statuses = answer.members.map(({ status }) => status);
    expect(answer.total.members).toEqual({
      all: members.size,
      new: statuses.filter((status) => status === 'new').length,
      gone: statuses.filter((status) => status === 'gone').length,
    });
    const sizes = answer.members
      .map(({ contribution }) => nanoUsdOf(String(contribution.absolute)))
      .map((nano) => (nano < 0n ? -nano : nano));
    expect(sizes).toEqual(sizes.toSorted((x, y) => (x > y ? -1 : x < y ? 1 : 0)));
  });

  test('contributions of the top and of everything else are the change of the total, which is that of two overviews', async () => {
    const answer = await compare({ ...asked, dimension, limit: '2', measure: 'total_tokens_used' });
    const parts = [...answer.members, ...(answer.other ? [answer.other] : [])];
    const sum = parts.reduce((total, { contribution }) => total + Number(contribution.absolute), 0);
    expect(sum).toBe(answer.total.change.total_tokens_used.absolute);
    expect(answer.total.contribution.absolute).toBe(sum);
    if (sum !== 0)
      expect(
        parts.reduce((total, { contribution }) => total + (contribution.share_percent ?? 0), 0),
      ).toBeCloseTo(100, 2);
    expect((answer.other?.members ?? 0) + answer.members.length).toBe(answer.total.members?.all);
    for (const figure of ['total_requests', 'failed_requests', 'output_tokens'] as const) {
      for (const side of ['current', 'previous'] as const)
        expect(parts.reduce((total, part) => total + part[side][figure], 0)).toBe(answer.total[side][figure]);
    }
    const { compare_with: _w, compare_start: _s, compare_end: _e, ...filters } = query;
    for (const [side, [start_date, end_date]] of [
      ['current', days],
      ['previous', before],
    ] as const) {
      const { summary } = await get<Overview>('overview', {
        ...filters,
        start_date,
        end_date,
        timezone: zone,
      });
      expect(summary).toMatchObject(answer.total[side]);
    }
    const alone = await compare({ ...asked, measure: 'total_tokens_used' });
    expect(alone).toMatchObject({ dimensions: [], members: [], other: null });
    expect({ ...alone.total, members: null }).toEqual({ ...answer.total, members: null });
  });
});

test('a day on which clocks change has another length, and values a day say so', async () => {
  const answer = await compare({
    start_date: '2026-11-01',
    end_date: '2026-11-01',
    timezone: 'America/New_York',
  });
  expect(answer.period).toMatchObject({
    start: '2026-11-01T00:00:00-04:00',
    end: '2026-11-02T00:00:00-05:00',
    days: 1.0417,
  });
  expect(answer.compared_to).toMatchObject({ days: 1, with: 'previous_period' });
  expect(answer.same_length).toBe(false);
  const { current, per_day } = answer.total;
  expect(per_day.current.total_requests).toBeCloseTo((current.total_requests * 24) / 25, 3);
});

test('two dimensions make pairs', async () => {
  const query = {
    start_date: '2026-10-01',
    end_date: '2026-11-10',
    compare_start: '2026-03-01',
    compare_end: '2026-03-31',
  };
  const answer = await compare({ ...query, dimension: ['model_name', 'status'], limit: '100' });
  const { rows } = await collector.pool.query<{ pairs: number }>(
    `SELECT count(DISTINCT (model_name, status))::int AS pairs FROM client_usage_logs WHERE tenant_id = $1`,
    [FIRST_TENANT],
  );
  expect(answer.members).toHaveLength(rows[0]?.pairs ?? -1);
  expect(answer.source).toBe('events');
});

test('late data is in the next comparison', async () => {
  const query = {
    start_date: '2026-10-24',
    end_date: '2026-10-26',
    dimension: 'user_id',
    measure: 'total_requests',
  };
  const before = await compare(query);
  await collector.post([testEvent({ timestamp: '2026-10-25T12:00:00Z', user_id: 'late-user' })]);
  await collector.complete();
  const after = await compare({ ...query, limit: '100' });
  expect(after.total.current.total_requests).toBe(before.total.current.total_requests + 1);
  expect(after.members.find(({ label }) => label === 'late-user')).toMatchObject({
    status: 'new',
    contribution: { absolute: 1 },
    change: { total_requests: { absolute: 1, percent: null } },
  });
});

test('nothing in either period is zeros', async () => {
  const answer = await compare({ start_date: '2020-01-01', end_date: '2020-01-02', dimension: 'user_id' });
  expect(answer).toMatchObject({
    members: [],
    other: null,
    total: {
      members: { all: 0, new: 0, gone: 0 },
      change: { total_cost_usd: { absolute: '0', percent: null } },
      contribution: { absolute: '0', share_percent: null },
    },
  });
});

test.each([
  [{ compare_with: 'range' }, 400, /compare_with: must be/],
  [{ measure: 'success_rate' }, 400, /measure: must be/],
  [{ dimension: 'colour' }, 400, /is not a dimension/],
  [{ compare_start: '2026-01-01' }, 400, /compare_end: is needed too/],
  [{ dimension: 'user_id', compare_start: '2025-01-01', compare_end: '2025-12-31' }, 422, /at most 93 days/],
] as [Query, number, RegExp][])('a wrong query is told: %j', async (query, status, detail) => {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/compare', query });
  expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
    status,
    expect.stringMatching(detail),
  ]);
});
