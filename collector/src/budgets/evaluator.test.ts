import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { formatAmount } from './amount.ts';
import type { Budget } from './budget.ts';
import type { Crossing } from './crossings.ts';
import { DayHistory, outlookOf } from './day-history.ts';
import { readDraft } from './draft.ts';
import { BudgetEvaluator } from './evaluator.ts';
import { readHistory } from './history.ts';
import { createBudget, deleteBudget, findBudget, updateBudget } from './store.ts';

let collector: TestCollector;
let nowMs: number;
const logged: string[] = [];
const log = {
  info: (_: object, message: string) => void logged.push(message),
  error: (details: object) => void logged.push(`error ${JSON.stringify(details)}`),
};

beforeAll(async () => {
  collector = await startTestCollector();
  // The collector's own evaluator ticks by the real clock; it never gets a round here.
  await collector.pool.query("UPDATE budget_evaluation SET claimed_at = 'infinity'");
});
afterAll(() => collector.close());
beforeEach(() => {
  nowMs = Date.parse('2026-03-10T12:00:00Z');
});
afterEach(async () => {
  await collector.pool.query('DELETE FROM budgets');
  logged.length = 0;
});

/** A round of an evaluator that the database lets act. */
async function round(evaluator = newEvaluator()): Promise<Crossing[]> {
  await collector.pool.query(
    "UPDATE budget_evaluation SET claimed_at = '-infinity', finished_at = '-infinity'",
  );
  const crossings = await evaluator.round();
  await collector.pool.query("UPDATE budget_evaluation SET claimed_at = 'infinity'");
  expect(logged.filter((line) => line.startsWith('error'))).toEqual([]);
  if (!crossings) throw new Error('The evaluator got no round.');
  return crossings;
}
const newEvaluator = (everyMs = 0): BudgetEvaluator =>
  new BudgetEvaluator({
    pool: collector.pool,
    readPool: collector.pool,
    history: new DayHistory(),
    log,
    everyMs,
    clock: () => nowMs,
  });

let projects = 0;
/** A project with a budget of its own. */
async function budgetOf(
  fields: Partial<Parameters<typeof readDraft>[0]> = {},
  tenantId = 'default',
): Promise<{ budget: Budget; project: string; spend: (usd: number, ...times: string[]) => Promise<void> }> {
  projects += 1;
  const project = `project-${projects}`;
  const draft = readDraft(
    {
      name: `Budget of ${project}`,
      amount: '10',
      period: { type: 'month', time_zone: 'Europe/Berlin' },
      filters: { project_id: { in: [project] } },
      thresholds: [{ percent: 50 }, { percent: 100 }],
      ...fields,
    },
    'UTC',
  );
  const budget = await createBudget(collector.pool, tenantId, draft, 'test');
  // Made when the story begins, by the test's clock.
  await collector.pool.query('UPDATE budgets SET defined_at = $2 WHERE budget_id = $1', [
    budget.budgetId,
    new Date(nowMs),
  ]);
  /** So much at each of the times (default: now). */
  const spend = async (usd: number, ...times: string[]): Promise<void> => {
    // gpt-4o: 2.5 USD a million input tokens.
    const events = (times.length > 0 ? times : [new Date(nowMs).toISOString()]).map((timestamp) =>
      testEvent({ project_id: project, timestamp, input_tokens: usd * 400_000, output_tokens: 0 }),
    );
    expect((await collector.post(events)).json()).toMatchObject({ accepted: events.length });
    await collector.complete();
  };
  return { budget: await findBudget(collector.pool, tenantId, budget.budgetId), project, spend };
}

const told = (crossings: readonly Crossing[]): [string, number][] =>
  crossings.map(({ kind, threshold_percent }): [string, number] => [kind, threshold_percent]);

describe('field-pain 5: thresholds', () => {
  test('without a budget there is no alert, whatever is spent', async () => {
    await collector.post(testEvent({ input_tokens: 100_000_000 }));
    await collector.complete();
    expect(await round()).toEqual([]);
    const { rows } = await collector.pool.query('SELECT * FROM budget_threshold_crossings');
    expect(rows).toEqual([]);
  });

  test('are crossed once each, and the message names budget, window, spend, limit and time', async () => {
    const { spend } = await budgetOf({ name: 'Checkout, March' });
    expect(await round()).toEqual([]);
    await spend(6);
    const [crossing, ...others] = await round();
    expect(others).toEqual([]);
    expect(crossing).toMatchObject({ kind: 'actual', threshold_percent: 50, spent: 6_000_000_000 });
    expect(crossing?.message).toMatch(
      /^Budget "Checkout, March" has reached 50 % of \$10: \$6 \(60\.0 %\) spent in the month from 2026-03-01T00:00:00\+01:00 to 2026-04-01T00:00:00\+02:00 \(Europe\/Berlin\), as of \d{4}-\d\d-\d\dT[\d:.]+Z\.$/,
    );
    expect(logged).toEqual([crossing?.message]);
    expect(await round()).toEqual([]);
    await spend(4);
    expect(told(await round())).toEqual([['actual', 100]]);
    expect(await round()).toEqual([]);
  });

  test('are not fired by the spend of a period that is over', async () => {
    nowMs = Date.parse('2026-03-31T21:59:00Z'); // a minute before midnight in Berlin
    const { budget, spend } = await budgetOf();
    await spend(20);
    expect(told(await round())).toEqual([
      ['actual', 50],
      ['actual', 100],
    ]);
    nowMs = Date.parse('2026-03-31T22:00:00Z');
    expect(await round()).toEqual([]);
    const { rows } = await collector.pool.query(
      'SELECT resolved_at, period_end FROM budget_threshold_crossings WHERE budget_id = $1',
      [budget.budgetId],
    );
    expect(rows).toEqual([1, 2].map(() => ({ resolved_at: new Date(nowMs), period_end: new Date(nowMs) })));
    await spend(5);
    expect(told(await round())).toEqual([['actual', 50]]);
  });

  test('are not fired by an evaluation that was overtaken by a change of the budget', async () => {
    const { budget, spend } = await budgetOf();
    await spend(20);
    // The budget is doubled between the reading and the storing: both are one round, so it is done under it.
    const history = new DayHistory();
    history.read = async () => {
      const raised = readDraft({ amount: '1000' }, 'UTC', budget);
      await updateBudget(collector.pool, budget, raised, 'test', true);
      return { ...outlookOf({ values: [], firstWeekday: 0 }, [], 1, 0), course: [] };
    };
    const { pool } = collector;
    expect(
      await round(
        new BudgetEvaluator({ pool, readPool: pool, history, log, everyMs: 0, clock: () => nowMs }),
      ),
    ).toEqual([]);
    expect(
      (await pool.query('SELECT * FROM budget_statuses WHERE budget_id = $1', [budget.budgetId])).rows,
    ).toEqual([]);
    expect(await round()).toEqual([]);
  });

  test('count anew after the budget was defined anew, and not after it was renamed', async () => {
    const { budget, spend } = await budgetOf();
    await spend(6);
    expect(await round()).toHaveLength(1);
    const renamed = readDraft({ name: 'Another name' }, 'UTC', budget);
    await updateBudget(collector.pool, budget, renamed, 'test', false);
    expect(await round()).toEqual([]);
    const current = await findBudget(collector.pool, 'default', budget.budgetId);
    await updateBudget(collector.pool, current, readDraft({ amount: '12' }, 'UTC', current), 'test', true);
    expect(told(await round())).toEqual([['actual', 50]]);
  });

  test('of a rolling window cross once until it is below, and then again', async () => {
    const { spend } = await budgetOf({
      period: { type: 'rolling', hours: 24 },
      thresholds: [{ percent: 80 }],
    });
    await spend(9);
    expect(told(await round())).toEqual([['actual', 80]]);
    for (let quarter = 0; quarter < 4; quarter += 1) {
      nowMs += 900_000;
      expect(await round()).toEqual([]);
    }
    nowMs += 24 * 3_600_000;
    expect(await round()).toEqual([]);
    await spend(9);
    expect(told(await round())).toEqual([['actual', 80]]);
  });

  test('by forecast fire before the money is spent, and not after', async () => {
    const { spend } = await budgetOf({
      amount: '60',
      thresholds: [{ percent: 100 }, { percent: 100, kind: 'forecast' }],
    });
    const days = Array.from({ length: 28 }, (_, day) =>
      new Date(nowMs - (day + 1) * 86_400_000).toISOString(),
    );
    await spend(1, ...days);
    expect(await round()).toEqual([]); // about 31 of 60
    await spend(30);
    const [crossing, ...others] = await round();
    expect(others).toEqual([]);
    expect(crossing).toMatchObject({ kind: 'forecast', threshold_percent: 100 });
    expect(crossing?.message).toContain('is expected to reach 100 % of $60');
    await spend(40);
    expect(told(await round())).toEqual([['actual', 100]]);
  });

  test('of an exhausted budget by forecast do not add to the alarm', async () => {
    const { spend } = await budgetOf({ thresholds: [{ percent: 100 }, { percent: 90, kind: 'forecast' }] });
    await spend(1, new Date(nowMs - 86_400_000).toISOString());
    await spend(30);
    expect(told(await round())).toEqual([['actual', 100]]);
  });

  test('say that unpriced calls come on top', async () => {
    const { project, spend } = await budgetOf();
    const timestamp = new Date(nowMs).toISOString();
    await collector.post(
      testEvent({ project_id: project, timestamp, model_provider: 'vllm', model_name: 'own' }),
    );
    await spend(6);
    const [crossing] = await round();
    expect(crossing?.message).toMatch(/at least \$6 .* 1 requests of the period have no price/);
  });

  test('of one tenant are not crossed by the usage of another', async () => {
    await collector.makeTenant('neighbour').catch(() => undefined);
    const { budget, spend } = await budgetOf({}, 'neighbour');
    await spend(100); // with the first tenant's key
    expect(await round()).toEqual([]);
    await deleteBudget(collector.pool, 'neighbour', budget.budgetId);
  });
});

describe('of several replicas', () => {
  test('one evaluates each period of the ticks', async () => {
    await collector.pool.query(
      "UPDATE budget_evaluation SET claimed_at = '-infinity', finished_at = '-infinity'",
    );
    const replicas = [1, 2, 3].map(() => newEvaluator(60_000));
    const rounds = await Promise.all(replicas.map((replica) => replica.round()));
    expect(rounds.filter((crossings) => crossings !== undefined)).toHaveLength(1);
    expect(await newEvaluator(60_000).round()).toBeUndefined();
    await collector.pool.query(
      "UPDATE budget_evaluation SET claimed_at = claimed_at - interval '61 seconds', finished_at = now() - interval '60 seconds'",
    );
    expect(await newEvaluator(60_000).round()).toEqual([]);
    await collector.pool.query("UPDATE budget_evaluation SET claimed_at = 'infinity'");
  });

  test('a round of one that died is taken over, not before its time is over', async () => {
    const claim = (age: string) =>
      collector.pool.query(
        `UPDATE budget_evaluation SET claimed_by = gen_random_uuid(), claimed_at = now() - $1::interval, finished_at = '-infinity'`,
        [age],
      );
    await claim('90 seconds');
    expect(await newEvaluator().round()).toBeUndefined();
    await claim('121 seconds');
    expect(await newEvaluator().round()).toEqual([]);
    await collector.pool.query("UPDATE budget_evaluation SET claimed_at = 'infinity'");
  });
});

test("one tenant's broken budget does not keep the others' from being evaluated", async () => {
  await collector.makeTenant('aaa').catch(() => undefined); // evaluated first
  const broken = await budgetOf({}, 'aaa');
  const { spend } = await budgetOf();
  await spend(6);
  await collector.pool.query(`UPDATE tenants SET time_zone = 'UTC' WHERE tenant_id = 'aaa'`);
  await collector.pool.query(`UPDATE budgets SET time_zone = 'Nowhere/Land' WHERE budget_id = $1`, [
    broken.budget.budgetId,
  ]);
  await collector.pool.query(
    "UPDATE budget_evaluation SET claimed_at = '-infinity', finished_at = '-infinity'",
  );
  const crossings = await newEvaluator().round();
  await collector.pool.query("UPDATE budget_evaluation SET claimed_at = 'infinity'");
  expect(told(crossings ?? [])).toEqual([['actual', 50]]);
  expect(logged.filter((line) => line.startsWith('error'))).toHaveLength(1);
});

describe('the history of a budget', () => {
  const history = async (budget: Budget) =>
    (await readHistory(collector.pool, collector.pool, budget, nowMs, 10)).periods;

  test('has each period that is over once, with the limit of that time and what was crossed', async () => {
    const { budget, spend } = await budgetOf();
    await spend(6);
    await round();
    expect(await history(budget)).toEqual([]);
    nowMs = Date.parse('2026-04-02T00:00:00Z');
    const raised = await updateBudget(
      collector.pool,
      budget,
      readDraft({ amount: '100' }, 'UTC', budget),
      'test',
      false,
    );
    await round();
    await round();
    nowMs = Date.parse('2026-05-02T00:00:00Z');
    const periods = await history(raised);
    expect(periods).toMatchObject([
      {
        start: '2026-04-01T00:00:00+02:00',
        end: '2026-05-01T00:00:00+02:00',
        spent: '0',
        limit: '100',
        crossings: [],
      },
      {
        start: '2026-03-01T00:00:00+01:00',
        spent: '6',
        requests: 1,
        mended_at: null,
        crossings: [{ percent: 50, kind: 'actual' }],
      },
    ]);
    expect(await history(raised)).toEqual(periods);
  });

  test('is mended when late events come, and keeps what was known at the close', async () => {
    const { budget, spend } = await budgetOf();
    await spend(6);
    nowMs = Date.parse('2026-04-01T12:00:00Z');
    await round();
    await spend(3, '2026-03-20T00:00:00Z');
    expect(await history(budget)).toMatchObject([
      { spent: '9', spent_at_close: '6', requests: 2, percent: 90, mended_at: new Date(nowMs).toISOString() },
    ]);
    await spend(1, '2026-03-21T00:00:00Z');
    await round(); // by the evaluator, nobody asking
    const { rows } = await collector.pool.query<{ spent: number }>(
      'SELECT spent FROM budget_periods WHERE budget_id = $1',
      [budget.budgetId],
    );
    expect(rows.map(({ spent }) => formatAmount(BigInt(spent), 'cost'))).toEqual(['10']);
  });

  test('is not mended where retention may have deleted what it was made of', async () => {
    const { budget, project, spend } = await budgetOf();
    await spend(6);
    nowMs = Date.parse('2026-04-01T12:00:00Z');
    await round();
    expect(await history(budget)).toMatchObject([{ spent: '6' }]);
    await collector.pool.query(
      `INSERT INTO data_retention_policies (table_name, tenant_id, retention_period_days) VALUES ('usage_analytics_hourly', 'default', 30)`,
    );
    await collector.pool.query('UPDATE budgets SET filters = $2 WHERE budget_id = $1', [
      budget.budgetId,
      '{}',
    ]);
    await collector.pool.query(
      `UPDATE budget_periods SET filters = '{"project_id": {"in": ["gone"]}}' WHERE budget_id = $1`,
      [budget.budgetId],
    );
    nowMs = Date.parse('2026-04-15T12:00:00Z');
    expect(project).not.toBe('gone');
    expect(await history(budget)).toMatchObject([{ spent: '6', mended_at: null }]);
    await collector.pool.query("DELETE FROM data_retention_policies WHERE tenant_id = 'default'");
    expect(await history(budget)).toMatchObject([{ spent: '0', spent_at_close: '6' }]);
  });

  test('tells the time that a collector was off', async () => {
    const { budget, spend } = await budgetOf({ period: { type: 'day' } });
    await spend(1);
    nowMs += 5 * 86_400_000;
    await round();
    expect((await history(budget)).map(({ start, spent }) => [start.slice(0, 10), spent])).toEqual([
      ['2026-03-14', '0'],
      ['2026-03-13', '0'],
      ['2026-03-12', '0'],
      ['2026-03-11', '0'],
      ['2026-03-10', '1'],
    ]);
  });
});

test('Prometheus sees how full budgets are: the operator all, another tenant its own', async () => {
  await collector.makeTenant('seen').catch(() => undefined);
  const mine = await budgetOf({ name: 'Mine "quoted"' });
  await budgetOf({ name: 'Theirs' }, 'seen');
  await mine.spend(2.5);
  await round();
  const scrape = async (key?: string): Promise<string> => {
    const answer = await collector.call({
      method: 'GET',
      url: '/metrics',
      ...(key === undefined ? {} : { key }),
    });
    expect(answer.statusCode).toBe(200);
    return answer.body;
  };
  const all = await scrape();
  expect(all).toContain('promptops_budget_used_ratio{tenant="default",budget="Mine \\"quoted\\""} 0.25');
  expect(all).toContain('promptops_budget_used_ratio{tenant="seen",budget="Theirs"} 0');
  expect(all).toMatch(/promptops_budget_evaluation_age_seconds \d/);
  expect(all).toContain('promptops_ingest_events_total');
  const own = await scrape(await collector.makeKey('seen', ['metrics']));
  expect(own).toContain('budget="Theirs"');
  expect(own).not.toContain('Mine');
});
