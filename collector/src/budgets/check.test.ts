import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPool } from '../database/pool.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { BudgetCheck, decide, type CheckAnswer } from './check.ts';
import type { Budget } from './budget.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.close());

const make = async (fields: object, key?: string): Promise<number> => {
  const answer = await collector.call({
    method: 'POST',
    url: '/v1/analytics/budgets',
    payload: { amount: '1', period: { type: 'month' }, enforcement: 'block', ...fields },
    ...(key === undefined ? {} : { key }),
  });
  expect(answer.statusCode).toBe(201);
  return answer.json<{ budget_id: number }>().budget_id;
};
const ask = async (query: Record<string, string>, key?: string): Promise<CheckAnswer> => {
  const answer = await collector.call({
    method: 'GET',
    url: '/v1/analytics/budgets/check',
    query,
    ...(key === undefined ? {} : { key }),
  });
  expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status: 200 });
  return answer.json<CheckAnswer>();
};
const spend = async (usd: number, fields: object): Promise<void> => {
  const event = testEvent({
    timestamp: new Date().toISOString(),
    input_tokens: usd * 400_000,
    output_tokens: 0,
    ...fields,
  });
  expect((await collector.post(event)).json()).toMatchObject({ accepted: 1 });
};
const until = async (
  query: Record<string, string>,
  condition: (answer: CheckAnswer) => boolean,
): Promise<CheckAnswer> => {
  for (;;) {
    const answer = await ask(query);
    if (condition(answer)) return answer;
    await new Promise((done) => setTimeout(done, 50));
  }
};

test('the check says within seconds that a budget is used up, which one, and when it begins anew', async () => {
  await make({ name: 'Search', filters: { project_id: { in: ['search'] } }, thresholds: [{ percent: 50 }] });
  expect(await ask({ project_id: 'search' })).toMatchObject({
    decision: 'allow',
    budgets: [{ name: 'Search', percent: 0, spent: '0', limit: '1' }],
    dimensions: ['project_id'],
    stale: false,
  });
  await spend(0.5, { project_id: 'search' });
  expect(await until({ project_id: 'search' }, ({ decision }) => decision !== 'allow')).toMatchObject({
    decision: 'warn',
    budgets: [{ name: 'Search', percent: 50, spent: '0.5', decision: 'warn' }],
  });
  await spend(0.5, { project_id: 'search' });
  const answer = await until(
    { project_id: 'search', model_name: 'gpt-4o' },
    ({ decision }) => decision === 'block',
  );
  expect(answer.budgets).toMatchObject([
    { name: 'Search', decision: 'block', enforcement: 'block', percent: 100 },
  ]);
  expect(new Date(answer.budgets[0]?.resets_at ?? 0).getTime()).toBeGreaterThan(Date.now());
  expect(answer.stale_seconds).toBeLessThan(30);
  expect(await ask({ project_id: 'another' })).toMatchObject({ decision: 'allow', budgets: [] });
  expect(await ask({})).toMatchObject({ decision: 'allow', budgets: [] });
});

test('field-pain 5: of several budgets the strictest comes first, and each is named', async () => {
  const filters = { user_id: { in: ['u-1'] } };
  await make({ name: 'User', filters, enforcement: 'warn' });
  await make({ name: 'User and tag', filters: { ...filters, 'metadata.team': { prefix: 'sea' } } });
  await make({ name: 'Watched', filters, enforcement: 'none' });
  await make({ name: 'Off', filters, enabled: false });
  await spend(2, { user_id: 'u-1', metadata: { team: 'search' } });
  const answer = await until(
    { user_id: 'u-1', 'metadata.team': 'search' },
    ({ decision }) => decision === 'block',
  );
  expect(answer.budgets.map(({ name, decision }) => [name, decision])).toEqual([
    ['User and tag', 'block'],
    ['User', 'warn'],
    ['Watched', 'allow'],
  ]);
  expect(await ask({ user_id: 'u-1', 'metadata.team': 'sales' })).toMatchObject({ decision: 'warn' });
});

test('a changed budget is known at once', async () => {
  const id = await make({ name: 'Changing', filters: { project_id: { in: ['changing'] } }, amount: '0.1' });
  await spend(0.2, { project_id: 'changing' });
  await until({ project_id: 'changing' }, ({ decision }) => decision === 'block');
  const call = (method: 'PATCH' | 'DELETE', payload?: object) =>
    collector.call({
      method,
      url: `/v1/analytics/budgets/${id}`,
      ...(payload === undefined ? {} : { payload }),
    });
  await call('PATCH', { amount: '10' });
  expect(await ask({ project_id: 'changing' })).toMatchObject({
    decision: 'allow',
    budgets: [{ limit: '10', percent: 2 }],
  });
  await call('DELETE');
  expect(await ask({ project_id: 'changing' })).toMatchObject({ budgets: [] });
});

test("one tenant's budgets say nothing to another", async () => {
  await collector.makeTenant('apart');
  const key = await collector.makeKey('apart', ['admin']);
  await make({ name: 'All of it', amount: '0.000000001' });
  await make({ name: 'Theirs', amount: '5' }, key);
  await spend(1, {});
  await until({}, ({ decision }) => decision === 'block');
  expect(await ask({}, key)).toMatchObject({ decision: 'allow', budgets: [{ name: 'Theirs', spent: '0' }] });
});

test('a wrong question is told', async () => {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/budgets/check?colour=red' });
  expect(answer.statusCode).toBe(400);
  expect(answer.json<{ detail: string }>().detail).toContain('colour: is not known here');
});

describe('what is not known', () => {
  const log = { warn: () => undefined };
  const away = () =>
    createPool({
      connectionString: 'postgres://nobody@127.0.0.1:9/nothing',
      max: 1,
      applicationName: 'test',
    });

  test('stops no call: the database is away from the start', async () => {
    const pool = away();
    const check = new BudgetCheck({ pool, readPool: pool, log });
    expect(await check.check('default', new Map())).toEqual({
      decision: 'allow',
      budgets: [],
      dimensions: [],
      as_of: null,
      stale_seconds: null,
      stale: true,
    });
    await check.stop();
    await pool.end();
  });

  test('stops no call: the period has ended since the figures were read', async () => {
    await collector.makeTenant('turn');
    const key = await collector.makeKey('turn', ['admin']);
    await make({ name: 'Day', amount: '0.1', period: { type: 'day' } }, key);
    const event = testEvent({ timestamp: '2026-06-15T23:30:00Z', input_tokens: 400_000 });
    expect((await collector.post(event, { key })).json()).toMatchObject({ accepted: 1 });
    await collector.complete();
    let nowMs = Date.parse('2026-06-15T23:59:59Z');
    const check = new BudgetCheck({
      pool: collector.pool,
      readPool: collector.pool,
      log,
      clock: () => nowMs,
    });
    expect(await check.check('turn', new Map())).toMatchObject({ decision: 'block', stale: false });
    nowMs += 1000;
    expect(await check.check('turn', new Map())).toMatchObject({
      decision: 'allow',
      budgets: [],
      stale: true,
    });
    await check.refresh('turn');
    expect(await check.check('turn', new Map())).toMatchObject({
      decision: 'allow',
      budgets: [{ spent: '0' }],
      stale: false,
    });
  });
});

test.each([
  ['none', [], 200, 'allow'],
  ['warn', [], 99.9, 'allow'],
  ['warn', [], 100, 'warn'],
  ['warn', [80, 90], 85, 'warn'],
  ['warn', [80], 300, 'warn'],
  ['block', [80], 79.9, 'allow'],
  ['block', [80], 80, 'warn'],
  ['block', [150], 99, 'allow'],
  ['block', [150], 100, 'block'],
] as const)(
  'enforcement %s with thresholds %j at %d percent: %s',
  (enforcement, percents, percent, decision) => {
    const thresholds = percents.map((one) => ({ percent: one, kind: 'actual' as const }));
    const budget = { enforcement, thresholds, amount: 1000n } as unknown as Budget;
    expect(decide(budget, BigInt(Math.round(percent * 10)))).toBe(decision);
  },
);
