import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import type { ToldAlert } from './alert.ts';
import { readRuleDraft, type RuleFields } from './draft.ts';
import { AlertEvaluator } from './evaluator.ts';
import { acknowledge, comment, readTimeline, resolve, unacknowledge } from './handle.ts';
import { previewRule } from './preview.ts';
import { RoundClaim } from './round-claim.ts';
import type { Rule } from './rule.ts';
import { createRule, deleteRule, findRule, updateRule } from './rule-store.ts';
import { keepEvaluatorsOut, letEvaluatorsIn } from './testing.ts';

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;

let collector: TestCollector;
let nowMs: number;
const logged: string[] = [];
const log = { info: () => undefined, error: (details: object) => void logged.push(JSON.stringify(details)) };

beforeAll(async () => {
  collector = await startTestCollector();
  // The collector's own evaluator ticks by the real clock; it never gets a round here.
  await keepEvaluatorsOut(collector.pool);
  await collector.pool.query('DELETE FROM alert_rules');
});
afterAll(() => collector.close());
beforeEach(() => {
  nowMs = at('12:00:40');
});
afterEach(async () => {
  await collector.pool.query(
    'DELETE FROM alert_rules; DELETE FROM alerts; DELETE FROM alert_outbox; DELETE FROM budgets',
  );
  expect(logged.splice(0)).toEqual([]);
});

/** A time of the day of the story, a Tuesday. */
function at(time: string, day = '2026-03-10'): number {
  return Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}Z`);
}
const text = (ms: number): string => new Date(ms).toISOString();
const newEvaluator = (options: { leaseMs?: number } = {}): AlertEvaluator =>
  new AlertEvaluator({
    pool: collector.pool,
    readPool: collector.pool,
    log,
    everyMs: 0,
    busyShare: 1,
    clock: () => nowMs,
    ...options,
  });

/** What a round wrote to the outbox, in order. */
async function round(evaluator = newEvaluator()): Promise<[string, string | null][]> {
  const { rows: before } = await collector.pool.query<{ last: number }>(
    'SELECT coalesce(max(outbox_id), 0) AS last FROM alert_outbox',
  );
  await letEvaluatorsIn(collector.pool);
  const done = await evaluator.round();
  await keepEvaluatorsOut(collector.pool);
  if (!done) throw new Error('The evaluator got no round.');
  const { rows } = await collector.pool.query<{ kind: string; payload: ToldAlert }>(
    'SELECT kind, payload FROM alert_outbox WHERE outbox_id > $1 ORDER BY outbox_id',
    [before[0]?.last],
  );
  return rows.map(({ kind, payload }) => [kind, payload.group?.member ?? null]);
}
const roundAt = async (time: string, day?: string): Promise<[string, string | null][]> => {
  nowMs = at(time, day);
  return round();
};

let projects = 0;
async function ruleOf(
  fields: Partial<RuleFields> = {},
  tenantId = 'default',
): Promise<{ rule: Rule; project: string }> {
  projects += 1;
  const project = `project-${projects}`;
  const draft = readRuleDraft({
    name: `Rule of ${project}`,
    metric: 'requests',
    threshold: 5,
    window_duration: 15,
    filters: { project_id: { in: [project] } },
    ...fields,
  });
  return { rule: await createRule(collector.pool, tenantId, draft, 'test'), project };
}

/** So many calls at each of the times. */
async function calls(
  project: string,
  many: number,
  times: string[],
  fields: Record<string, unknown> = {},
  key?: string,
): Promise<void> {
  const events = times.flatMap((time) =>
    Array.from({ length: many }, () =>
      testEvent({ project_id: project, timestamp: time.includes('T') ? time : text(at(time)), ...fields }),
    ),
  );
  for (let from = 0; from < events.length; from += 500) {
    const answer = await collector.post(events.slice(from, from + 500), key === undefined ? {} : { key });
    expect(answer.json()).toMatchObject({ accepted: Math.min(500, events.length - from) });
  }
  await collector.complete();
}

async function alerts(): Promise<ToldAlert[]> {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/alerts' });
  return answer.json<{ alerts: ToldAlert[] }>().alerts;
}

describe('a spike', () => {
  test('fires once, and is over once', async () => {
    const { project } = await ruleOf({ severity: 'high' });
    await calls(project, 5, ['11:50']);
    expect(await round()).toEqual([]);
    await calls(project, 1, ['11:51']);
    expect(await round()).toEqual([['firing', null]]);
    expect(await round()).toEqual([]);
    expect(await alerts()).toMatchObject([
      {
        status: 'firing',
        severity: 'high',
        value: 6,
        started_at: text(at('12:00')),
        window_start: text(at('11:45')),
        window_end: text(at('12:00')),
        message: `Rule of ${project}: requests is 6 requests in 15 minutes, > 5 requests.`,
      },
    ]);
    expect(await roundAt('12:15:10')).toEqual([]);
    expect(await roundAt('12:15:40')).toEqual([['resolved', null]]);
    expect(await round()).toEqual([]);
    expect(await alerts()).toMatchObject([
      { status: 'resolved', resolved_at: text(at('12:15')), peak_value: 6 },
    ]);
  });

  test('is told before its quarter of an hour is over, and its evidence has the same number', async () => {
    const { project } = await ruleOf({ window_duration: 60 });
    await calls(project, 7, ['12:03']);
    expect(await roundAt('12:04')).toEqual([['firing', null]]);
    const [alert] = await alerts();
    expect(alert).toMatchObject({ value: 7, started_at: text(at('12:04')) });
    const evidence = await collector.call({ method: 'GET', url: alert?.evidence_path ?? '' });
    expect(evidence.json()).toMatchObject({ summary: { total_requests: 7 } });
    expect(alert?.page_path).toMatch(/^\/analytics\/explore\?from=.*&to=.*&project_id=project-/);
    expect(await roundAt('13:00:40')).toEqual([]);
    expect(await roundAt('13:15:40')).toEqual([['resolved', null]]);
  });

  test('between quarters of an hour no more than the window counts, so that rounding raises no alarm', async () => {
    const { project } = await ruleOf();
    await calls(project, 4, ['11:50', '12:03']);
    // Eight calls in eighteen minutes, but never more than five in fifteen that begin at a quarter.
    expect(await roundAt('12:04')).toEqual([]);
    expect(await roundAt('12:16')).toEqual([]);
  });
});

describe('field-pain 10: an outage', () => {
  test('fires on the error rate, not for a few requests, and not on what has hardly begun', async () => {
    const { project } = await ruleOf({ metric: 'error_rate', threshold: 10, min_requests: 20 });
    await calls(project, 1, ['12:00:10'], { status: 'error' });
    expect(await round()).toEqual([]);
    await calls(project, 30, ['11:50']);
    await calls(project, 2, ['11:51'], { status: 'error' });
    expect(await round()).toEqual([]);
    await calls(project, 10, ['12:05'], { status: 'error' });
    expect(await roundAt('12:06')).toEqual([['firing', null]]);
    const [alert] = await alerts();
    expect(alert?.value).toBeCloseTo((13 * 100) / 43, 3);
    const evidence = await collector.call({ method: 'GET', url: alert?.evidence_path ?? '' });
    expect(evidence.json<{ total: { error_rate_percent: number } }>().total.error_rate_percent).toBeCloseTo(
      alert?.value ?? 0,
      3,
    );
  });

  test('an hour of errors is one notification and one end, however often it is looked at', async () => {
    const { project } = await ruleOf({ metric: 'error_rate', threshold: 50 });
    const told: [string, string | null][] = [];
    for (let minute = 0; minute < 90; minute += 5) {
      const time = text(at('12:00') + minute * MINUTE_MS);
      await calls(project, 2, [time], { status: minute < 60 ? 'error' : 'success' });
      nowMs = at('12:00') + minute * MINUTE_MS + 50_000;
      told.push(...(await round()));
    }
    expect(told.map(([kind]) => kind)).toEqual(['firing', 'resolved']);
  });
});

describe('flapping', () => {
  test('is damped by a second threshold', async () => {
    const { project } = await ruleOf({ threshold: 10, resolve_threshold: 4 });
    await calls(project, 11, ['12:01']);
    await calls(project, 6, ['12:16', '12:46']);
    await calls(project, 12, ['12:31']);
    await calls(project, 4, ['13:01']);
    const told: string[] = [];
    for (const time of ['12:15:40', '12:30:40', '12:45:40', '13:00:40', '13:15:40'])
      told.push(...(await roundAt(time)).map(([kind]) => `${time} ${kind}`));
    expect(told).toEqual(['12:15:40 firing', '13:15:40 resolved']);
  });

  test('is damped by keeping it firing for a time', async () => {
    const { project } = await ruleOf({ keep_firing_minutes: 30 });
    await calls(project, 6, ['12:01', '12:31']);
    const told: string[] = [];
    for (const time of ['12:15:40', '12:30:40', '12:45:40', '13:00:40', '13:15:40'])
      told.push(...(await roundAt(time)).map(([kind]) => `${time} ${kind}`));
    expect(told).toEqual(['12:15:40 firing', '13:15:40 resolved']);
  });

  test('a condition that must hold for a time waits, and leaves nothing when it does not', async () => {
    const { project } = await ruleOf({ for_minutes: 20 });
    await calls(project, 6, ['12:01']);
    expect(await roundAt('12:02')).toEqual([]);
    expect(await alerts()).toMatchObject([
      { status: 'pending', pending_since: text(at('12:02')), started_at: null },
    ]);
    expect(await roundAt('12:30:40')).toEqual([]);
    expect(await alerts()).toEqual([]);
    await calls(project, 6, ['12:46', '13:01']);
    expect(await roundAt('12:47')).toEqual([]);
    expect(await roundAt('13:02')).toEqual([]);
    expect(await roundAt('13:08')).toEqual([['firing', null]]);
  });
});

describe('late data', () => {
  test('fires as soon as it is there, while its window is the current one', async () => {
    const { project } = await ruleOf();
    await calls(project, 3, ['11:50']);
    expect(await round()).toEqual([]);
    await calls(project, 3, ['11:52']);
    expect(await roundAt('12:09')).toEqual([['firing', null]]);
  });

  test('takes nothing back that was sent: the alert ends as any other', async () => {
    const { project } = await ruleOf({ metric: 'error_rate', threshold: 50 });
    await calls(project, 4, ['11:50'], { status: 'error' });
    expect(await round()).toEqual([['firing', null]]);
    await calls(project, 20, ['11:51']);
    expect(await roundAt('12:05')).toEqual([]);
    expect(await roundAt('12:15:40')).toEqual([['resolved', null]]);
    const { rows } = await collector.pool.query('SELECT kind FROM alert_outbox ORDER BY outbox_id');
    expect(rows).toEqual([{ kind: 'firing' }, { kind: 'resolved' }]);
  });

  test('that is not in the rollups yet holds the window back', async () => {
    const { project } = await ruleOf({ operator: '<', threshold: 1, window_duration: 60 });
    await calls(project, 1, ['10:10']);
    // Known until 11:00: the last window that is whole ends at 10:45, with a call in it.
    const waiting = await collector.pool.connect();
    await waiting.query(
      `BEGIN; CREATE TEMP VIEW usage_refresh_queue AS SELECT '${text(at('11:00'))}'::timestamptz AS queued_at`,
    );
    const reading = Object.assign(Object.create(collector.pool) as typeof collector.pool, {
      query: (query: string, values: unknown[]) => waiting.query(query, values),
    });
    const behind = new AlertEvaluator({
      pool: collector.pool,
      readPool: reading,
      log,
      everyMs: 0,
      clock: () => nowMs,
    });
    expect(await round(behind)).toEqual([]);
    await waiting.query('ROLLBACK');
    waiting.release();
    expect(await round()).toEqual([['firing', null]]);
  });
});

describe('no data', () => {
  test('a sum without requests is zero: silence is told', async () => {
    const { project } = await ruleOf({
      alert_type: 'no_data',
      operator: '<',
      threshold: 1,
      window_duration: 30,
    });
    await calls(project, 1, ['11:40']);
    expect(await round()).toEqual([]);
    expect(await roundAt('12:14')).toEqual([]);
    expect(await roundAt('12:15:40')).toEqual([['firing', null]]);
    await calls(project, 1, ['12:20']);
    expect(await roundAt('12:21')).toEqual([]);
    expect(await roundAt('12:30:40')).toEqual([['resolved', null]]);
  });

  test.each([
    ['ok', ['firing', 'resolved']],
    ['keep', ['firing']],
  ])('of a rate: %s', async (no_data, kinds) => {
    const { project } = await ruleOf({ metric: 'error_rate', threshold: 50, no_data: no_data as 'ok' });
    await calls(project, 4, ['11:50'], { status: 'error' });
    const told = [...(await round()), ...(await roundAt('12:15:40')), ...(await roundAt('13:15:40'))];
    expect(told.map(([kind]) => kind)).toEqual(kinds);
  });

  test('of a rate: fire', async () => {
    await ruleOf({ metric: 'response_time_p95_ms', threshold: 1e6, no_data: 'fire' });
    expect(await round()).toEqual([['firing', null]]);
    expect(await alerts()).toMatchObject([
      { is_no_data: true, message: expect.stringContaining('no requests') },
    ]);
  });
});

describe('mute windows', () => {
  const nights = [{ days: ['tuesday' as const], start: '22:00', end: '06:00' }];

  test('keep back what starts at night until the morning, if it is still true then', async () => {
    const { project } = await ruleOf({
      window_duration: 720,
      mute_windows: nights,
      time_zone: 'Europe/Berlin',
    });
    await calls(project, 6, ['22:05']);
    expect(await roundAt('22:10')).toEqual([]);
    expect(await roundAt('04:59:30', '2026-03-11')).toEqual([]);
    expect(await roundAt('05:00:30', '2026-03-11')).toEqual([['firing', null]]);
    const timeline = await readTimeline(collector.pool, (await alerts())[0]?.alert_id ?? 0);
    expect(timeline.map(({ kind }) => kind)).toEqual(['firing', 'muted', 'notified']);
  });

  test('say nothing of what starts and ends at night', async () => {
    const { project } = await ruleOf({ mute_windows: nights });
    await calls(project, 6, ['23:05']);
    expect(await roundAt('23:15:40')).toEqual([]);
    expect(await roundAt('23:30:40')).toEqual([]);
    expect(await roundAt('09:00:40', '2026-03-11')).toEqual([]);
    expect(await alerts()).toMatchObject([{ status: 'resolved', notification_count: 0 }]);
  });

  test('tell in the morning that it is over, to who heard of its start', async () => {
    const { project } = await ruleOf({ mute_windows: nights });
    await calls(project, 6, ['21:50']);
    expect(await roundAt('21:55')).toEqual([['firing', null]]);
    expect(await roundAt('22:15:40')).toEqual([]);
    expect(await roundAt('06:00:30', '2026-03-11')).toEqual([['resolved', null]]);
  });

  test('go by the wall clock when clocks change', async () => {
    // In Berlin the night of 2026-03-29 has no 02:00 to 03:00: 06:00 is 04:00 UTC, not 05:00.
    const windows = [{ days: ['saturday' as const], start: '22:00', end: '06:00' }];
    const { project } = await ruleOf({
      window_duration: 1440,
      mute_windows: windows,
      time_zone: 'Europe/Berlin',
    });
    await calls(project, 6, ['2026-03-28T21:30:00Z']);
    expect(await roundAt('21:40', '2026-03-28')).toEqual([]);
    expect(await roundAt('03:59:30', '2026-03-29')).toEqual([]);
    expect(await roundAt('04:00:30', '2026-03-29')).toEqual([['firing', null]]);
  });
});

describe('groups', () => {
  test('have an alert for each member, also for those without one', async () => {
    const { project } = await ruleOf({ group_by: 'user_id', metric: 'tokens', threshold: 5_000 });
    await calls(project, 6, ['11:50'], { user_id: 'ann' });
    await calls(project, 6, ['11:50']);
    await calls(project, 1, ['11:50'], { user_id: 'ben' });
    const told = await round();
    expect(told).toHaveLength(2);
    expect(told).toEqual(
      expect.arrayContaining([
        ['firing', 'ann'],
        ['firing', null],
      ]),
    );
    const groups = (await alerts()).map(({ group }) => group);
    expect(groups).toContainEqual({ dimension: 'user_id', member: null });
    expect((await roundAt('12:15:40')).map(([kind]) => kind)).toEqual(['resolved', 'resolved']);
  });

  test('are bounded, and the rule tells how many members nobody looked at', async () => {
    const { rule, project } = await ruleOf({ group_by: 'user_id', threshold: 0 });
    const users = Array.from({ length: 120 }, (_, index) => `user-${index}`);
    for (const user of users)
      await collector.post(testEvent({ project_id: project, user_id: user, timestamp: text(at('11:50')) }));
    await collector.complete();
    expect(await round()).toHaveLength(100);
    nowMs += 60_000;
    await round();
    const answer = await collector.call({ method: 'GET', url: `/v1/analytics/alert-rules/${rule.ruleId}` });
    expect(answer.json()).toMatchObject({ last_look: { members: 100, members_left_out: 20 } });
  });
});

describe('baselines', () => {
  test('three times the window before', async () => {
    const { project } = await ruleOf({ baseline: 'previous_window', threshold: 3, window_duration: 60 });
    expect(await round()).toEqual([]);
    await calls(project, 5, ['10:30']);
    await calls(project, 15, ['11:30']);
    expect(await round()).toEqual([]);
    await calls(project, 1, ['11:31']);
    expect(await round()).toEqual([['firing', null]]);
    expect(await alerts()).toMatchObject([{ value: 16, baseline_value: 5 }]);
  });

  test('the same hour of the last weeks is the same on the clock, also across a change of clocks', async () => {
    const { project } = await ruleOf({
      baseline: 'same_hour_last_weeks',
      threshold: 2,
      window_duration: 60,
      time_zone: 'Europe/Berlin',
    });
    // 10 to 11 in Berlin is 08 to 09 UTC after 2026-03-29, 09 to 10 before.
    for (const day of ['2026-03-10', '2026-03-17', '2026-03-24'])
      await calls(project, 4, [`${day}T09:30:00Z`]);
    await calls(project, 40, ['2026-03-24T08:30:00Z']);
    await calls(project, 9, ['2026-03-31T08:30:00Z']);
    expect(await roundAt('09:00:40', '2026-03-31')).toEqual([['firing', null]]);
    expect(await alerts()).toMatchObject([{ value: 9, baseline_value: 4 }]);
  });
});

describe('people', () => {
  const done = (alertId: number) => ({ tenantId: 'default', alertId, by: 'ann', nowMs });

  test('acknowledge: nothing more is sent until it expires, and then it is told again', async () => {
    const { project } = await ruleOf({ window_duration: 720, renotify_minutes: 30 });
    await calls(project, 6, ['11:50']);
    expect(await round()).toEqual([['firing', null]]);
    expect(await roundAt('12:20')).toEqual([]);
    expect(await roundAt('12:31')).toEqual([['renotify', null]]);
    const [alert] = await alerts();
    const id = alert?.alert_id ?? 0;
    await acknowledge(collector.pool, done(id), { note: 'on it', until: new Date(at('14:00')) });
    expect(await roundAt('13:30')).toEqual([]);
    expect(await alerts()).toMatchObject([
      {
        acknowledged: { by: 'ann', note: 'on it', until: text(at('14:00')), at: text(at('12:31')) },
        time_to_acknowledge_seconds: 31 * 60,
      },
    ]);
    expect(await roundAt('14:00:10')).toEqual([['renotify', null]]);
    expect(await roundAt('14:05')).toEqual([]);
    expect(await alerts()).toMatchObject([{ acknowledged: null, notification_count: 3 }]);
    await acknowledge(collector.pool, done(id), { note: null, until: null });
    expect(await roundAt('15:00')).toEqual([]);
    await unacknowledge(collector.pool, done(id));
    expect(await roundAt('15:00:10')).toEqual([['renotify', null]]);
    await comment(collector.pool, done(id), 'a deployment');
    expect((await readTimeline(collector.pool, id)).map(({ kind, by }) => [kind, by])).toEqual([
      ['firing', null],
      ['notified', null],
      ['renotified', null],
      ['acknowledged', 'ann'],
      ['acknowledgement_expired', null],
      ['renotified', null],
      ['acknowledged', 'ann'],
      ['unacknowledged', 'ann'],
      ['renotified', null],
      ['comment', 'ann'],
    ]);
  });

  test('resolve: nothing new fires until the condition has been over', async () => {
    const { project } = await ruleOf();
    await calls(project, 6, ['11:50']);
    expect(await round()).toEqual([['firing', null]]);
    const [alert] = await alerts();
    const row = await resolve(collector.pool, done(alert?.alert_id ?? 0), 'known');
    expect(row).toMatchObject({ status: 'resolved', resolved_by: 'ann' });
    await calls(project, 6, ['12:05']);
    expect(await roundAt('12:06')).toEqual([]);
    expect(await roundAt('12:15:40')).toEqual([]);
    expect(await roundAt('12:30:40')).toEqual([]);
    await calls(project, 6, ['12:35']);
    expect(await roundAt('12:36')).toEqual([['firing', null]]);
    expect(await alerts()).toHaveLength(2);
  });

  test('change, switch off or delete a rule: what is open ends and is told so, the history stays', async () => {
    for (const end of ['change', 'switch off', 'delete'] as const) {
      const { rule, project } = await ruleOf();
      await calls(project, 6, ['11:50']);
      expect(await round()).toEqual([['firing', null]]);
      if (end === 'delete') await deleteRule(collector.pool, 'default', rule.ruleId, 'ann', nowMs);
      else {
        const draft = readRuleDraft(end === 'change' ? { threshold: 50 } : { enabled: false }, rule);
        await updateRule(
          collector.pool,
          await findRule(collector.pool, 'default', rule.ruleId),
          draft,
          'ann',
          nowMs,
        );
      }
      expect(await round()).toEqual([]);
      const [alert] = await alerts();
      expect(alert).toMatchObject({ status: 'resolved', resolved_by: 'ann', rule_name: rule.name });
      const { rows } = await collector.pool.query(
        'SELECT kind FROM alert_outbox WHERE alert_id = $1 ORDER BY outbox_id',
        [alert?.alert_id],
      );
      expect(rows).toEqual([{ kind: 'firing' }, { kind: 'resolved' }]);
    }
  });
});

test('percentiles, means, costs and unpriced requests are those of the answers', async () => {
  const { project } = await ruleOf({ metric: 'response_time_p95_ms', threshold: 1_000 });
  const filters = { project_id: { in: [project] } };
  await ruleOf({ name: 'ttft', metric: 'time_to_first_token_mean_ms', threshold: 300, filters });
  await ruleOf({ name: 'cost', metric: 'cost_usd', threshold: 0.01, filters });
  await ruleOf({ name: 'unpriced', metric: 'unpriced_requests', threshold: 0, filters });
  await ruleOf({ name: 'hits', metric: 'cache_hit_rate', operator: '<', threshold: 50, filters });
  await calls(project, 19, ['11:50'], { response_time_ms: 100, time_to_first_token_ms: 350, stream: true });
  expect((await round()).map(([kind]) => kind)).toEqual(['firing', 'firing', 'firing']);
  await calls(project, 3, ['11:51'], { response_time_ms: 4_000, model_name: 'nobody-knows-it' });
  expect((await round()).map(([kind]) => kind)).toEqual(['firing', 'firing']);
  const byRule = new Map((await alerts()).map((alert) => [alert.rule_name, alert]));
  expect(byRule.get('ttft')?.value).toBe(350);
  expect(byRule.get('cost')?.value).toBeCloseTo(0.0665, 6);
  expect(byRule.get('unpriced')).toMatchObject({ value: 3 });
  expect(byRule.get('hits')).toMatchObject({ value: 0 });
  const slow = byRule.get(`Rule of ${project}`);
  expect(Math.abs((slow?.value ?? 0) / 4_000 - 1)).toBeLessThan(0.05);
  const evidence = await collector.call({ method: 'GET', url: slow?.evidence_path ?? '' });
  expect(evidence.body).toContain(`"p95":${slow?.value}`);
});

test('a budget rule has an alert for each budget, by what the budget evaluation found', async () => {
  const make = async (name: string) =>
    (
      await collector.call({
        method: 'POST',
        url: '/v1/analytics/budgets',
        payload: { name, amount: '10', period: { type: 'day' } },
      })
    ).json<{ budget_id: number }>().budget_id;
  const [full, empty] = [await make('full'), await make('empty')];
  const state = (budgetId: number, spent: number) =>
    collector.pool.query(
      `INSERT INTO budget_statuses (budget_id, tenant_id, version, period_start, period_end, limit_amount, spent, requests, unpriced_requests, as_of, complete_until)
       VALUES ($1, 'default', 1, $3, $3, 100, $2, 1, 0, now(), now()) ON CONFLICT (budget_id) DO UPDATE SET spent = excluded.spent`,
      [budgetId, spent, text(at('00:00'))],
    );
  await state(full, 95);
  await state(empty, 5);
  await ruleOf({
    metric: 'budget_used_percent',
    operator: '>=',
    threshold: 90,
    filters: {},
    alert_type: 'budget',
  });
  expect(await round()).toEqual([['firing', 'full']]);
  expect(await alerts()).toMatchObject([{ value: 95, evidence_path: `/v1/analytics/budgets/${full}` }]);
  await state(full, 1);
  expect(await roundAt('12:10')).toEqual([['resolved', 'full']]);
  await state(empty, 99);
  expect(await roundAt('12:20')).toEqual([['firing', 'empty']]);
  await collector.pool.query('DELETE FROM budgets WHERE budget_id = $1', [empty]);
  expect(await roundAt('12:30')).toEqual([['resolved', 'empty']]);
});

test('an anomaly rule fires for the member that stands out', async () => {
  const { project } = await ruleOf({
    metric: 'anomaly_requests_percent',
    threshold: 100,
    group_by: 'project_id',
    filters: {},
    alert_type: 'anomaly',
  });
  const hours = (day: number): string[] =>
    Array.from({ length: 24 }, (_, hour) =>
      text(at('00:30', '2026-05-20') - day * 86_400_000 + hour * 3_600_000),
    );
  await calls(project, 3, Array.from({ length: 58 }, (_, day) => hours(day + 1)).flat());
  await calls(`${project}-steady`, 3, Array.from({ length: 58 }, (_, day) => hours(day + 1)).flat());
  await calls(`${project}-steady`, 3, hours(0).slice(0, 12));
  const evaluator = newEvaluator();
  nowMs = at('11:05', '2026-05-20');
  expect(await round(evaluator)).toEqual([]);
  await calls(project, 200, ['2026-05-20T11:10:00Z', '2026-05-20T11:30:00Z']);
  nowMs = at('11:59', '2026-05-20');
  expect(await round(evaluator)).toEqual([]);
  nowMs = at('12:00:10', '2026-05-20');
  expect(await round(evaluator)).toEqual([['firing', project]]);
  nowMs = at('12:00:20', '2026-05-20');
  expect(await round(evaluator)).toEqual([]);
});

describe('two evaluators on one database', () => {
  test('one acts, and nothing is sent twice', async () => {
    const { project } = await ruleOf();
    await calls(project, 6, ['11:50']);
    const two = [newEvaluator(), newEvaluator()];
    await letEvaluatorsIn(collector.pool);
    const rounds = await Promise.all(two.map((one) => one.round()));
    await keepEvaluatorsOut(collector.pool);
    expect(rounds.filter((one) => one !== undefined).length).toBeGreaterThan(0);
    const { rows } = await collector.pool.query('SELECT kind FROM alert_outbox');
    expect(rows).toEqual([{ kind: 'firing' }]);
  });

  test('one that dies in its round is followed when its lease is over, and not before', async () => {
    await letEvaluatorsIn(collector.pool);
    const dead = await RoundClaim.take(collector.pool, 0, 60_000, () => undefined);
    dead?.abandon();
    expect(dead).toBeDefined();
    const other = newEvaluator();
    expect(await other.round()).toBeUndefined();
    await collector.pool.query('UPDATE alert_evaluation SET lease_until = clock_timestamp()');
    expect(await other.round()).toBeDefined();
    await keepEvaluatorsOut(collector.pool);
  });

  test('one that was asleep and has been followed writes nothing', async () => {
    await letEvaluatorsIn(collector.pool);
    const asleep = await RoundClaim.take(collector.pool, 0, 60_000, () => undefined);
    asleep?.abandon();
    await letEvaluatorsIn(collector.pool);
    const awake = await RoundClaim.take(collector.pool, 0, 60_000, () => undefined);
    await expect(asleep?.hold(collector.pool)).rejects.toThrow('taken');
    await awake?.hold(collector.pool);
    await awake?.end(undefined);
    await keepEvaluatorsOut(collector.pool);
  });

  test('one that wakes up in its round after another has taken over sends nothing', async () => {
    const { project } = await ruleOf();
    await calls(project, 6, ['11:50']);
    const reached = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<undefined>();
    const slowly = Object.assign(Object.create(collector.pool) as typeof collector.pool, {
      query: async (query: string, values: unknown[]) => {
        reached.resolve(undefined);
        await gate.promise;
        return collector.pool.query(query, values);
      },
    });
    const asleep = new AlertEvaluator({
      pool: collector.pool,
      readPool: slowly,
      log,
      everyMs: 0,
      clock: () => nowMs,
    });
    await letEvaluatorsIn(collector.pool);
    const sleeping = asleep.round();
    await reached.promise;
    expect(await round()).toEqual([['firing', null]]);
    gate.resolve(undefined);
    expect(await sleeping).toBeUndefined();
    const { rows } = await collector.pool.query('SELECT kind FROM alert_outbox');
    expect(rows).toEqual([{ kind: 'firing' }]);
  });

  test('a tick comes too soon after another replica’s', async () => {
    await letEvaluatorsIn(collector.pool);
    const first = new AlertEvaluator({
      pool: collector.pool,
      readPool: collector.pool,
      log,
      everyMs: 60_000,
      clock: () => nowMs,
    });
    expect(await first.round()).toBeDefined();
    const second = new AlertEvaluator({
      pool: collector.pool,
      readPool: collector.pool,
      log,
      everyMs: 60_000,
      clock: () => nowMs,
    });
    expect(await second.round()).toBeUndefined();
    await keepEvaluatorsOut(collector.pool);
  });
});

test('a rule that cannot be evaluated is told, and holds up no other', async () => {
  const { rule: broken } = await ruleOf({ name: 'broken' });
  await collector.pool.query(
    `UPDATE alert_rules SET filters = '{"nonsense": {"in": ["x"]}}' WHERE alert_rule_id = $1`,
    [broken.ruleId],
  );
  const { project } = await ruleOf();
  await calls(project, 6, ['11:50']);
  expect(await round()).toEqual([['firing', null]]);
  expect(logged.splice(0)).toHaveLength(1);
  const { rows } = await collector.pool.query('SELECT error FROM alert_rule_looks WHERE alert_rule_id = $1', [
    broken.ruleId,
  ]);
  expect(rows).toMatchObject([{ error: expect.stringContaining('not a dimension') }]);
});

test('tenants are judged by their own usage', async () => {
  await collector.makeTenant('other');
  const key = await collector.makeKey('other', ['ingest']);
  const filters = { model_name: { in: ['gpt-4o'] } };
  await ruleOf({ name: 'mine', filters });
  await ruleOf({ name: 'theirs', filters }, 'other');
  await ruleOf({ name: 'theirs in all', filters: {} }, 'other');
  await calls('shared-name', 6, ['09:50'], {}, key);
  expect(await roundAt('10:00:40')).toHaveLength(2);
  expect(await alerts()).toEqual([]);
});

test('a preview fires when the evaluator does', async () => {
  const rules = [
    await ruleOf({ threshold: 5, resolve_threshold: 2, for_minutes: 15 }),
    await ruleOf({
      metric: 'error_rate',
      threshold: 50,
      window_duration: 45,
      min_requests: 5,
      no_data: 'keep',
    }),
    await ruleOf({
      group_by: 'user_id',
      threshold: 3,
      window_duration: 30,
      keep_firing_minutes: 29,
      renotify_minutes: 60,
    }),
    await ruleOf({ baseline: 'previous_window', threshold: 1.4, window_duration: 60 }),
    await ruleOf({ metric: 'response_time_p90_ms', threshold: 2_300, window_duration: 30 }),
    await ruleOf({
      metric: 'cost_usd',
      operator: '<',
      threshold: 0.007,
      window_duration: 15,
      mute_windows: [{ days: ['thursday'], start: '10:00', end: '12:00' }],
    }),
  ];
  const [fromMs, toMs] = [at('06:00', '2026-03-12'), at('18:00', '2026-03-12')];
  let seed = 7;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const told = { firing: 0, renotify: 0, resolved: 0 };
  const evaluator = newEvaluator();
  // The evaluator at every quarter of an hour, with what was there by then.
  for (let endMs = fromMs - 2 * 3_600_000; endMs <= toMs; endMs += QUARTER_MS) {
    const events = rules.flatMap(({ project }) =>
      Array.from({ length: Math.floor(random() ** 2 * 12) }, () =>
        testEvent({
          project_id: project,
          user_id: `u-${Math.floor(random() * 4)}`,
          timestamp: text(endMs - QUARTER_MS + Math.floor(random() * QUARTER_MS)),
          response_time_ms: 500 + random() * 2_000,
          status: random() < 0.4 ? 'error' : 'success',
        }),
      ),
    );
    if (events.length > 0) await collector.post(events);
    await collector.complete();
    nowMs = endMs + 30_000;
    if (endMs > fromMs) for (const [kind] of await round(evaluator)) told[kind as keyof typeof told] += 1;
  }
  const previewed = { firing: 0, renotify: 0, resolved: 0 };
  for (const { rule } of rules) {
    const preview = await previewRule(collector.pool, rule, fromMs, toMs);
    const { rows } = await collector.pool.query<{
      member: string | null;
      started: Date;
      resolved: Date | null;
    }>(
      `SELECT member, started_at AS started, resolved_at AS resolved FROM alerts WHERE alert_rule_id = $1 AND status <> 'pending'`,
      [rule.ruleId],
    );
    // A sum that is too large already is told before its quarter is over; a wait that is over is seen half a minute later by the clock.
    const isEarly = rule.metric === 'requests' && rule.forMinutes === 0;
    const quarter = (ms: number): number =>
      (isEarly ? Math.ceil(ms / QUARTER_MS) : Math.floor(ms / QUARTER_MS)) * QUARTER_MS;
    const found = rows.map(({ member, started, resolved }) => [
      member,
      text(quarter(started.getTime())),
      resolved && text(quarter(resolved.getTime())),
    ]);
    const expected = preview.alerts.map(({ group, started_at, resolved_at }) => [
      group?.member ?? null,
      text(Date.parse(started_at)),
      resolved_at && text(Date.parse(resolved_at)),
    ]);
    const sorted = (list: unknown[][]): string[] => list.map((one) => JSON.stringify(one)).sort();
    expect({ rule: rule.name, alerts: sorted(expected) }).toEqual({ rule: rule.name, alerts: sorted(found) });
    expect({ rule: rule.metric, fires: preview.alert_count > 0 }).toEqual({ rule: rule.metric, fires: true });
    for (const kind of Object.keys(told) as (keyof typeof told)[])
      previewed[kind] += preview.notifications[kind];
  }
  expect(previewed).toEqual(told);
});
