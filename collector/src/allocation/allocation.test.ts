import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { postRandomCalls, RANDOM_CALLS_PERIOD } from '../testing/random-calls.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../testing/test-collector.ts';
import type { Overview } from '../usage/overview.ts';
import type { Allocation } from './allocation.ts';

let collector: TestCollector;
let neighbourKey: string;

beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('neighbour');
  neighbourKey = await collector.makeKey('neighbour', ['ingest', 'read']);
  await postRandomCalls(collector, { seed: 41, count: 1200 });
  await postRandomCalls(collector, { seed: 42, count: 200, key: neighbourKey });
});
afterAll(() => collector.close());

type Query = Record<string, string | string[]>;

async function get(path: string, query: Query, key?: string): Promise<string> {
  const answer = await collector.call({
    method: 'GET',
    url: path,
    query,
    ...(key === undefined ? {} : { key }),
  });
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.body;
}
const allocation = async (query: Query, key?: string): Promise<Allocation> =>
  JSON.parse(await get('/v1/analytics/allocation', query, key)) as Allocation;
const overview = async (query: Query, key?: string): Promise<Overview> =>
  JSON.parse(await get('/v1/analytics/usage/overview', query, key)) as Overview;

const nano = (usd: string | null | undefined): bigint => {
  const [whole = '0', fraction = ''] = (usd ?? '0').split('.');
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
};
const sumOf = (values: (string | null | undefined)[]): bigint =>
  values.reduce((sum, value) => sum + nano(value), 0n);

const AUTUMN = { start_date: '2026-09-15', end_date: '2026-11-10' };

async function ownCosts(): Promise<Map<string | null, bigint>> {
  const { rows } = await collector.pool.query<{ team: string | null; cost: string }>(
    `SELECT nullif(metadata ->> 'team', '') AS team, coalesce(sum(cost_nano_usd), 0)::text AS cost FROM client_usage_logs
     WHERE tenant_id = $1 AND "timestamp" >= '2026-09-15' AND "timestamp" < '2026-11-11' GROUP BY 1`,
    [FIRST_TENANT],
  );
  return new Map(rows.map(({ team, cost }) => [team, BigInt(cost)]));
}

describe('cost by a tag', () => {
  test('shows what has no tag as untagged, and adds up to the overview', async () => {
    const answer = await allocation({ ...AUTUMN, by: 'metadata.team' });
    const costs = await ownCosts();
    expect(new Map(answer.members.map(({ member, cost_usd }) => [member, nano(cost_usd)]))).toEqual(costs);
    expect(answer.members.find(({ member }) => member === null)?.label).toBe('(untagged)');
    expect(answer.spread_by).toBeNull();
    expect(sumOf(answer.members.map(({ cost_usd }) => cost_usd))).toBe(nano(answer.total.cost_usd));
    expect(answer.total.cost_usd).toBe((await overview(AUTUMN)).summary.total_cost_usd);
  });

  test.each([
    [{ untagged: 'spread' }, [null]],
    [{ untagged: 'spread', shared: ['search', 'ads'] }, [null, 'search', 'ads']],
    [{ shared: 'search' }, ['search']],
  ] as [Query, (string | null)[]][])(
    '%j spreads in proportion, and not a nano-dollar is lost',
    async (query, common) => {
      const answer = await allocation({ ...AUTUMN, by: 'metadata.team', ...query });
      const costs = await ownCosts();
      const amount = common.reduce((sum, member) => sum + (costs.get(member) ?? 0n), 0n);
      expect(amount).toBeGreaterThan(0n);
      const carriers = [...costs].filter(([member]) => !common.includes(member));
      const whole = carriers.reduce((sum, [, cost]) => sum + cost, 0n);
      expect(answer.spread_by).toBe('cost');
      expect(answer.members).toHaveLength(carriers.length);
      for (const [member, cost] of carriers) {
        const told = answer.members.find((one) => one.member === member);
        expect(nano(told?.own_cost_usd)).toBe(cost);
        const difference = nano(told?.spread_cost_usd) * whole - amount * cost;
        expect(difference < whole && difference > -whole).toBe(true);
        expect(nano(told?.cost_usd)).toBe(cost + nano(told?.spread_cost_usd));
      }
      expect(new Set(answer.spread_from.map(({ member }) => member))).toEqual(new Set(common));
      expect(sumOf(answer.spread_from.map(({ cost_usd }) => cost_usd))).toBe(amount);
      expect(sumOf(answer.members.map(({ cost_usd }) => cost_usd))).toBe(nano(answer.total.cost_usd));
      expect(answer.total.cost_usd).toBe((await overview(AUTUMN)).summary.total_cost_usd);
    },
  );

  test('where nobody is tagged, there is nobody to spread to, and the cost stays in sight', async () => {
    const answer = await allocation({ ...AUTUMN, by: 'metadata.nobody-has-it', untagged: 'spread' });
    expect(answer).toMatchObject({
      spread_by: null,
      spread_from: [],
      members: [{ member: null, label: '(untagged)' }],
    });
    expect(answer.members[0]?.cost_usd).toBe(answer.total.cost_usd);
  });

  test('members without any cost carry by their requests', async () => {
    const at = (fields: Record<string, unknown>) =>
      testEvent({ timestamp: '2026-04-08T08:00:00Z', ...fields });
    await collector.post([
      at({}),
      ...[1, 2, 3].map(() => at({ metadata: { team: 'a' }, cache_hit: true })),
      at({ metadata: { team: 'b' }, cache_hit: true }),
    ]);
    await collector.complete();
    const answer = await allocation({
      start_date: '2026-04-08',
      end_date: '2026-04-08',
      by: 'metadata.team',
      untagged: 'spread',
    });
    expect(answer.spread_by).toBe('requests');
    // gpt-4o: 1,000 x $2.50 + 100 x $10 a million tokens.
    expect(answer.members.map(({ member, cost_usd }) => [member, cost_usd])).toEqual([
      ['a', '0.002625'],
      ['b', '0.000875'],
    ]);
  });
});

test('by a dimension of the rollups over any period, filtered', async () => {
  const query = { ...RANDOM_CALLS_PERIOD, environment: 'production' };
  const answer = await allocation({ ...query, by: 'project_id', untagged: 'spread' });
  expect(answer.source).toBe('rollups');
  expect(answer.members.map(({ member }) => member).sort()).toEqual(['project-0', 'project-1', 'project-2']);
  expect(sumOf(answer.members.map(({ cost_usd }) => cost_usd))).toBe(
    nano((await overview(query)).summary.total_cost_usd),
  );
});

test.each([
  [{}, 400, /by: is required/],
  [{ by: 'team' }, 400, /by: "team" is not a dimension.*metadata\.<key>/],
  [{ by: 'project_id', untagged: 'hide' }, 400, /untagged: must be one of show, spread/],
  [{ by: 'metadata.team', start_date: '2026-01-01', end_date: '2026-12-31' }, 422, /at most 93 days/],
] as [Query, number, RegExp][])('a wrong query is told: %j', async (query, status, detail) => {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/allocation', query });
  expect({ status: answer.statusCode, detail: answer.json<{ detail: string }>().detail }).toEqual({
    status,
    detail: expect.stringMatching(detail),
  });
});

/** Reads CSV by its grammar (RFC 4180), without the library that wrote it. */
function readCsv(text: string): Record<string, string>[] {
  const records: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    records.at(-1)?.push(quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"'));
    if (end === '\n') records.push([]);
  }
  const [header = [], ...lines] = records.slice(0, -1);
  return lines.map((line) => Object.fromEntries(header.map((name, index) => [name, line[index] ?? ''])));
}

const MANDATORY = ['BilledCost', 'BillingAccountId', 'BillingAccountName', 'BillingCurrency', 'BillingPeriodEnd', 'BillingPeriodStart',
  'ChargeCategory', 'ChargeClass', 'ChargeDescription', 'ChargePeriodEnd', 'ChargePeriodStart', 'ContractedCost', 'EffectiveCost',
  'InvoiceIssuerName', 'ListCost', 'PricingQuantity', 'PricingUnit', 'ProviderName', 'PublisherName', 'ServiceCategory', 'ServiceName']; // prettier-ignore
const NULLABLE = new Set(['ChargeClass', 'x_ProjectId', 'x_PromptId', 'x_Environment']);
const DECIMAL = /^-?\d+(\.\d+)?$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

const focus = async (query: Query, key?: string): Promise<Record<string, string>[]> =>
  readCsv(await get('/v1/analytics/allocation/focus.csv', query, key));

describe.each(['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/New_York'])(
  'FOCUS charges of days in %s',
  (timezone) => {
    test('have every mandatory column, with the types, nulls and values of FOCUS 1.2', async () => {
      const charges = await focus({ ...RANDOM_CALLS_PERIOD, timezone });
      expect(charges.length).toBeGreaterThan(100);
      for (const charge of charges) {
        expect(Object.keys(charge)).toEqual(expect.arrayContaining(MANDATORY));
        for (const [name, value] of Object.entries(charge))
          if (!NULLABLE.has(name)) expect([name, value]).not.toEqual([name, '']);
        for (const name of [
          'BilledCost',
          'EffectiveCost',
          'ContractedCost',
          'ListCost',
          'PricingQuantity',
          'ConsumedQuantity',
        ])
          expect(charge[name]).toMatch(DECIMAL);
        for (const name of ['BillingPeriodStart', 'BillingPeriodEnd', 'ChargePeriodStart', 'ChargePeriodEnd'])
          expect(charge[name]).toMatch(DATE_TIME);
        expect(charge).toMatchObject({
        BillingCurrency: 'USD', ChargeCategory: 'Usage', ChargeClass: '', ChargeFrequency: 'Usage-Based', PricingUnit: 'Tokens',
        ServiceCategory: 'AI and Machine Learning', ServiceSubcategory: 'Generative AI', BillingAccountId: FIRST_TENANT,
      }); // prettier-ignore
        const time = (name: string): number => Date.parse(charge[name] ?? '');
        expect(time('ChargePeriodStart')).toBeLessThan(time('ChargePeriodEnd'));
        expect(time('BillingPeriodStart')).toBeLessThanOrEqual(time('ChargePeriodStart'));
        expect(time('ChargePeriodEnd')).toBeLessThanOrEqual(time('BillingPeriodEnd'));
        const kinds = ['Input', 'CacheRead', 'CacheWrite5m', 'CacheWrite1h', 'Output'].map((kind) =>
          Number(charge[`x_${kind}Tokens`]),
        );
        expect(kinds.reduce((sum, tokens) => sum + tokens, 0)).toBe(Number(charge['PricingQuantity']));
      }
    });

    test('field-pain 13: add up to the overview, in all and by day', async () => {
      const query = { ...RANDOM_CALLS_PERIOD, timezone, group_by: 'day' };
      const { group_by: _groupBy, ...period } = query;
      const charges = await focus(period);
      const { summary, time_series } = await overview(query);
      expect(sumOf(charges.map((charge) => charge['BilledCost']))).toBe(nano(summary.total_cost_usd));
      const total = (name: string): number => charges.reduce((sum, charge) => sum + Number(charge[name]), 0);
      expect(total('x_RequestCount')).toBe(summary.total_requests);
      expect(total('PricingQuantity')).toBe(summary.total_tokens_used);
      expect(total('x_UnpricedRequestCount')).toBe(summary.unpriced_requests);
      expect(total('x_UnpricedTokens')).toBe(summary.unpriced_tokens);
      const byDay = Map.groupBy(charges, (charge) => Date.parse(charge['ChargePeriodStart'] ?? ''));
      for (const point of time_series) {
        const day = byDay.get(Date.parse(point.timestamp)) ?? [];
        expect(sumOf(day.map((charge) => charge['BilledCost']))).toBe(nano(point.total_cost_usd));
      }
    });
  },
);

test('a charge is one day, provider, model, project, prompt and environment, with the sums of its events', async () => {
  const charges = await focus(AUTUMN);
  const { rows } = await collector.pool.query<Record<string, string>>(
    `SELECT concat_ws('|', to_char("timestamp", 'YYYY-MM-DD'), model_provider, model_name, coalesce(project_id, ''), coalesce(prompt_id, ''), coalesce(environment, '')) AS key,
       trim_scale(coalesce(sum(cost_nano_usd), 0) / 1000000000.0)::text AS cost, count(*)::text AS requests,
       (count(*) - count(cost_nano_usd))::text AS unpriced, coalesce(sum(output_tokens), 0)::text AS output
     FROM client_usage_logs WHERE tenant_id = $1 AND "timestamp" >= '2026-09-15' AND "timestamp" < '2026-11-11' GROUP BY 1`,
    [FIRST_TENANT],
  );
  const told = charges.map((charge) => ({
    key: [charge['ChargePeriodStart']?.slice(0, 10), charge['ProviderName'], charge['x_ModelName'], charge['x_ProjectId'], charge['x_PromptId'], charge['x_Environment']].join('|'),
    cost: charge['BilledCost'],
    requests: charge['x_RequestCount'],
    unpriced: charge['x_UnpricedRequestCount'],
    output: charge['x_OutputTokens'],
  })); // prettier-ignore
  const byKey = (one: { key?: string }, other: { key?: string }): number =>
    (one.key ?? '') < (other.key ?? '') ? -1 : 1;
  expect(told.sort(byKey)).toEqual(rows.sort(byKey));
});

test('field-pain 3: unpriced calls are named in the charge, not passed off as free', async () => {
  const charges = await focus({ ...AUTUMN, model_provider: 'vllm' });
  expect(charges.length).toBeGreaterThan(0);
  for (const charge of charges) {
    if (Number(charge['x_UnpricedRequestCount']) > 0)
      expect(charge['ChargeDescription']).toMatch(/without a known price, which are not in the cost/);
  }
});

test('more charges a day than are fetched at once are all there, and formulas are made harmless', async () => {
  const at = (prompt: string) => testEvent({ timestamp: '2026-04-20T08:00:00Z', prompt_id: prompt });
  const prompts = [
    '=HYPERLINK("http://x")',
    'with "quotes", commas\nand lines',
    ...Array.from({ length: 1300 }, (_, index) => `many-${index}`),
  ];
  for (let from = 0; from < prompts.length; from += 500)
    await collector.post(prompts.slice(from, from + 500).map(at));
  await collector.complete();
  const charges = await focus({ start_date: '2026-04-19', end_date: '2026-04-21' });
  expect(charges).toHaveLength(1302);
  const names = charges.map((charge) => charge['x_PromptId']);
  expect(names).toContain(`'=HYPERLINK("http://x")`);
  expect(names).toContain('with "quotes", commas\nand lines');
});

test("nobody else's charges are in it; a period without any is a header alone", async () => {
  const own = await focus(AUTUMN, neighbourKey);
  expect(new Set(own.map((charge) => charge['BillingAccountId']))).toEqual(new Set(['neighbour']));
  expect(sumOf(own.map((charge) => charge['BilledCost']))).toBe(
    nano((await overview(AUTUMN, neighbourKey)).summary.total_cost_usd),
  );
  const empty = await get('/v1/analytics/allocation/focus.csv', {
    start_date: '2020-01-01',
    end_date: '2020-01-31',
  });
  expect(empty.trim().split('\n')).toHaveLength(1);
  expect(empty).toMatch(/^BilledCost,/);
});

test('an export whose reader went away gives its place and its database session back', async () => {
  const address = await collector.app.listen({ host: '127.0.0.1', port: 0 });
  const url = `${address}/v1/analytics/allocation/focus.csv?start_date=2026-03-01&end_date=2026-11-10`;
  const headers = { authorization: `Bearer ${collector.apiKey}` };
  for (let round = 0; round < 12; round += 1) {
    const leave = new AbortController();
    const answer = await fetch(url, { headers, signal: leave.signal });
    if (answer.status === 429) {
      // Its place is given back a moment after the reader has left.
      expect(answer.headers.get('retry-after')).toBe('10');
      await answer.text();
      round -= 1;
      continue;
    }
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toMatch(
      /attachment; filename="focus-.*-2026-03-01-2026-11-10\.csv"/,
    );
    leave.abort();
    await answer.text().catch(() => undefined);
  }
  // All sessions of the read pool (8) still answer.
  const answers = await Promise.all(Array.from({ length: 16 }, () => overview(AUTUMN)));
  expect(new Set(answers.map(({ summary }) => summary.total_requests)).size).toBe(1);
});
