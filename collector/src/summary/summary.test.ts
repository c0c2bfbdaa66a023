import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import type { Breakdown } from '../usage/breakdown.ts';
import type { Overview } from '../usage/overview.ts';
import type { Summary } from './summary.ts';

let collector: TestCollector;
let otherKey: string;

/** Calls a day of a prompt at a model over some days of May, each of the same cost. */
function calls(
  days: [number, number],
  aDay: number,
  fields: Record<string, unknown>,
): Record<string, unknown>[] {
  const [first, last] = days;
  return Array.from({ length: (last - first + 1) * aDay }, (_, index) =>
    testEvent({
      timestamp: new Date(
        Date.UTC(2026, 4, first + Math.floor(index / aDay), 12, 0, index % aDay),
      ).toISOString(),
      project_id: 'shop',
      prompt_id: 'answer',
      user_id: 'u-1',
      response_time_ms: 500,
      ...fields,
    }),
  );
}

beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('neighbour');
  otherKey = await collector.makeKey('neighbour', ['ingest', 'read', 'admin']);
  // A week of 40 calls a day at 0.0035 USD, and a week of the same with 20 more of another model and prompt, slower, unpriced ones and errors.
  const events = [
    ...calls([4, 17], 40, {}),
    ...calls([11, 17], 20, {
      model_name: 'gpt-4o',
      prompt_id: 'plan',
      user_id: 'u-2',
      input_tokens: 4000,
      output_tokens: 1000,
      response_time_ms: 3000,
    }),
    ...calls([11, 17], 2, { model_provider: 'in-house', model_name: 'own' }),
    ...calls([16, 17], 20, {
      status: 'error',
      error_type: 'overloaded',
      user_id: null,
      input_tokens: null,
      output_tokens: null,
      response_time_ms: null,
    }),
  ];
  for (let from = 0; from < events.length; from += 500) {
    expect((await collector.post(events.slice(from, from + 500))).json()).toMatchObject({ rejected: 0 });
  }
  await collector.post(calls([4, 17], 5, { user_id: 'neighbours' }), { key: otherKey });
  await collector.complete();
});
afterAll(() => collector.close());

async function get<Answer>(path: string, query: Record<string, string> = {}, key?: string): Promise<Answer> {
  const answer = await collector.call({
    method: 'GET',
    url: path,
    query,
    ...(key === undefined ? {} : { key }),
  });
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.body}`);
  return answer.json<Answer>();
}
const summary = (query: Record<string, string>, key?: string): Promise<Summary> =>
  get('/v1/analytics/summary', query, key);
const WEEK = { start_date: '2026-05-11', end_date: '2026-05-17' };

test('key figures are those of the overview, of both weeks', async () => {
  for (const timezone of ['UTC', 'America/New_York', 'Asia/Kolkata']) {
    const answer = await summary({ ...WEEK, timezone });
    const now = await get<Overview>('/v1/analytics/usage/overview', { ...WEEK, timezone });
    const before = await get<Overview>('/v1/analytics/usage/overview', {
      start_date: '2026-05-04',
      end_date: '2026-05-10',
      timezone,
    });
    const rate = ({ failed_requests, total_requests }: Overview['summary']): number =>
      Math.round((failed_requests * 1e6) / total_requests) / 1e4;
    const figure = (name: string) => {
      const { current, previous } = answer.key_figures.find((one) => one.name === name) ?? {};
      return [current, previous];
    };
    for (const name of [
      'total_cost_usd',
      'total_requests',
      'total_tokens_used',
      'average_response_time_ms',
    ] as const) {
      expect([name, ...figure(name)]).toEqual([name, now.summary[name], before.summary[name]]);
    }
    expect(figure('error_rate_percent')).toEqual([rate(now.summary), rate(before.summary)]);
    expect(figure('response_time_p95_ms')).toEqual([
      now.summary.response_time_percentiles_ms?.p95,
      before.summary.response_time_percentiles_ms?.p95,
    ]);
    expect(answer.period.start.slice(0, 10)).toBe('2026-05-11');
    expect(answer.compared_to.start.slice(0, 10)).toBe('2026-05-04');
  }
});

test('what changed is told in sentences, each with numbers that its link answers', async () => {
  const answer = await summary(WEEK);
  expect(answer.nothing_notable).toBe(false);
  const kinds = answer.notable.map(({ kind }) => kind);
  for (const kind of [
    'cost',
    'cost_contributor',
    'new_member',
    'requests',
    'error_rate',
    'latency',
    'unpriced',
    'incident',
  ] as const) {
    expect(kinds).toContain(kind);
  }
  // 280 calls at 0.0035, and 140 at 0.02 more.
  expect(answer.headline).toBe('474 requests cost $3.78, 286 % more than in the period before ($0.98).');
  expect(answer.notable.map(({ text }) => text)).toEqual(
    expect.arrayContaining([
      'Cost rose by 286 %, from $0.98 to $3.78.',
      'Prompt "plan" is new: $2.80, 74 % of the cost.',
      'User "u-2" is new: $2.80, 74 % of the cost.',
      'Model "gpt-4o" made 100 % of the rise: $2.80 more than before.',
      'Requests rose by 69 %, from 280 to 474.',
      '3 % of the requests (14) have no known cost: the true cost is higher than the one told.',
    ]),
  );
  for (const sentence of answer.notable) {
    const { evidence, link } = sentence;
    const linked = await collector.call({ method: 'GET', url: link });
    expect([link, linked.statusCode]).toEqual([link, 200]);
    if (sentence.kind === 'unpriced') continue; // a share; its parts are in the answer
    for (const one of [evidence.current, evidence.member]) {
      if (one !== null && evidence.measure !== 'error_rate_percent')
        expect(linked.body).toContain(JSON.stringify(one));
    }
  }
});

test('top spenders are those of the breakdown, with a link that answers with them', async () => {
  const answer = await summary(WEEK);
  for (const dimension of ['project_id', 'prompt_id', 'model_name', 'user_id'] as const) {
    const spenders = answer.top_spenders[dimension];
    const linked = await get<Breakdown>(spenders?.link ?? '');
    expect(spenders?.members).toEqual(
      linked.members.map(({ member, label, total_cost_usd, total_requests, share_percent }) => ({
        member: member[dimension], label, total_cost_usd, total_requests, cost_share_percent: share_percent.cost,
      })),
    ); // prettier-ignore
  }
  expect(answer.top_spenders.prompt_id?.members[0]).toMatchObject({ label: 'plan', total_cost_usd: '2.8' });
  // Users are in the events, which cannot be asked about over so long.
  const long = await summary({ start_date: '2026-01-01', end_date: '2026-05-31' });
  expect(long.top_spenders.user_id).toBeNull();
  expect(long.top_spenders.prompt_id?.members.length).toBeGreaterThan(0);
});

test('a week like the one before has nothing notable', async () => {
  const answer = await summary({ start_date: '2026-05-07', end_date: '2026-05-08' });
  expect(answer).toMatchObject({
    nothing_notable: true,
    notable: [],
    headline: '80 requests cost $0.28, as much as in the period before ($0.28).',
  });
});

test('filters are in the figures, the sentences and their links', async () => {
  const answer = await summary({
    ...WEEK,
    prompt_id: 'answer',
    'not.model_name': 'own',
    'metadata.team': '__none__',
  });
  const own = await get<Overview>('/v1/analytics/usage/overview', {
    ...WEEK,
    prompt_id: 'answer',
    'not.model_name': 'own',
    'metadata.team': '__none__',
  });
  expect(answer.key_figures.find(({ name }) => name === 'total_requests')?.current).toBe(
    own.summary.total_requests,
  );
  expect(answer.notable.map(({ kind }) => kind)).not.toContain('cost');
  const rate = answer.notable.find(({ kind }) => kind === 'error_rate');
  const linked = await get<{ total: { error_rate_percent: number } }>(rate?.link ?? '');
  expect(linked.total.error_rate_percent).toBe(rate?.evidence.current);
});

describe('now', () => {
  test('budgets and the forecast to the end of the month', async () => {
    const now = Date.now();
    const days = Array.from({ length: 20 }, (_, day) =>
      testEvent({
        timestamp: new Date(now - day * 86_400_000 - 60_000).toISOString(),
        input_tokens: 100_000 + day,
      }),
    );
    await collector.post(days, { key: otherKey });
    await collector.complete();
    const made = await collector.call({
      method: 'POST', url: '/v1/analytics/budgets', key: otherKey,
      payload: { name: 'Tiny', amount: '0.0001', measure: 'cost', period: { type: 'month' } },
    }); // prettier-ignore
    expect([made.statusCode, made.body]).toEqual([201, expect.any(String)]);
    const answer = await summary({ start_date: 'now-7d', end_date: 'now' }, otherKey);
    expect(answer.budgets).toMatchObject([{ name: 'Tiny', is_exhausted: true }]);
    expect(answer.notable[0]).toMatchObject({
      kind: 'budget_exhausted',
      severity: 'critical',
      evidence: { member: 'Tiny', previous: '0.0001' },
    });
    const { forecast } = answer;
    expect(Number(forecast?.lower)).toBeLessThanOrEqual(Number(forecast?.mean));
    expect(Number(forecast?.mean)).toBeLessThanOrEqual(Number(forecast?.upper));
    expect(Number(forecast?.so_far)).toBeGreaterThan(0);
    const linked = await get<{ period_total: { mean: string } }>(forecast?.link ?? '', {}, otherKey);
    expect(Number(linked.period_total.mean)).toBeCloseTo(Number(forecast?.mean), 2);
  });
});

test('a tenant sees its own only', async () => {
  const answer = await summary(WEEK, otherKey);
  expect(answer.top_spenders.user_id?.members.map(({ member }) => member)).toEqual(['neighbours']);
  expect((await summary(WEEK)).budgets).toEqual([]);
});

test('nothing at all is said so', async () => {
  const answer = await summary({ start_date: '2020-01-01', end_date: '2020-01-02' });
  expect(answer).toMatchObject({ headline: 'There were no requests.', nothing_notable: true });
});

test.each([
  [{ compare_with: 'yesterday' }, 400, /compare_with: must be one of/],
  [{ timezone: 'Mars' }, 400, /timezone/],
  [
    { start_date: '2026-01-01', end_date: '2026-12-31', user_id: 'x' },
    422,
    /user_id: is read from the events/,
  ],
] as [Record<string, string>, number, RegExp][])(
  'a wrong query is told: %j',
  async (query, status, detail) => {
    const answer = await collector.call({ method: 'GET', url: '/v1/analytics/summary', query });
    expect({ status: answer.statusCode, detail: answer.json<{ detail: string }>().detail }).toEqual({
      status,
      detail: expect.stringMatching(detail),
    });
  },
);
