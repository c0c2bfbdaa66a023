import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DayHistory } from '../budgets/day-history.ts';
import { BudgetEvaluator } from '../budgets/evaluator.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { TEST_ENGINE } from '../testing/test-database.ts';
import { connectSqlRole, type TestSqlRole } from './testing-sql-role.ts';

/* Every SQL block of docs/sql.md, asked by a role of a tenant beside another one, against what the API answers. */

const DAY_MS = 86_400_000;
const NOW = Date.now();
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const THIRTY_DAYS = `start_date=${dateOf(NOW - 29 * DAY_MS)}&end_date=${dateOf(NOW)}`;

const text = await readFile(join(import.meta.dirname, '../../../docs/sql.md'), 'utf8');
const statements = [...text.matchAll(/^```sql\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);

/** As Grafana's PostgreSQL data source expands its macros, over the last 30 days. */
function withoutMacros(statement: string): string {
  const [from, to] = [new Date(NOW - 30 * DAY_MS).toISOString(), new Date(NOW).toISOString()];
  return statement
    .replaceAll(/\$__timeFilter\(([^)]+)\)/g, `$1 BETWEEN '${from}' AND '${to}'`)
    .replaceAll(
      /\$__timeGroup\(([^,]+), '1h'\)/g,
      TEST_ENGINE === 'timescaledb'
        ? `time_bucket('3600.000s', $1)`
        : 'floor(extract(epoch from $1)/3600)*3600',
    );
}

let collector: TestCollector;
let role: TestSqlRole;
let key: string;

beforeAll(async () => {
  collector = await startTestCollector();
  for (const [tenant, factor] of [
    ['giraffe', 1],
    ['zebra', 7],
  ] as const) {
    await collector.makeTenant(tenant);
    const tenantKey = await collector.makeKey(tenant, ['admin']);
    if (tenant === 'giraffe') key = tenantKey;
    const models = ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5', 'gpt-4.1', 'nobody-knows-it'];
    const events = Array.from({ length: 600 * factor }, (_, index) =>
      testEvent({
        // From a minute ago back over 40 days.
        timestamp: new Date(NOW - 60_000 - (index * 97 * 60_000) / factor).toISOString(),
        model_provider: models[index % 5]?.startsWith('claude') ? 'anthropic' : 'openai',
        model_name: models[index % 5],
        project_id: `${tenant}-${index % 3}`,
        prompt_id: index % 11 === 0 ? null : `prompt-${index % 11}`,
        user_id: `${tenant}-user-${index % 13}`,
        input_tokens: 1000 + index,
        cache_read_tokens: index % 4 === 0 ? 500 : 0,
        output_tokens: 100 + (index % 50),
        reasoning_tokens: index % 6,
        response_time_ms: 50 + ((index * 37) % 2000),
        status: index % 9 === 0 ? 'error' : 'success',
        cache_hit: index % 20 === 19,
        metadata: index % 2 ? { team: 'search' } : {},
      }),
    );
    expect((await collector.post({ events }, { key: tenantKey })).json()).toMatchObject({ accepted: events.length }); // prettier-ignore
    const payload = { name: 'all', amount: '100', period: { type: 'month' } };
    await collector.call({ key: tenantKey, method: 'POST', url: '/v1/analytics/budgets', payload });
  }
  await collector.complete();
  const log = { info: () => undefined, error: () => undefined };
  const { pool } = collector;
  await new BudgetEvaluator({ pool, readPool: pool, history: new DayHistory(), log, everyMs: 0 }).round();
  role = await connectSqlRole(collector, 'giraffe');
}, 120_000);
afterAll(async () => {
  await role.client.end();
  await collector.close();
});

/** The rows of the block whose first comment begins so. */
async function rowsOf(title: string): Promise<Record<string, unknown>[]> {
  const found = statements.filter((statement) => statement.startsWith(`-- ${title}`));
  expect(found).toHaveLength(1);
  return role.rows(withoutMacros(found[0] ?? ''));
}
async function answerOf<Answer>(path: string): Promise<Answer> {
  const answer = await collector.call({ key, method: 'GET', url: `/v1/analytics/${path}` });
  expect({ body: answer.body, status: answer.statusCode }).toMatchObject({ status: 200 });
  return answer.json<Answer>();
}

interface Figures {
  total_requests: number;
  failed_requests: number;
  total_cost_usd: string | null;
  unpriced_requests: number;
  unpriced_tokens: number;
  total_tokens_used: number;
}
interface Breakdown {
  total: Figures;
  members: (Figures & {
    member: Record<string, string | null>;
    response_time_percentiles_ms: { p50: number; p95: number } | null;
  })[];
}
const usd = (value: unknown): number => Number(Number(value ?? 0).toFixed(9));
const sum = (rows: Record<string, unknown>[], column: string): number =>
  usd(rows.reduce((total, row) => total + Number(row[column] ?? 0), 0));

test('docs/sql.md has the blocks that this test is about', () => {
  expect(statements.length).toBeGreaterThanOrEqual(16);
});

test.each(statements.map((statement) => [statement.split('\n')[0] ?? '', statement]))(
  '%s: returns rows',
  async (_title, statement) => {
    expect((await role.rows(withoutMacros(statement))).length).toBeGreaterThan(0);
  },
);

test('cost by day in a time zone is the series of the overview', async () => {
  const rows = await rowsOf('Cost by day in a time zone');
  const first = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(NOW - 29 * DAY_MS); // prettier-ignore
  const { summary, time_series } = await answerOf<{
    summary: Figures;
    time_series: ({ timestamp: string } & Figures)[];
  }>(`usage/overview?start_date=${first}&group_by=day&timezone=Europe/Berlin`);
  expect(sum(rows, 'cost_usd')).toBe(usd(summary.total_cost_usd));
  expect(sum(rows, 'requests')).toBe(summary.total_requests);
  const withCalls = time_series.filter(({ total_requests }) => total_requests > 0);
  expect(rows.map((row) => [Number(row['requests']), usd(row['cost_usd'])])).toEqual(
    withCalls.map((point) => [point.total_requests, usd(point.total_cost_usd)]),
  );
});

test('the dearest prompts are those of the breakdown', async () => {
  const rows = await rowsOf('The dearest prompts');
  const { members } = await answerOf<Breakdown>(
    `usage/breakdown?dimension=prompt_id&limit=10&${THIRTY_DAYS}`,
  );
  expect(rows.map((row) => [row['prompt_id'], Number(row['requests']), usd(row['cost_usd'])])).toEqual(
    members.map(({ member, total_requests, total_cost_usd }) => [member['prompt_id'], total_requests, usd(total_cost_usd)]),
  ); // prettier-ignore
});

test('the users of this month are those of the breakdown', async () => {
  const rows = await rowsOf('The users of this month');
  const { members } = await answerOf<Breakdown>(`usage/breakdown?dimension=user_id&limit=50&start_date=${dateOf(NOW).slice(0, 7)}-01`); // prettier-ignore
  const facts = (pairs: unknown[][]): unknown[][] => pairs.sort((a, b) => String(a[0]).localeCompare(String(b[0]))); // prettier-ignore
  expect(facts(rows.map((row) => [row['user_id'], Number(row['requests']), Number(row['tokens']), usd(row['cost_usd'])]))).toEqual(
    facts(members.map((one) => [one.member['user_id'], one.total_requests, one.total_tokens_used, usd(one.total_cost_usd)])),
  ); // prettier-ignore
});

test('error rates and percentiles by model are those of the breakdown', async () => {
  const errors = await rowsOf('Error rate by model');
  const latency = await rowsOf('Median and p95');
  const { members } = await answerOf<Breakdown>(
    `usage/breakdown?dimension=model_name&limit=50&${THIRTY_DAYS}`,
  );
  expect(members.length).toBe(5);
  expect(errors).toHaveLength(5);
  for (const one of members) {
    const of = (rows: Record<string, unknown>[]) => rows.find((row) => row['model_name'] === one.member['model_name']); // prettier-ignore
    expect(Number(of(errors)?.['requests'])).toBe(one.total_requests);
    expect(Number(of(errors)?.['errors'])).toBe(one.failed_requests);
    expect(Number(of(errors)?.['error_percent'])).toBeCloseTo((100 * one.failed_requests) / one.total_requests, 2); // prettier-ignore
    expect(Number(of(latency)?.['p50_ms'])).toBeCloseTo(one.response_time_percentiles_ms?.p50 ?? NaN, 2);
    expect(Number(of(latency)?.['p95_ms'])).toBeCloseTo(one.response_time_percentiles_ms?.p95 ?? NaN, 2);
  }
});

test('hit rates of the prompt cache are those of the cache route', async () => {
  const rows = await rowsOf('How much of the input');
  const { prompts } = await answerOf<{ prompts: { prompt_id: string | null; hit_rate_percent: number }[] }>(
    `usage/cache?${THIRTY_DAYS}`,
  );
  expect(prompts.length).toBeGreaterThan(3);
  for (const { prompt_id, hit_rate_percent } of prompts)
    expect(Number(rows.find((row) => row['prompt_id'] === prompt_id)?.['prompt_cache_hit_percent'])).toBeCloseTo(hit_rate_percent, 1); // prettier-ignore
});

test('what has no price is what the overview tells, and the top with other is its total', async () => {
  const { summary } = await answerOf<{ summary: Figures }>(`usage/overview?${THIRTY_DAYS}`);
  const unpriced = await rowsOf('What has no price');
  expect(summary.unpriced_requests).toBeGreaterThan(0);
  expect(sum(unpriced, 'unpriced_requests')).toBe(summary.unpriced_requests);
  expect(sum(unpriced, 'unpriced_tokens')).toBe(summary.unpriced_tokens);
  const top = await rowsOf('The three dearest models');
  expect(top).toHaveLength(4);
  expect(top.at(-1)?.['model']).toBe('(other)');
  expect(sum(top, 'cost_usd')).toBe(usd(summary.total_cost_usd));
  expect(sum(top, 'requests')).toBe(summary.total_requests);
  const kinds = await rowsOf('Tokens by kind');
  const tokens = ['uncached_input', 'cache_read', 'cache_write', 'output'].map((kind) => sum(kinds, kind));
  expect(tokens.reduce((a, b) => a + b)).toBe(summary.total_tokens_used);
  const tags = await rowsOf('Cost by a tag');
  expect(sum(tags, 'cost_usd')).toBe(usd(summary.total_cost_usd));
});

test('a week against the one before is what the comparison tells', async () => {
  const rows = await rowsOf('The last seven days');
  const of = async (start: number, end: number): Promise<number> =>
    usd(
      (
        await answerOf<{ summary: Figures }>(
          `usage/overview?start_date=${dateOf(NOW - start * DAY_MS)}&end_date=${dateOf(NOW - end * DAY_MS)}`,
        )
      ).summary.total_cost_usd,
    );
  expect([sum(rows, 'cost_usd'), sum(rows, 'cost_before_usd')]).toEqual([await of(6, 0), await of(13, 7)]);
});

test('the state of budgets is that of the API', async () => {
  const rows = await rowsOf('Month to date');
  const { budgets } = await answerOf<{ budgets: { name: string; spent: string; limit: string; percent: number }[] }>('budgets/status'); // prettier-ignore
  expect(rows.map((row) => [row['name'], usd(row['spent_usd']), usd(row['limit_usd'])])).toEqual(
    budgets.map(({ name, spent, limit }) => [name, usd(spent), usd(limit)]),
  );
  expect(Number(rows[0]?.['percent_used'])).toBeCloseTo(budgets[0]?.percent ?? NaN, 1);
});
