import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { postRandomCalls, RANDOM_CALLS_PERIOD } from '../testing/random-calls.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../testing/test-collector.ts';
import type { Breakdown, Part } from './breakdown.ts';
import { LATENCY_RELATIVE_ERROR } from './latency-buckets.ts';
import type { Overview } from './overview.ts';

let collector: TestCollector;
let otherKey: string;

beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('neighbour');
  otherKey = await collector.makeKey('neighbour', ['ingest', 'read']);
  await postRandomCalls(collector, { seed: 11, count: 1500 });
  await postRandomCalls(collector, { seed: 12, count: 300, key: otherKey });
});
afterAll(() => collector.close());

type Query = Record<string, string | string[]>;

async function get<Answer>(path: string, query: Query, key?: string): Promise<Answer> {
  const answer = await collector.call({
    method: 'GET',
    url: path,
    query,
    ...(key === undefined ? {} : { key }),
  });
  if (answer.statusCode !== 200) throw new Error(`${path} ${JSON.stringify(query)}: ${answer.body}`);
  return answer.json<Answer>();
}
const breakdown = (query: Query, key?: string): Promise<Breakdown> =>
  get('/v1/analytics/usage/breakdown', query, key);
const overview = (query: Query): Promise<Overview> => get('/v1/analytics/usage/overview', query);

/** Plain SQL over the events, as a person would write it to check an answer. */
async function plain(
  member: string,
  where: string,
  tenant = FIRST_TENANT,
): Promise<{ member: string | null; [figure: string]: unknown }[]> {
  const { rows } = await collector.pool.query<{ member: string | null }>(
    `SELECT ${member} AS member, count(*)::int AS total_requests,
       count(*) FILTER (WHERE status = 'error')::int AS failed_requests,
       count(*) FILTER (WHERE cache_hit)::int AS cache_hits,
       coalesce(sum(tokens_used), 0)::int AS total_tokens_used,
       coalesce(sum(cache_read_tokens), 0)::int AS cache_read_tokens,
       coalesce(sum(output_tokens), 0)::int AS output_tokens,
       count(*) FILTER (WHERE cost_nano_usd IS NULL)::int AS unpriced_requests,
       trim_scale(sum(cost_nano_usd) / 1000000000.0)::text AS total_cost_usd,
       trim_scale(sum(reported_cost_nano_usd) / 1000000000.0)::text AS reported_cost_usd,
       round(avg(response_time_us) / 1000, 3)::float8 AS average_response_time_ms
     FROM client_usage_logs WHERE tenant_id = $1 AND ${where} GROUP BY 1
     ORDER BY sum(cost_nano_usd) DESC NULLS LAST, count(*) DESC, 1`,
    [tenant],
  );
  return rows;
}

const TEAM = `nullif(metadata ->> 'team', '')`;
const NUMBERS = ['total_requests', 'successful_requests', 'failed_requests', 'cache_hits', 'total_tokens_requested', 'total_tokens_used',
  'input_tokens', 'cache_read_tokens', 'cache_write_5m_tokens', 'cache_write_1h_tokens', 'output_tokens', 'reasoning_tokens',
  'unpriced_requests', 'unpriced_tokens', 'unknown_usage_requests'] as const; // prettier-ignore
const MONEY = ['total_cost_usd', 'reported_cost_usd'] as const;

const nano = (usd: string | null | undefined): bigint => {
  if (usd == null) return 0n;
  const [whole = '0', fraction = ''] = usd.split('.');
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
};

type Figures = Record<(typeof NUMBERS)[number], number> & Record<(typeof MONEY)[number], string | null>;
/** Sums as whole numbers, to compare screens by. */
function sums(parts: Figures[]): Record<string, bigint> {
  return Object.fromEntries([
    ...NUMBERS.map((name) => [name, parts.reduce((sum, part) => sum + BigInt(part[name]), 0n)]),
    ...MONEY.map((name) => [name, parts.reduce((sum, part) => sum + nano(part[name]), 0n)]),
  ]) as Record<string, bigint>;
}

const DIMENSIONS: [string, string][] = [
  ...[
    'project_id',
    'prompt_id',
    'prompt_version',
    'endpoint',
    'model_provider',
    'model_name',
    'environment',
  ].map((name): [string, string] => [name, name]),
  ...['user_id', 'session_id', 'status', 'error_type', 'service_tier'].map((name): [string, string] => [
    name,
    name,
  ]),
  ['status_code', 'status_code::text'],
  ['stream', 'stream::text'],
  ['cache_hit', 'cache_hit::text'],
  ['metadata.team', TEAM],
  ['metadata.cost.centre', `metadata ->> 'cost.centre'`],
  ['metadata.nobody-has-it', 'NULL::text'],
];

// Within what may be read from the events at once.
const AUTUMN = { start_date: '2026-09-15', end_date: '2026-11-10' };
const IN_AUTUMN = `"timestamp" >= '2026-09-15' AND "timestamp" < '2026-11-11'`;

describe.each(DIMENSIONS)('by %s', (dimension, sql) => {
  test('every member has the figures of its events', async () => {
    const answer = await breakdown({ ...AUTUMN, dimension, limit: '100' });
    const expected = await plain(sql, IN_AUTUMN);
    expect(
      answer.members.map(({ member, ...rest }) => ({ ...rest, member: member[dimension] })),
    ).toMatchObject(expected);
    expect(answer.members).toHaveLength(expected.length);
    expect(answer.total.members).toBe(expected.length);
    expect(answer.other).toBeNull();
    expect(answer.requests_only_in_rollups).toBe(0);
    for (const { member, label } of answer.members) {
      if (member[dimension] !== null) expect(label).toBe(member[dimension]);
      else expect(label).toBe(dimension.startsWith('metadata.') ? '(untagged)' : '(none)');
    }
  });

  test('field-pain 13: the top and the others are the total, which is the overview and the sum of its series', async () => {
    const query = { ...AUTUMN, timezone: 'Asia/Kathmandu' };
    const answer = await breakdown({ ...query, dimension, limit: '1', group_by: 'day' });
    const whole = await overview({ ...query, group_by: 'day' });
    const parts: Part[] = [...answer.members, ...(answer.other ? [answer.other] : [])];
    expect(sums(parts)).toEqual(sums([answer.total]));
    expect(sums([answer.total])).toEqual(sums([whole.summary]));
    expect(sums(whole.time_series)).toEqual(sums([whole.summary]));
    // And point by point.
    expect(answer.total.time_series).toEqual(whole.time_series);
    for (const [index, point] of whole.time_series.entries()) {
      expect(sums(parts.map((part) => part.time_series?.[index] as Figures))).toEqual(sums([point]));
    }
    for (const part of parts) expect(sums(part.time_series ?? [])).toEqual(sums([part]));
  });
});

test('the top is made by the asked figure, and shares are parts of the total', async () => {
  for (const order_by of [
    'total_requests',
    'total_tokens_used',
    'unpriced_requests',
    'failed_requests',
  ] as const) {
    const answer = await breakdown({ ...RANDOM_CALLS_PERIOD, dimension: 'prompt_id', order_by, limit: '3' });
    const all = await breakdown({ ...RANDOM_CALLS_PERIOD, dimension: 'prompt_id', order_by, limit: '100' });
    expect(answer.members).toEqual(all.members.slice(0, 3));
    const values = all.members.map((member) => member[order_by]);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    expect(answer.other?.members).toBe(all.members.length - 3);
    const [first] = answer.members;
    expect(first?.share_percent.requests).toBeCloseTo(
      ((first?.total_requests ?? 0) * 100) / answer.total.total_requests,
      3,
    );
    expect(answer.total.share_percent).toEqual({ cost: 100, requests: 100, tokens: 100 });
  }
  const slowest = await breakdown({
    ...RANDOM_CALLS_PERIOD,
    dimension: 'model_name',
    order_by: 'average_response_time_ms',
  });
  const means = slowest.members.map((member) => member.average_response_time_ms ?? 0);
  expect(means).toEqual(means.toSorted((a, b) => b - a));
});

test('two dimensions make pairs, one of them missing too', async () => {
  const answer = await breakdown({ ...AUTUMN, dimension: ['model_name', 'metadata.team'], limit: '100' });
  const { rows } = await collector.pool.query<{ model: string; team: string | null; requests: number }>(
    `SELECT model_name AS model, ${TEAM} AS team, count(*)::int AS requests FROM client_usage_logs
     WHERE tenant_id = $1 AND ${IN_AUTUMN} GROUP BY 1, 2`,
    [FIRST_TENANT],
  );
  const keyed = (pairs: [string, string | null, number][]): string[] =>
    pairs.map((pair) => JSON.stringify(pair)).sort();
  expect(
    keyed(
      answer.members.map(({ member, total_requests }) => [
        member['model_name'] ?? '',
        member['metadata.team'] ?? null,
        total_requests,
      ]),
    ),
  ).toEqual(keyed(rows.map(({ model, team, requests }) => [model, team, requests])));
  expect(answer.members.some(({ label }) => label === 'gpt-4o · (untagged)')).toBe(true);
});

const FILTERS: [Query, string][] = [
  [{ model_name: 'gpt-4o' }, `model_name = 'gpt-4o'`],
  [
    { model_name: ['gpt-4o', 'own-model'], environment: 'production' },
    `model_name IN ('gpt-4o', 'own-model') AND environment = 'production'`,
  ],
  [{ 'not.project_id': 'project-1' }, `project_id IS DISTINCT FROM 'project-1'`],
  [{ 'not.project_id': ['project-1', '__none__'] }, `project_id <> 'project-1'`],
  [{ project_id: '' }, 'project_id IS NULL'],
  [{ prompt_id: ['__none__', 'prompt-1'] }, `(prompt_id IS NULL OR prompt_id = 'prompt-1')`],
  [{ 'prefix.model_name': 'gpt-' }, `model_name LIKE 'gpt-%'`],
  [{ 'prefix.prompt_id': ['prompt-1', 'prompt-2'], 'not.prompt_id': 'prompt-2' }, `prompt_id = 'prompt-1'`],
  [{ user_id: 'user-3' }, `user_id = 'user-3'`],
  [{ 'not.user_id': '__none__', status: 'error' }, `user_id IS NOT NULL AND status = 'error'`],
  [{ 'prefix.status_code': '5' }, 'status_code BETWEEN 500 AND 599'],
  [{ 'not.status_code': '200' }, 'status_code IS DISTINCT FROM 200'],
  [{ stream: 'true' }, 'stream'],
  [{ stream: '__none__', cache_hit: 'false' }, 'stream IS NULL AND NOT cache_hit'],
  [{ 'metadata.team': ['search', 'ads'] }, `metadata ->> 'team' IN ('search', 'ads')`],
  [{ 'metadata.team': '__none__' }, `coalesce(metadata ->> 'team', '') = ''`],
  [{ 'not.metadata.team': 'search' }, `metadata ->> 'team' IS DISTINCT FROM 'search'`],
  [{ 'prefix.metadata.team': 'Über' }, `metadata ->> 'team' LIKE 'Über%'`],
  [{ 'metadata.team': '7', service_tier: '__none__' }, `metadata ->> 'team' = '7' AND service_tier IS NULL`],
];

test.each(FILTERS)('filters %j narrow every screen alike', async (query, where) => {
  const inPeriod = { ...AUTUMN, timezone: 'Europe/Berlin' };
  const time = `"timestamp" >= '2026-09-14T22:00:00Z' AND "timestamp" < '2026-11-10T23:00:00Z'`;
  const answer = await breakdown({ ...inPeriod, ...query, dimension: 'model_provider', limit: '100' });
  const expected = await plain('model_provider', `${time} AND ${where}`);
  expect(expected.length).toBeGreaterThan(0);
  expect(
    answer.members.map(({ member, ...rest }) => ({ ...rest, member: member['model_provider'] })),
  ).toMatchObject(expected);
  expect(answer.members).toHaveLength(expected.length);
  const whole = await overview({ ...inPeriod, ...query, group_by: 'day' });
  expect(sums([whole.summary])).toEqual(sums([answer.total]));
  expect(sums(whole.time_series)).toEqual(sums([answer.total]));
});

test('percentiles of a member are those of its calls, where the latency buckets have the dimension', async () => {
  const answer = await breakdown({
    ...RANDOM_CALLS_PERIOD,
    dimension: 'model_name',
    limit: '2',
    'not.environment': 'test',
  });
  const { rows } = await collector.pool.query<{ model_name: string; ms: number }>(
    `SELECT model_name, response_time_us / 1000.0::float8 AS ms FROM client_usage_logs
     WHERE tenant_id = $1 AND response_time_us IS NOT NULL AND environment IS DISTINCT FROM 'test' ORDER BY 2`,
    [FIRST_TENANT],
  );
  const near = (told: number | null | undefined, list: number[], quantile: number): void => {
    const truth = list[Math.max(0, Math.ceil(quantile * list.length) - 1)] ?? 0;
    expect(Math.abs((told ?? 0) - truth) / truth).toBeLessThanOrEqual(LATENCY_RELATIVE_ERROR + 1e-6);
  };
  const top = answer.members.map(({ member }) => member['model_name']);
  const lists: [Part | null, number[]][] = [
    ...answer.members.map((part): [Part, number[]] => [
      part,
      rows.filter((row) => row.model_name === part.member['model_name']).map(({ ms }) => ms),
    ]),
    [answer.other, rows.filter((row) => !top.includes(row.model_name)).map(({ ms }) => ms)],
    [answer.total, rows.map(({ ms }) => ms)],
  ];
  for (const [part, list] of lists) {
    near(part?.response_time_percentiles_ms?.p50, list, 0.5);
    near(part?.response_time_percentiles_ms?.p99, list, 0.99);
  }
  const byPrompt = await breakdown({ ...RANDOM_CALLS_PERIOD, dimension: 'prompt_id' });
  expect(byPrompt.members[0]?.response_time_percentiles_ms).toBeNull();
});

test('a tenant sees its own members only', async () => {
  const own = await breakdown({ ...AUTUMN, dimension: 'user_id', limit: '100' }, otherKey);
  const expected = await plain('user_id', IN_AUTUMN, 'neighbour');
  expect(own.members).toHaveLength(expected.length);
  expect(own.members.map(({ member, ...rest }) => ({ ...rest, member: member['user_id'] }))).toMatchObject(
    expected,
  );
});

test('nothing at all is an empty list and zeros', async () => {
  const answer = await breakdown({
    start_date: '2020-01-01',
    end_date: '2020-01-02',
    dimension: 'user_id',
    group_by: 'day',
  });
  expect(answer).toMatchObject({
    members: [],
    other: null,
    total: { members: 0, total_requests: 0, total_cost_usd: '0' },
  });
  expect(answer.total.time_series).toHaveLength(2);
});

test('where events are deleted already, the answer says how many are missing', async () => {
  const { pool } = collector;
  await collector.post([
    testEvent({ timestamp: '2026-05-05T05:05:05Z', user_id: 'gone', event_id: 'gone-1' }),
  ]);
  await collector.complete();
  const query = { start_date: '2026-05-05', end_date: '2026-05-05', dimension: 'user_id' };
  expect(await breakdown(query)).toMatchObject({
    source: 'events',
    requests_only_in_rollups: 0,
    total: { total_requests: 1 },
  });
  // As retention does it: the rollups keep what the log loses.
  const { rows } = await pool.query<{ partition: string | null }>(
    `SELECT to_regclass('client_usage_logs_20260504')::text AS partition`,
  );
  if (rows[0]?.partition == null)
    await pool.query(
      `SELECT drop_chunks('client_usage_logs', newer_than => '2026-05-05'::timestamptz, older_than => '2026-05-06'::timestamptz)`,
    );
  else await pool.query('DROP TABLE client_usage_logs_20260504');
  const after = await breakdown(query);
  expect(after.total.total_requests).toBe(0);
  expect(after.requests_only_in_rollups).toBe(1);
  expect((await breakdown({ ...query, dimension: 'prompt_id' })).total.total_requests).toBe(1);
});

test.each([
  [{}, 400, /dimension: is required/],
  [
    { dimension: 'colour' },
    400,
    /dimension: "colour" is not a dimension; use one of project_id, .*metadata\.<key>/,
  ],
  [{ dimension: ['user_id', 'user_id'] }, 400, /two different dimensions/],
  [{ dimension: 'user_id', limit: '101' }, 400, /limit: must be <= 100/],
  [{ dimension: 'user_id', order_by: 'price' }, 400, /order_by: must be one of total_cost_usd/],
  [
    { dimension: 'user_id', start_date: '2026-01-01', end_date: '2026-12-31' },
    422,
    /user_id: is read from the events themselves, at most 93 days/,
  ],
  [
    { dimension: 'model_name', 'metadata.team': 'x', start_date: '2026-01-01', end_date: '2026-12-31' },
    422,
    /metadata\.team: is read from the events/,
  ],
  [
    {
      dimension: 'model_name',
      limit: '100',
      group_by: 'hour',
      start_date: '2026-01-01',
      end_date: '2026-03-01',
    },
    400,
    /more than 20000 points/,
  ],
  [{ dimension: 'model_name', status: 'bad' }, 400, /status: "bad" must be one of success, error/],
  [{ dimension: 'model_name', 'prefix.status': 's' }, 400, /prefix\.status: is not known here/],
  [{ dimension: 'model_name', 'like.model_name': 's' }, 400, /like\.model_name: is not known here/],
] as [Query, number, RegExp][])('a wrong query is told: %j', async (query, status, detail) => {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/breakdown', query });
  expect({ status: answer.statusCode, detail: answer.json<{ detail: string }>().detail }).toEqual({
    status,
    detail: expect.stringMatching(detail),
  });
});
