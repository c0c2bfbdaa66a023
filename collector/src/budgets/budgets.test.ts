import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { logsBody, tracesBody, type ToldCall } from '../testing/otlp-bodies.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import type { PeriodForecast } from '../forecast/period-forecast.ts';
import { formatInZone } from '../usage/buckets.ts';
import type { Overview } from '../usage/overview.ts';
import { evaluate } from './evaluation.ts';
import { formatAmount } from './amount.ts';
import { budgetFromRow, type Budget } from './budget.ts';
import { readDraft } from './draft.ts';
import { readPreview } from './history.ts';
import { CALENDAR_PERIODS, windowAt, type BudgetPeriod } from './period.ts';
import type { BudgetStatus } from './status.ts';

let collector: TestCollector;

beforeAll(async () => {
  collector = await startTestCollector();
  // Days on which clocks change, both ways, on both hemispheres: an event in each quarter of an hour.
  let seed = 11;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const events: Record<string, unknown>[] = [];
  for (const day of [
    '2026-03-28T00:00:00Z',
    '2026-10-24T00:00:00Z',
    '2026-04-04T00:00:00Z',
    '2026-06-30T00:00:00Z',
  ]) {
    for (let quarter = 0; quarter < 4 * 60; quarter += 1) {
      events.push(
        testEvent({
          timestamp: new Date(
            Date.parse(day) + quarter * 900_000 + Math.floor(random() * 900_000),
          ).toISOString(),
          project_id: ['checkout', 'search', null][Math.floor(random() * 3)],
          model_name: ['gpt-4o', 'gpt-4o-mini', 'nobody-knows-its-price'][Math.floor(random() * 3)],
          user_id: `user-${Math.floor(random() * 3)}`,
          input_tokens: Math.floor(random() * 9_000),
          output_tokens: Math.floor(random() * 900),
          metadata: { team: random() < 0.5 ? 'search' : 'sales' },
        }),
      );
    }
  }
  for (let from = 0; from < events.length; from += 400)
    expect((await collector.post(events.slice(from, from + 400))).json()).toMatchObject({
      rejected: 0,
      duplicate: 0,
    });
  await collector.complete();
});

afterAll(() => collector.close());

const url = (path = ''): string => `/v1/analytics/budgets${path}`;
interface Made {
  budget_id: number;
  name: string;
  amount: string;
  [field: string]: unknown;
}
const post = (payload: object, key?: string) =>
  collector.call({ method: 'POST', url: url(), payload, ...(key === undefined ? {} : { key }) });
const make = async (fields: object, key?: string): Promise<Made> => {
  const answer = await post(
    { name: `budget ${Math.random()}`, amount: '100', period: { type: 'month' }, ...fields },
    key,
  );
  expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status: 201 });
  return answer.json<Made>();
};
const get = async <Answer>(path: string, key?: string): Promise<Answer> => {
  const answer = await collector.call({
    method: 'GET',
    url: url(path),
    ...(key === undefined ? {} : { key }),
  });
  expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status: 200 });
  return answer.json<Answer>();
};

const budgetOf = (period: BudgetPeriod, filters: object): Budget => ({
  ...budgetFromRow({
    budget_id: 1,
    tenant_id: 'default',
    name: 'Draft',
    description: '',
    measure: 'cost',
    amount: '1000000000',
    filters,
    period_type: 'month',
    week_start: 1,
    rolling_hours: null,
    time_zone: null,
    tenant_time_zone: period.timeZone,
    thresholds: [],
    enforcement: 'none',
    enabled: true,
    version: 1,
    defined_at: new Date(0),
    created_at: new Date(0),
    created_by: '',
    updated_at: new Date(0),
    updated_by: '',
  }),
  period,
});

const overviewOf = async (
  { startMs, endMs }: { startMs: number; endMs: number },
  filters: Record<string, string>,
): Promise<Overview['summary']> => {
  const answer = await collector.call({
    method: 'GET',
    url: '/v1/analytics/usage/overview',
    query: {
      start_date: new Date(startMs).toISOString(),
      end_date: new Date(endMs).toISOString(),
      group_by: 'day',
      ...filters,
    },
  });
  expect(answer.statusCode).toBe(200);
  return answer.json<Overview>().summary;
};

describe.each([
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
])("field-pain 5: in %s a budget's spend is the report's, to the nano-dollar", (timeZone) => {
  const instants = [
    '2026-03-29T12:00:00Z',
    '2026-10-25T00:30:00Z',
    '2026-04-04T20:00:00Z',
    '2026-06-30T23:59:59Z',
  ];
  test.each(instants)('at %s', async (at) => {
    const nowMs = Date.parse(at);
    const periods: BudgetPeriod[] = [
      ...CALENDAR_PERIODS.map((type) => ({ type, timeZone, weekStart: 7 })),
      { type: 'rolling', timeZone, hours: 30 },
    ];
    const cases = [
      { filters: {}, query: {} },
      { filters: { project_id: { in: ['checkout'] } }, query: { project_id: 'checkout' } },
      {
        filters: { model_name: { not_in: ['gpt-4o'] }, project_id: { in: [null] } },
        query: { 'not.model_name': 'gpt-4o', project_id: '__none__' },
      },
      { filters: { 'metadata.team': { in: ['search'] } }, query: { 'metadata.team': 'search' } },
      { filters: { user_id: { in: ['user-1'] } }, query: { user_id: 'user-1' } },
    ];
    const asked = periods.flatMap((period) =>
      cases
        // Tags and users are read from the events, which takes no year.
        .filter(
          ({ filters }) => period.type !== 'year' || !('user_id' in filters || 'metadata.team' in filters),
        )
        .map(({ filters, query }) => ({ budget: budgetOf(period, filters), query })),
    );
    const evaluations = await evaluate(
      collector.pool,
      'default',
      asked.map(({ budget }) => budget),
      nowMs,
      undefined,
    );
    let counted = 0;
    for (const [index, { budget, query }] of asked.entries()) {
      const evaluation = evaluations[index];
      if (!evaluation) throw new Error('An evaluation is missing.');
      const summary = await overviewOf(windowAt(budget.period, nowMs), query);
      counted += evaluation.spend.requests;
      expect({
        period: budget.period,
        query,
        spent: formatAmount(evaluation.spent, 'cost'),
        requests: evaluation.spend.requests,
        unpriced: evaluation.spend.unpricedRequests,
        tokens: evaluation.spend.tokens,
      }).toEqual({
        period: budget.period,
        query,
        spent: summary.total_cost_usd ?? '0',
        requests: summary.total_requests,
        unpriced: summary.unpriced_requests,
        tokens: summary.total_tokens_used,
      });
    }
    expect(counted).toBeGreaterThan(0);
  });
});

test('field-pain 5: every way of sending usage counts the same towards the budget', async () => {
  const budget = await make({ filters: { project_id: { in: ['ways'] } }, amount: '1' });
  const event = () =>
    testEvent({
      timestamp: new Date().toISOString(),
      project_id: 'ways',
      endpoint: `/${Math.random()}`,
      model_name: 'gpt-4o',
    });
  const told = (digit: number): ToldCall => ({
    traceId: String(digit).repeat(32),
    spanId: String(digit).repeat(16),
    atMs: Date.now(),
    projectId: 'ways',
    modelName: 'gpt-4o',
    inputTokens: 1000,
    outputTokens: 100,
  });
  const sendOtlp = (path: string, payload: string) =>
    collector.call({
      method: 'POST',
      url: path,
      headers: { 'content-type': 'application/json' },
      payload,
    });
  const spentBy = async (send: () => ReturnType<TestCollector['post']>): Promise<number> => {
    const before = (await get<{ status: BudgetStatus }>(`/${budget.budget_id}`)).status;
    const answer = await send();
    expect(answer.statusCode).toBe(200);
    // OTLP answers {} when everything was taken.
    if (answer.body !== '{}') expect(answer.json()).toMatchObject({ accepted: 1, rejected: 0 });
    const { status } = await get<{ status: BudgetStatus }>(`/${budget.budget_id}`);
    expect(status.requests).toBe(before.requests + 1);
    return Math.round((Number(status.spent) - Number(before.spent)) * 1e9);
  };
  const ways: Record<string, () => ReturnType<TestCollector['post']>> = {
    'one event': () => collector.post(event()),
    'an array': () => collector.post([event()]),
    'a batch': () => collector.post({ events: [event()] }),
    'lines of JSON': () =>
      collector.post(`${JSON.stringify(event())}\n`, { headers: { 'content-type': 'application/x-ndjson' } }),
    compressed: () =>
      collector.post(gzipSync(JSON.stringify(event())), { headers: { 'content-encoding': 'gzip' } }),
    'with an Idempotency-Key': () =>
      collector.post(event(), { headers: { 'idempotency-key': `k${Math.random()}` } }),
    'an embedding': () => collector.post({ ...event(), endpoint: '/v1/embeddings' }),
    'a stream': () => collector.post({ ...event(), stream: true }),
    'a failed call that used tokens': () => collector.post({ ...event(), status: 'error', status_code: 500 }),
    'a span of OpenTelemetry': () => sendOtlp('/v1/traces', tracesBody(told(1))),
    "a span at the path of Langfuse's SDKs": () =>
      sendOtlp('/api/public/otel/v1/traces', tracesBody(told(2))),
    'a log record of OpenTelemetry': () => sendOtlp('/v1/logs', logsBody(told(3))),
    'an import': () =>
      collector.call({
        method: 'POST',
        url: '/v1/import?format=promptops',
        headers: { 'content-type': 'application/x-ndjson' },
        payload: `${JSON.stringify(event())}\n`,
      }),
  };
  for (const [way, send] of Object.entries(ways))
    expect({ way, nanoUsd: await spentBy(send) }).toEqual({ way, nanoUsd: 3_500_000 });
  const again = event();
  await collector.post(again);
  const { status: once } = await get<{ status: BudgetStatus }>(`/${budget.budget_id}`);
  expect((await collector.post(again)).json()).toMatchObject({ duplicate: 1 });
  expect((await get<{ status: BudgetStatus }>(`/${budget.budget_id}`)).status.spent).toBe(once.spent);
  // A call that is told again, as a log record beside its span, is the same call.
  await sendOtlp('/v1/logs', logsBody({ ...told(1), atMs: Date.now() }));
  expect((await get<{ status: BudgetStatus }>(`/${budget.budget_id}`)).status.spent).toBe(once.spent);
});

test('a status tells spent, remaining, burn rate, forecast with interval and exhaustion', async () => {
  const project = 'status';
  const now = Date.now();
  const events = Array.from({ length: 21 }, (_, day) =>
    testEvent({
      timestamp: new Date(now - day * 86_400_000).toISOString(),
      project_id: project,
      input_tokens: 400_000,
      output_tokens: 0,
    }),
  );
  await collector.post(events);
  await collector.complete();
  const budget = await make({
    filters: { project_id: { in: [project] } },
    amount: '0.5',
    period: { type: 'year', time_zone: 'Europe/Berlin' },
    thresholds: [{ percent: 50 }, { percent: 100, kind: 'forecast' }],
  });
  const { status } = await get<{ status: BudgetStatus }>(`/${budget.budget_id}`);
  // The collector's clock is the real one: early in January some of the days are last year's.
  const yearOf = (ms: number) => formatInZone('Europe/Berlin', ms).slice(0, 4);
  const inYear = events.filter(
    ({ timestamp }) => yearOf(Date.parse(String(timestamp))) === yearOf(now),
  ).length;
  expect(status).toMatchObject({
    limit: '0.5',
    measure: 'cost',
    is_exhausted: true,
    requests: inYear,
    unpriced_requests: 0,
    is_lower_bound: false,
  });
  expect(Number(status.spent)).toBeCloseTo(inYear, 9);
  expect(Number(status.remaining)).toBeCloseTo(0.5 - inYear, 9);
  expect(Number(status.burn_rate.now_per_day)).toBeGreaterThan(0.9);
  expect(status.forecast).not.toBeNull();
  expect(Number(status.forecast?.lower)).toBeLessThanOrEqual(Number(status.forecast?.at_end));
  expect(Number(status.forecast?.upper)).toBeGreaterThanOrEqual(Number(status.forecast?.at_end));
  expect(Number(status.forecast?.lower)).toBeGreaterThanOrEqual(Number(status.spent));
  expect(Date.parse(status.exhausted_at ?? '')).toBeGreaterThanOrEqual(now);
  expect(status.thresholds).toEqual([
    { percent: 50, kind: 'actual', is_crossed: true, crossed_at: null },
    { percent: 100, kind: 'forecast', is_crossed: true, crossed_at: null },
  ]);
  expect(status.period.start).toMatch(/-01-01T00:00:00\+01:00$/);
  expect(Date.parse(status.complete_until)).toBeLessThanOrEqual(Date.parse(status.as_of));
  const all = await get<{ budgets: BudgetStatus[] }>('/status');
  expect(all.budgets.find(({ budget_id }) => budget_id === budget.budget_id)).toMatchObject({
    spent: status.spent,
  });
});

test.each([
  ['by a project, from the rollups', { project_id: 'expected' }, 'year'],
  ['by a user, from the events', { user_id: 'expected' }, 'quarter'],
] as const)(
  'the forecast of a budget is that of the same period and filters: %s',
  async (_name, query, type) => {
    const now = Date.now();
    await collector.post(
      Array.from({ length: 200 }, (_, index) => {
        const day = index % 40;
        return testEvent({
          event_id: `expected-${index}`,
          timestamp: new Date(now - day * 86_400_000 - (index % 5) * 7_200_000).toISOString(),
          project_id: 'expected',
          user_id: 'expected',
          input_tokens: 100_000 + ((index * 7919) % 90_000),
        });
      }),
    );
    await collector.complete();
    const timeZone = 'Asia/Kathmandu';
    const filters = Object.fromEntries(
      Object.entries(query).map(([name, member]) => [name, { in: [member] }]),
    );
    const budget = await make({ filters, amount: '500', period: { type, time_zone: timeZone } });
    const { status } = await get<{ status: BudgetStatus }>(`/${budget.budget_id}`);
    const answer = await collector.call({
      method: 'GET',
      url: '/v1/analytics/usage/forecast',
      query: {
        ...query,
        timezone: timeZone,
        start_date: status.period.start.slice(0, 10),
        end_date: formatInZone(timeZone, Date.parse(status.period.end) - 1).slice(0, 10),
      },
    });
    expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status: 200 });
    const { method, period_total: total } = answer.json<PeriodForecast>();
    expect(status.forecast?.method).toBe(method);
    // Asked a moment later; the usual rest of the day shrinks by so much.
    for (const [ofBudget, ofPeriod] of [
      [status.forecast?.at_end, total.mean],
      [status.forecast?.lower, total.lower],
      [status.forecast?.upper, total.upper],
    ])
      expect(Number(ofBudget) / Number(ofPeriod)).toBeCloseTo(1, 2);
  },
);

test('a budget with unpriced calls says that its figure is a lower bound', async () => {
  const budget = await make({ filters: { project_id: { in: ['unpriced'] } } });
  await collector.post([
    testEvent({ timestamp: new Date().toISOString(), project_id: 'unpriced' }),
    testEvent({
      timestamp: new Date().toISOString(),
      project_id: 'unpriced',
      model_provider: 'vllm',
      model_name: 'own',
    }),
  ]);
  const { status } = await get<{ status: BudgetStatus }>(`/${budget.budget_id}`);
  expect(status).toMatchObject({ spent: '0.0035', requests: 2, unpriced_requests: 1, is_lower_bound: true });
});

test('requests and tokens can be limited too', async () => {
  const filters = { project_id: { in: ['counted'] } };
  const requests = await make({ filters, measure: 'requests', amount: '4', period: { type: 'day' } });
  const tokens = await make({
    filters,
    measure: 'tokens',
    amount: '1000000',
    period: { type: 'rolling', hours: 5 },
  });
  await collector.post(
    [1, 2, 3].map(() => testEvent({ timestamp: new Date().toISOString(), project_id: 'counted' })),
  );
  expect((await get<{ status: BudgetStatus }>(`/${requests.budget_id}`)).status).toMatchObject({
    spent: '3',
    remaining: '1',
    percent: 75,
    limit: '4',
  });
  expect((await get<{ status: BudgetStatus }>(`/${tokens.budget_id}`)).status).toMatchObject({
    spent: '3300',
    percent: 0.33,
    forecast: null,
    exhausted_at: null,
  });
});

test('a preview tells what a draft would have held in past periods', async () => {
  const draft = {
    amount: '0.5',
    period: { type: 'month' as const, time_zone: 'Asia/Kathmandu' },
    filters: { project_id: { in: ['checkout'] } },
    thresholds: [{ percent: 1 }, { percent: 1000 }],
  };
  const { periods } = await readPreview(
    collector.pool,
    'default',
    readDraft(draft, 'UTC', undefined, 'Draft'),
    Date.parse('2026-12-15T00:00:00Z'),
    3,
  );
  expect(periods.map(({ start, is_over }) => [start, is_over])).toEqual([
    ['2026-12-01T00:00:00+05:45', false],
    ['2026-11-01T00:00:00+05:45', true],
    ['2026-10-01T00:00:00+05:45', true],
    ['2026-09-01T00:00:00+05:45', true],
  ]);
  const october = {
    startMs: Date.parse('2026-10-01T00:00:00+05:45'),
    endMs: Date.parse('2026-11-01T00:00:00+05:45'),
  };
  const summary = await overviewOf(october, { project_id: 'checkout' });
  expect(periods[2]).toMatchObject({ spent: summary.total_cost_usd, thresholds_reached: [1] });

  const answer = await collector.call({
    method: 'POST',
    url: `${url('/preview')}?periods=2`,
    payload: draft,
  });
  expect(answer.statusCode).toBe(200);
  const saved = await make(draft);
  const ofSaved = await get<{ periods: object[] }>(`/${saved.budget_id}/preview?periods=2`);
  expect(ofSaved.periods).toHaveLength(3);
  expect(ofSaved).toEqual(answer.json());
});

test('a budget can be made, read, changed and deleted', async () => {
  const made = await make({
    name: 'Checkout',
    amount: '250.50',
    filters: { project_id: { in: ['checkout'] }, environment: { in: ['production', null] } },
    period: { type: 'week', week_start: 'sunday', time_zone: 'America/New_York' },
    thresholds: [{ percent: 90 }, { percent: 50, kind: 'forecast' }, { percent: 12.5 }],
    enforcement: 'block',
  });
  expect(made).toMatchObject({
    name: 'Checkout',
    amount: '250.5',
    measure: 'cost',
    period: { type: 'week', week_start: 'sunday', time_zone: 'America/New_York' },
    thresholds: [
      { percent: 12.5, kind: 'actual' },
      { percent: 90, kind: 'actual' },
      { percent: 50, kind: 'forecast' },
    ],
    enabled: true,
  });
  const patch = (payload: object) =>
    collector.call({ method: 'PATCH', url: url(`/${made.budget_id}`), payload });
  expect((await patch({ amount: '300', enforcement: 'warn' })).json()).toMatchObject({
    name: 'Checkout',
    amount: '300',
    enforcement: 'warn',
    period: made['period'],
    filters: made['filters'],
  });
  expect((await patch({ measure: 'tokens' })).json()).toMatchObject({
    detail: expect.stringContaining('amount: must be given anew'),
  });
  expect((await patch({})).statusCode).toBe(400);
  expect((await post({ name: 'Checkout', amount: '1', period: { type: 'day' } })).statusCode).toBe(409);
  const { budgets } = await get<{ budgets: Made[] }>('');
  expect(budgets.map(({ name }) => name)).toContain('Checkout');
  expect((await collector.call({ method: 'DELETE', url: url(`/${made.budget_id}`) })).statusCode).toBe(204);
  expect((await collector.call({ method: 'GET', url: url(`/${made.budget_id}`) })).statusCode).toBe(404);
  expect((await collector.call({ method: 'DELETE', url: url(`/${made.budget_id}`) })).statusCode).toBe(404);
});

test.each([
  [{ amount: '0' }, /amount: "0" is not above 0/],
  [{ amount: '-3' }, /amount: "-3" is not above 0/],
  [{ amount: 'lots' }, /amount: "lots" is not a decimal number/],
  [{ measure: 'requests', amount: '1.5' }, /whole number of requests/],
  [{ measure: 'euros' }, /measure: must be one of cost, requests, tokens/],
  [{ filters: { colour: { in: ['red'] } } }, /colour.* is not known here/],
  [{ filters: { model_name: 'gpt-4o' } }, /model_name/],
  [{ filters: { model_name: { in: [] } } }, /model_name/],
  [{ thresholds: [{ percent: 1001 }] }, /thresholds.0.percent: 1001 is not above 0 and at most 1000/],
  [{ thresholds: [{ percent: 0 }] }, /thresholds.0.percent: 0 is not above 0/],
  [{ thresholds: [{ percent: 80 }, { percent: 80 }] }, /80 percent \(actual\) is there twice/],
  [{ thresholds: [{ percent: 33.33333 }] }, /more than three digits/],
  [
    { period: { type: 'month', time_zone: 'Mars/Olympus' } },
    /period.time_zone: "Mars\/Olympus" is not an IANA time zone/,
  ],
  [{ period: { type: 'fortnight' } }, /period.type: must be one of day, week, month, quarter, year, rolling/],
  [{ period: { type: 'month', days: 3 } }, /days and hours are for the type rolling/],
  [{ period: { type: 'day', week_start: 'sunday' } }, /week_start: is for the type week/],
  [{ period: { type: 'rolling' } }, /either days or hours/],
  [{ period: { type: 'rolling', days: 3, hours: 3 } }, /either days or hours/],
  [{ period: { type: 'rolling', days: 400 } }, /period.days: a rolling window is 1 to/],
  [
    { period: { type: 'rolling', days: 30 }, thresholds: [{ percent: 90, kind: 'forecast' }] },
    /no end to forecast/,
  ],
  [
    { period: { type: 'year' }, filters: { user_id: { in: ['u'] } } },
    /user_id: is read from the events themselves/,
  ],
  [{ name: '   ' }, /name: is empty/],
  [{ name: undefined }, /name: is required/],
  [{ surprise: 1 }, /surprise: is not known here/],
])('a wrong budget is told why: %j', async (fields, detail) => {
  const answer = await post({ name: 'Wrong', amount: '100', period: { type: 'month' }, ...fields });
  expect({ status: answer.statusCode, detail: answer.json<{ detail: string }>().detail }).toEqual({
    status: 400,
    detail: expect.stringMatching(detail),
  });
});

test('two tenants never meet, and each key does what its scopes say', async () => {
  await collector.makeTenant('other');
  const other = await collector.makeKey('other', ['admin']);
  const mine = await make({ name: 'Same name' });
  const theirs = await make({ name: 'Same name' }, other);
  for (const path of ['', '/history', '/preview'])
    expect(
      (await collector.call({ method: 'GET', url: url(`/${mine.budget_id}${path}`), key: other })).statusCode,
    ).toBe(404);
  expect(
    (
      await collector.call({
        method: 'PATCH',
        url: url(`/${mine.budget_id}`),
        key: other,
        payload: { amount: '1' },
      })
    ).statusCode,
  ).toBe(404);
  expect(
    (await collector.call({ method: 'DELETE', url: url(`/${mine.budget_id}`), key: other })).statusCode,
  ).toBe(404);
  expect((await get<{ budgets: Made[] }>('', other)).budgets.map(({ budget_id }) => budget_id)).toEqual([
    theirs.budget_id,
  ]);
  const { budgets } = await get<{ budgets: BudgetStatus[] }>('/status', other);
  expect(budgets).toMatchObject([{ budget_id: theirs.budget_id, spent: '0', requests: 0 }]);

  const reader = await collector.makeKey('other', ['read']);
  const sender = await collector.makeKey('other', ['ingest']);
  expect((await post({ name: 'N', amount: '1', period: { type: 'day' } }, reader)).statusCode).toBe(403);
  expect((await collector.call({ method: 'GET', url: url(), key: sender })).statusCode).toBe(403);
  for (const key of [reader, sender])
    expect((await collector.call({ method: 'GET', url: url('/check'), key })).statusCode).toBe(200);
  const metrics = await collector.makeKey('other', ['metrics']);
  expect((await collector.call({ method: 'GET', url: url('/check'), key: metrics })).statusCode).toBe(403);
});
