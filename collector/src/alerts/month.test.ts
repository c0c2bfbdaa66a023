import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { readRuleDraft } from './draft.ts';
import { AlertEvaluator } from './evaluator.ts';
import { acknowledge } from './handle.ts';
import { RoundClaim } from './round-claim.ts';
import { createRule } from './rule-store.ts';
import { keepEvaluatorsOut, letEvaluatorsIn } from './testing.ts';

/*
 * A month of one rule, hour by hour: outages, flapping, late data, an acknowledgement that expires, and two replicas of which one keeps dying in the
 * middle of its round.
 */

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-03-01T00:00:00Z');
const HOURS = 30 * 24;
const AFTER_THE_HOUR_MS = 40_000;

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
  await keepEvaluatorsOut(collector.pool);
  await collector.pool.query('DELETE FROM alert_rules');
});
afterAll(() => collector.close());

/** Bad hours, as day of March and hour. */
const hours = (day: number, from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => (day - 1) * 24 + from + index * step);
const BAD = new Set([
  ...hours(3, 10, 12),
  ...hours(10, 0, 20),
  ...hours(15, 8, 18),
  // Every other hour.
  ...hours(20, 6, 18, 2),
]);

test('gives exactly the expected notifications, once each', async () => {
  const rule = await createRule(
    collector.pool,
    'default',
    readRuleDraft({
      name: 'Errors',
      metric: 'error_rate',
      threshold: 20,
      window_duration: 60,
      min_requests: 10,
      keep_firing_minutes: 60,
      renotify_minutes: 360,
    }),
    'test',
  );
  const eventsOf = (hour: number, many: number, status: string) =>
    Array.from({ length: many }, (_, index) =>
      testEvent({
        timestamp: new Date(START_MS + hour * HOUR_MS + (20 + index) * 60_000).toISOString(),
        status,
      }),
    );
  const events = Array.from({ length: HOURS }, (_, hour) => [
    ...eventsOf(hour, 12, 'success'),
    ...(BAD.has(hour) ? eventsOf(hour, 8, 'error') : []),
  ]).flat();
  for (let from = 0; from < events.length; from += 500)
    expect((await collector.post(events.slice(from, from + 500))).json()).toMatchObject({ rejected: 0 });
  await collector.complete();

  let nowMs = START_MS;
  const failures: object[] = [];
  const log = { info: () => undefined, error: (details: object) => void failures.push(details) };
  const evaluators = [1, 2].map(
    () =>
      new AlertEvaluator({
        pool: collector.pool,
        readPool: collector.pool,
        log,
        everyMs: 0,
        busyShare: 1,
        clock: () => nowMs,
      }),
  );
  const told: string[] = [];
  let last = 0;
  const round = async (number: number): Promise<void> => {
    await letEvaluatorsIn(collector.pool);
    if (number % 25 === 0) {
      // This one dies: its turn is over when its lease is, and the other one takes it.
      (await RoundClaim.take(collector.pool, 0, 60_000, () => undefined))?.abandon();
      expect(await evaluators[1]?.round()).toBeUndefined();
      await letEvaluatorsIn(collector.pool);
    }
    expect(await evaluators[number % 2]?.round()).toBeDefined();
    await keepEvaluatorsOut(collector.pool);
    const { rows } = await collector.pool.query<{ outbox_id: number; kind: string }>(
      'SELECT outbox_id, kind FROM alert_outbox WHERE outbox_id > $1 ORDER BY outbox_id',
      [last],
    );
    last = rows.at(-1)?.outbox_id ?? last;
    for (const { kind } of rows) told.push(`${new Date(nowMs).toISOString().slice(5, 19)} ${kind}`);
  };

  for (let hour = 1; hour < HOURS; hour += 1) {
    nowMs = START_MS + hour * HOUR_MS + AFTER_THE_HOUR_MS;
    await round(hour);
    if (hour === 14 * 24 + 9) {
      nowMs += 30 * 60_000;
      const { rows } = await collector.pool.query<{ alert_id: number }>(
        `SELECT alert_id FROM alerts WHERE status = 'firing'`,
      );
      await acknowledge(
        collector.pool,
        { tenantId: 'default', alertId: rows[0]?.alert_id ?? 0, by: 'ann', nowMs },
        { note: null, until: new Date('2026-03-15T16:00:00Z') },
      );
    }
    if (hour === 24 * 24 + 10) {
      // Of the hour that was fine a moment ago.
      await collector.post(eventsOf(hour - 1, 30, 'error'));
      await collector.complete();
      nowMs += 4 * 60_000;
      await round(hour);
    }
  }
  expect(failures).toEqual([]);
  expect(told).toEqual([
    '03-03T11:00:40 firing',
    '03-03T14:00:40 resolved',
    '03-10T01:00:40 firing',
    '03-10T07:00:40 renotify',
    '03-10T13:00:40 renotify',
    '03-10T19:00:40 renotify',
    '03-10T22:00:40 resolved',
    // Acknowledged at 09:30 until 16:00.
    '03-15T09:00:40 firing',
    '03-15T16:00:40 renotify',
    '03-15T20:00:40 resolved',
    '03-20T07:00:40 firing',
    '03-20T13:00:40 renotify',
    '03-20T19:00:40 resolved',
    '03-25T10:04:40 firing',
    '03-25T12:00:40 resolved',
  ]);
  const { rows } = await collector.pool.query('SELECT status FROM alerts WHERE alert_rule_id = $1', [
    rule.ruleId,
  ]);
  expect(rows).toEqual(Array.from({ length: 5 }, () => ({ status: 'resolved' })));
}, 240_000);
