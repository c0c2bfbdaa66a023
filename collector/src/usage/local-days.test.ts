import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Allocation } from '../allocation/allocation.ts';
import type { BudgetStatus } from '../budgets/status.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import type { Breakdown } from './breakdown.ts';
import type { Comparison } from './compare.ts';
import type { ErrorsAnswer } from './errors.ts';
import type { EventPage } from './events.ts';
import type { LatencyAnswer } from './latency.ts';
import type { Overview } from './overview.ts';
import type { Trends } from './trends.ts';

/*
 * Whoever asks about a day means a day of their own clock. An evening in Los Angeles is tomorrow in UTC: a proxy showed $8.78 for a day on which $0.99 was
 * spent, since yesterday's evening was counted into it.
 */

let collector: TestCollector;
let steadyKey: string;

const LOS_ANGELES = 'America/Los_Angeles';
/** Of gpt-4o at 2.5 USD a million. */
const costing = (nanoUsd: number): object => ({
  input_tokens: nanoUsd / 2500,
  output_tokens: 0,
  response_time_ms: 10,
});
/** Clocks change by an hour, by half an hour, and not at all; offsets of whole hours, halves and quarters. */
const YEAR_ZONES = [
  'UTC', 'Europe/Berlin', 'America/New_York', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Chatham',
]; // prettier-ignore

/** Days around changes of clocks: first and last of them, by zone, with the hours that the middle one has. */
const CHANGES: [zone: string, days: [string, string, string], hours: number][] = [
  ['Europe/Berlin', ['2026-03-28', '2026-03-29', '2026-03-30'], 23],
  ['Europe/Berlin', ['2025-10-25', '2025-10-26', '2025-10-27'], 25],
  ['America/New_York', ['2026-03-07', '2026-03-08', '2026-03-09'], 23],
  ['America/New_York', ['2025-11-01', '2025-11-02', '2025-11-03'], 25],
  ['America/St_Johns', ['2026-03-07', '2026-03-08', '2026-03-09'], 23],
  ['Australia/Lord_Howe', ['2026-04-04', '2026-04-05', '2026-04-06'], 24.5],
  ['Australia/Lord_Howe', ['2025-10-04', '2025-10-05', '2025-10-06'], 23.5],
  ['Pacific/Chatham', ['2026-04-04', '2026-04-05', '2026-04-06'], 25],
  ['Asia/Kathmandu', ['2026-03-28', '2026-03-29', '2026-03-30'], 24],
  ['UTC', ['2026-03-28', '2026-03-29', '2026-03-30'], 24],
];
const QUARTER_MS = 900_000;

beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('steady');
  steadyKey = await collector.makeKey('steady', ['ingest', 'read']);
  await collector.post([
    // The evening of June 9 in Los Angeles, which is June 10 in UTC.
    testEvent({ timestamp: '2026-06-10T01:30:00Z', ...costing(7_789_500_000) }),
    testEvent({ timestamp: '2026-06-10T06:59:59.999Z', ...costing(500_000), status: 'error' }),
    // June 10 there.
    testEvent({ timestamp: '2026-06-10T07:00:00Z', ...costing(90_000_000) }),
    testEvent({ timestamp: '2026-06-10T20:00:00Z', ...costing(900_000_000) }),
    testEvent({ timestamp: '2026-06-11T06:59:59.999Z', ...costing(0), status: 'error' }),
    testEvent({ timestamp: '2026-06-11T07:00:00Z', ...costing(2_000_000_000) }),
  ]);
  // One call a quarter of an hour around every change, so that a day has four times as many calls as hours. Late ones last.
  const quarters = new Set(
    CHANGES.flatMap(([, [first, , last]]) => {
      const start = Date.parse(first) - 86_400_000;
      const length = (Date.parse(last) - start) / QUARTER_MS + 2 * 96;
      return Array.from({ length }, (_, index) => start + index * QUARTER_MS);
    }),
  );
  const events = [...quarters].map((ms) =>
    testEvent({ timestamp: new Date(ms + 7).toISOString(), response_time_ms: 10 }),
  );
  events.reverse();
  for (let from = 0; from < events.length; from += 1000)
    expect((await collector.post(events.slice(from, from + 1000), { key: steadyKey })).json()).toMatchObject({
      rejected: 0,
    });
  await collector.complete();
}, 180_000);
afterAll(() => collector.close());

type Query = Record<string, string | string[]>;
async function get<Answer>(path: string, query: Query, key = collector.apiKey): Promise<Answer> {
  const answer = await collector.call({ method: 'GET', url: `/v1/analytics/${path}`, query, key });
  if (answer.statusCode !== 200) throw new Error(`${path} ${JSON.stringify(query)}: ${answer.body}`);
  return answer.json<Answer>();
}

describe('field-pain 8: a day of Los Angeles has cost what was spent on it there, $0.99 and not $8.78', () => {
  const day = { start_date: '2026-06-10', end_date: '2026-06-10' };
  const asked = { ...day, timezone: LOS_ANGELES };

  test('in UTC it is another day', async () => {
    expect((await get<Overview>('usage/overview', day)).summary.total_cost_usd).toBe('8.78');
    expect((await get<Overview>('usage/overview', asked)).summary.total_cost_usd).toBe('0.99');
  });

  test('on every screen', async () => {
    const overview = await get<Overview>('usage/overview', { ...asked, group_by: 'hour' });
    expect(overview.time_series[0]?.timestamp).toBe('2026-06-10T00:00:00-07:00');
    expect(overview.time_series).toHaveLength(24);
    expect(overview.time_series.at(-1)).toMatchObject({
      timestamp: '2026-06-10T23:00:00-07:00',
      total_requests: 1,
      total_cost_usd: '0',
    });
    for (const dimension of ['model_name', 'user_id'])
      expect(await get<Breakdown>('usage/breakdown', { ...asked, dimension })).toMatchObject({
        total: { total_cost_usd: '0.99', total_requests: 3 },
        members: [{ total_cost_usd: '0.99' }],
      });
    expect(await get<Comparison>('usage/compare', asked)).toMatchObject({
      compared_to: { start: '2026-06-09T00:00:00-07:00', end: '2026-06-10T00:00:00-07:00' },
      total: { current: { total_cost_usd: '0.99' }, previous: { total_cost_usd: '7.79' } },
    });
    const { history } = await get<Trends>('usage/trends', {
      start_date: '2026-06-09',
      end_date: '2026-06-11',
      timezone: LOS_ANGELES,
    });
    expect(history).toEqual([
      { date: '2026-06-09', value: '7.79' },
      { date: '2026-06-10', value: '0.99' },
      { date: '2026-06-11', value: '2' },
    ]);
    expect(await get<ErrorsAnswer>('usage/errors', asked)).toMatchObject({
      total: { total_requests: 3, failed_requests: 1, first_seen: '2026-06-11T06:59:59.999Z' },
    });
    expect((await get<LatencyAnswer>('usage/latency', asked)).total.timed_requests).toBe(3);
    const { events } = await get<EventPage>('usage/events', asked);
    expect(events.map(({ cost_usd }) => cost_usd)).toEqual(['0', '0.9', '0.09']);
    expect(await get<Allocation>('allocation', { ...asked, by: 'project_id' })).toMatchObject({
      total: { cost_usd: '0.99' },
    });
    expect(await get('summary', asked)).toMatchObject({
      key_figures: expect.arrayContaining([
        expect.objectContaining({ name: 'total_cost_usd', current: '0.99', previous: '7.79' }),
      ]),
    });
  });

  test('and its week begins on its own Monday', async () => {
    const { time_series } = await get<Overview>('usage/overview', {
      start_date: '2026-06-08',
      end_date: '2026-06-14',
      timezone: LOS_ANGELES,
      group_by: 'week',
    });
    expect(time_series).toMatchObject([
      { timestamp: '2026-06-08T00:00:00-07:00', total_cost_usd: '10.78', total_requests: 6 },
    ]);
  });

  test("and a budget of days is spent by the tenant's own clock", async () => {
    // Now, since a budget is about the day that is under way.
    const zone = 'Pacific/Kiritimati';
    const localDate = (ms: number): string => new Date(ms + 14 * 3_600_000).toISOString().slice(0, 10);
    const now = Date.now();
    const midnight = Date.parse(`${localDate(now)}T00:00:00Z`) - 14 * 3_600_000;
    const made = await collector.call({
      method: 'POST',
      url: '/v1/analytics/budgets',
      payload: { name: 'A day', amount: '5', period: { type: 'day', time_zone: zone } },
    });
    expect(made.statusCode).toBe(201);
    await collector.post([
      testEvent({ timestamp: new Date(midnight - 1).toISOString(), ...costing(7_790_000_000) }),
      testEvent({ timestamp: new Date(midnight).toISOString(), ...costing(990_000_000) }),
    ]);
    await collector.complete();
    const { budgets } = await get<{ budgets: BudgetStatus[] }>('budgets/status', {});
    // Unless midnight has come between the two.
    if (localDate(Date.now()) === localDate(now)) expect(budgets[0]?.spent).toBe('0.99');
  });
});

describe.each(CHANGES)('field-pain 8: in %s the days %j', (timezone, days, hours) => {
  const asked = { start_date: days[0], end_date: days[2], timezone };
  const expected = [96, hours * 4, 96];

  test(`have as many hours as their clock had: ${hours} in the middle`, async () => {
    const overview = await get<Overview>('usage/overview', { ...asked, group_by: 'day' }, steadyKey);
    expect(overview.time_series.map(({ timestamp, total_requests }) => [timestamp.slice(0, 10), total_requests])).toEqual(
      days.map((day, index) => [day, expected[index]]),
    );
    const breakdown = await get<Breakdown>('usage/breakdown', { ...asked, group_by: 'day', dimension: 'model_name' }, steadyKey);
    expect(breakdown.members[0]?.time_series?.map(({ total_requests }) => total_requests)).toEqual(expected);
    const trends = await get<Trends>('usage/trends', { ...asked, measure: 'total_requests' }, steadyKey);
    expect(trends.history.map(({ value }) => value)).toEqual(expected);
    const errors = await get<ErrorsAnswer>('usage/errors', { ...asked, group_by: 'day' }, steadyKey);
    expect(errors.time_series.map(({ total_requests }) => total_requests)).toEqual(expected);
    const latency = await get<LatencyAnswer>('usage/latency', { ...asked, group_by: 'day' }, steadyKey);
    expect(latency.total.time_series?.map(({ timed_requests }) => timed_requests)).toEqual(expected);
  }); // prettier-ignore

  test('have an answer of their own length each, by hour and alone', async () => {
    const one = { start_date: days[1], end_date: days[1], timezone };
    const { summary, time_series } = await get<Overview>(
      'usage/overview',
      { ...one, group_by: 'hour' },
      steadyKey,
    );
    expect(summary.total_requests).toBe(hours * 4);
    expect(time_series.reduce((sum, { total_requests }) => sum + total_requests, 0)).toBe(hours * 4);
    // On Chatham it is a quarter to four when clocks are set back: in the middle of an hour, which makes two parts.
    expect(time_series).toHaveLength(Math.ceil(hours) + (timezone === 'Pacific/Chatham' ? 1 : 0));
    const lengthMs = Date.parse(summary.period.end) - Date.parse(summary.period.start);
    expect(lengthMs / 3_600_000).toBe(hours);
    const compared = await get<Comparison>('usage/compare', one, steadyKey);
    expect([compared.total.current.total_requests, compared.total.previous.total_requests]).toEqual([
      hours * 4,
      96,
    ]);
    expect(compared.same_length).toBe(hours === 24);
    expect(compared.total.per_day.current.total_requests).toBeCloseTo(96, 3);
  });
});

test.each(YEAR_ZONES)(
  'field-pain 8: days, weeks and months in %s add up to the same calls',
  async (timezone) => {
    const year = { start_date: '2025-09-01', end_date: '2026-06-30', timezone };
    const totals = await Promise.all(
      ['day', 'week', 'month'].map(async (group_by) => {
        const { time_series } = await get<Overview>('usage/overview', { ...year, group_by }, steadyKey);
        return time_series.reduce((sum, { total_requests }) => sum + total_requests, 0);
      }),
    );
    expect(new Set(totals).size).toBe(1);
    const { rows } = await collector.pool.query<{ calls: number }>(
      `SELECT count(*)::int AS calls FROM client_usage_logs WHERE tenant_id = 'steady'`,
    );
    expect(totals[0]).toBe(rows[0]?.calls);
  },
);
