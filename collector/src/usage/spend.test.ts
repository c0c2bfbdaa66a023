import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { postRandomCalls } from '../testing/random-calls.ts';
import { FIRST_TENANT, startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import { parseFilters } from './filters.ts';
import { readSpend, readSpendSeries, spendByBudgetFilters, type Spend } from './spend.ts';
import { startOfLocalDate } from './time-zone.ts';

let collector: TestCollector;

beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('neighbour');
  await postRandomCalls(collector, { seed: 21, count: 1200 });
  await postRandomCalls(collector, {
    seed: 22,
    count: 200,
    key: await collector.makeKey('neighbour', ['ingest', 'read']),
  });
});
afterAll(() => collector.close());

/** Filters as budgets keep them, and the same as a person would write it. */
const FILTERS: [unknown, string][] = [
  [{}, 'true'],
  [{ model_name: { in: ['gpt-4o'] } }, `model_name = 'gpt-4o'`],
  [{ model_name: { prefix: 'gpt-' }, environment: { not_in: ['test'] } }, `model_name LIKE 'gpt-%' AND environment IS DISTINCT FROM 'test'`],
  [{ project_id: { in: ['project-1', null] } }, `(project_id = 'project-1' OR project_id IS NULL)`],
  [{ prompt_id: { in: ['prompt-2'] } }, `prompt_id = 'prompt-2'`],
  [{ prompt_id: { not_in: ['prompt-2', '__none__'] } }, `prompt_id <> 'prompt-2'`],
  [{ user_id: { in: ['user-1', 'user-2'] } }, `user_id IN ('user-1', 'user-2')`],
  [{ user_id: { in: [''] }, model_provider: { in: ['openai'] } }, `user_id IS NULL AND model_provider = 'openai'`],
  [{ 'metadata.team': { in: ['search'] } }, `metadata ->> 'team' = 'search'`],
  [{ 'metadata.team': { in: [null] } }, `coalesce(metadata ->> 'team', '') = ''`],
  [{ 'metadata.cost.centre': { not_in: ['a'] }, 'metadata.team': { prefix: ['se', 'a'] } }, `metadata ->> 'cost.centre' IS DISTINCT FROM 'a' AND metadata ->> 'team' ~ '^(se|a)'`],
  [{ status_code: { prefix: '5' } }, 'status_code >= 500'],
  [{ stream: { in: ['true'] }, cache_hit: { in: ['false'] } }, 'stream AND NOT cache_hit'],
  [{ model_name: { in: ['nobody has it'] } }, 'false'],
]; // prettier-ignore

const at = (text: string): number => Date.parse(text);
const PERIODS: [number, number][] = [
  [at('2026-10-01T00:00:00Z'), at('2026-11-01T00:00:00Z')],
  [at('2026-10-24T22:00:00Z'), at('2026-10-25T23:00:00Z')],
  [at('2026-10-04T05:45:00Z'), at('2026-10-04T18:30:00Z')],
];

async function plain(where: string, startMs: number, endMs: number, tenant = FIRST_TENANT): Promise<Spend> {
  const { rows } = await collector.pool.query<{
    cost: string;
    requests: number;
    unpriced: number;
    tokens: number;
  }>(
    `SELECT coalesce(sum(cost_nano_usd), 0)::text AS cost, count(*)::int AS requests, (count(*) - count(cost_nano_usd))::int AS unpriced,
            coalesce(sum(tokens_used), 0)::int AS tokens
     FROM client_usage_logs WHERE tenant_id = $1 AND "timestamp" >= $2 AND "timestamp" < $3 AND ${where}`,
    [tenant, new Date(startMs), new Date(endMs)],
  );
  const [row] = rows;
  return {
    costNanoUsd: BigInt(row?.cost ?? 0),
    requests: row?.requests ?? 0,
    unpricedRequests: row?.unpriced ?? 0,
    tokens: row?.tokens ?? 0,
  };
}

test.each(FILTERS)('the spend under %j is that of the events', async (json, where) => {
  const filters = parseFilters(json);
  for (const [startMs, endMs] of PERIODS) {
    expect(await readSpend(collector.pool, { tenantId: FIRST_TENANT, startMs, endMs, filters })).toEqual(
      await plain(where, startMs, endMs),
    );
  }
  const [startMs, endMs] = PERIODS[0] ?? [0, 0];
  expect(await readSpend(collector.pool, { tenantId: 'neighbour', startMs, endMs, filters })).toEqual(
    await plain(where, startMs, endMs, 'neighbour'),
  );
});

test('many questions at once have the answers that each has alone, in their order, in few statements', async () => {
  const questions = PERIODS.flatMap(([startMs, endMs]) =>
    FILTERS.map(([json, where]) => ({ filters: parseFilters(json), where, startMs, endMs })),
  );
  const statements: string[] = [];
  const counting = {
    query: (text: string, values: unknown[]) => {
      statements.push(text);
      return collector.pool.query(text, values);
    },
  };
  const answers = await spendByBudgetFilters(counting as never, FIRST_TENANT, questions);
  expect(answers).toEqual(
    await Promise.all(questions.map(({ where, startMs, endMs }) => plain(where, startMs, endMs))),
  );
  expect(answers.filter(({ requests }) => requests > 0).length).toBeGreaterThan(30);
  // For each period: the whole tenant, by model, by prompt, and the events.
  expect(statements.length).toBeLessThanOrEqual(4 * PERIODS.length);
  expect(await spendByBudgetFilters(counting as never, FIRST_TENANT, [])).toEqual([]);
});

test('a hundred budgets of one kind are one statement, with an answer each', async () => {
  const [startMs, endMs] = PERIODS[0] ?? [0, 0];
  const questions = Array.from({ length: 100 }, (_, index) => ({
    filters: parseFilters({ user_id: { in: [`user-${index % 25}`] } }),
    startMs,
    endMs,
  }));
  let statements = 0;
  const counting = {
    query: (text: string, values: unknown[]) => {
      statements += 1;
      return collector.pool.query(text, values);
    },
  };
  const answers = await spendByBudgetFilters(counting as never, FIRST_TENANT, questions);
  expect(statements).toBe(1);
  for (const [index, answer] of answers.entries()) {
    expect(answer).toEqual(await plain(`user_id = 'user-${index % 25}'`, startMs, endMs));
  }
});

test.each([
  ['Europe/Berlin', [2026, 10, 24]],
  ['America/New_York', [2026, 10, 31]],
  ['Australia/Lord_Howe', [2026, 10, 3]],
  ['Asia/Kathmandu', [2026, 10, 3]],
  ['Asia/Kolkata', [2026, 10, 24]],
] as const)(
  'days and hours of %s are those of its clocks, and add up',
  async (timeZone, [year, month, day]) => {
    const startMs = startOfLocalDate(timeZone, year, month, day);
    const endMs = startOfLocalDate(timeZone, year, month, day + 3);
    for (const [json, where] of [FILTERS[0], FILTERS[1], FILTERS[4], FILTERS[8]] as [unknown, string][]) {
      const question = { tenantId: FIRST_TENANT, startMs, endMs, filters: parseFilters(json) };
      const days = await readSpendSeries(collector.pool, { ...question, timeZone, groupBy: 'day' });
      expect(days).toHaveLength(3);
      for (const [index, point] of days.entries()) {
        const from = startOfLocalDate(timeZone, year, month, day + index);
        expect(point).toEqual({
          startMs: from,
          ...(await plain(where, from, startOfLocalDate(timeZone, year, month, day + index + 1))),
        });
      }
      const hours = await readSpendSeries(collector.pool, { ...question, timeZone, groupBy: 'hour' });
      for (const [index, point] of hours.entries()) {
        expect(point).toEqual({
          startMs: point.startMs,
          ...(await plain(where, point.startMs, hours[index + 1]?.startMs ?? endMs)),
        });
      }
      const whole = await readSpend(collector.pool, question);
      expect(hours.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0n)).toBe(whole.costNanoUsd);
      expect(whole.requests).toBeGreaterThan(0);
    }
  },
);

test('a period is taken outwards to quarters of an hour', async () => {
  const question = { tenantId: FIRST_TENANT, filters: parseFilters({ user_id: { not_in: ['user-1'] } }) };
  const uneven = await readSpend(collector.pool, {
    ...question,
    startMs: at('2026-10-25T01:07:00Z'),
    endMs: at('2026-10-25T08:31:00Z'),
  });
  expect(uneven).toEqual(
    await plain(`user_id IS DISTINCT FROM 'user-1'`, at('2026-10-25T01:00:00Z'), at('2026-10-25T08:45:00Z')),
  );
});

test('a budget by user over more than a quarter of a year is refused with the reason', async () => {
  const question = {
    startMs: at('2026-01-01'),
    endMs: at('2026-12-31'),
    filters: parseFilters({ user_id: { in: ['u'] } }),
  };
  await expect(spendByBudgetFilters(collector.pool, FIRST_TENANT, [question])).rejects.toThrow(
    /user_id: is read from the events themselves, at most 93 days/,
  );
});
