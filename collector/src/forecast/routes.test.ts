import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import type { Overview } from '../usage/overview.ts';
import { startOfLocalDate } from '../usage/time-zone.ts';
import type { Anomalies } from './anomaly-search.ts';
import { forecastDaily } from './forecast.ts';
import type { PeriodForecast } from './period-forecast.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ZONE = 'America/New_York';
/** USD a token of gpt-4o's input: 2.50 a million. */
const USD_PER_TOKEN = 2.5e-6;
const HISTORY_DAYS = 77;

let collector: TestCollector;
const nowMs = Date.now();
const localFormat = new Intl.DateTimeFormat('en-CA', {
  timeZone: ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});
const localDate = (ms: number): string => localFormat.format(ms);
const [year = 0, month = 0, day = 0] = localDate(nowMs).split('-').map(Number);
const dayStart = (back: number): number => startOfLocalDate(ZONE, year, month, day - back);
const hourNow = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
/** Two hours, three days ago, in which a runaway loop spends six times as much. */
const RUNAWAY = { startMs: dayStart(3) + 10 * HOUR_MS, endMs: dayStart(3) + 12 * HOUR_MS };

interface Sent {
  ms: number;
  tokens: number;
  prompt: string;
}
const sent: Sent[] = [];

beforeAll(async () => {
  collector = await startTestCollector();
  for (let back = HISTORY_DAYS; back >= 0; back--) {
    const startMs = dayStart(back);
    const weekday = new Date(startMs + 12 * HOUR_MS).getUTCDay();
    const perHour = weekday === 0 || weekday === 6 ? 1 : 4;
    for (let ms = startMs; ms < Math.min(dayStart(back - 1), hourNow); ms += HOUR_MS) {
      for (let call = 0; call < perHour; call++) {
        sent.push({ ms: ms + call * 60_000, tokens: 100_000 + 1000 * ((back + call) % 5), prompt: 'steady' });
      }
      if (ms >= RUNAWAY.startMs && ms < RUNAWAY.endMs) {
        for (let call = 0; call < 40; call++)
          sent.push({ ms: ms + call * 1000, tokens: 100_000, prompt: 'loop' });
      }
    }
  }
  const events = sent.map(({ ms, tokens, prompt }) =>
    testEvent({
      timestamp: new Date(ms).toISOString(),
      project_id: 'shop',
      prompt_id: prompt,
      input_tokens: tokens,
      output_tokens: 0,
    }),
  );
  for (let from = 0; from < events.length; from += 1000) {
    expect((await collector.post(events.slice(from, from + 1000))).json()).toMatchObject({
      rejected: 0,
      duplicate: 0,
    });
  }
  await collector.complete();
});

afterAll(() => collector.close());

const forecast = async (query: Record<string, string>): Promise<PeriodForecast> => {
  const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/forecast', query });
  expect([answer.statusCode, answer.body.slice(0, 300)]).toEqual([200, expect.anything()]);
  return answer.json<PeriodForecast>();
};
const anomalies = async (query: Record<string, string> = {}): Promise<Anomalies> => {
  const answer = await collector.call({
    method: 'GET',
    url: '/v1/analytics/usage/anomalies',
    query: { timezone: ZONE, ...query },
  });
  expect([answer.statusCode, answer.body.slice(0, 300)]).toEqual([200, expect.anything()]);
  return answer.json<Anomalies>();
};
const dollars = (events: readonly Sent[]): number =>
  events.reduce((sum, { tokens }) => sum + tokens * USD_PER_TOKEN, 0);

describe('the forecast', () => {
  test('has the days of the zone as they were, those of 23 and 25 hours too', async () => {
    const answer = await forecast({ timezone: ZONE });
    const history = answer.history.slice(-HISTORY_DAYS);
    expect(history.map(({ date }) => date)).toEqual(
      Array.from({ length: HISTORY_DAYS }, (_, index) =>
        localDate(dayStart(HISTORY_DAYS - index) + 12 * HOUR_MS),
      ),
    );
    for (const { date, value } of history) {
      expect(Number(value)).toBeCloseTo(dollars(sent.filter(({ ms }) => localDate(ms) === date)), 9);
    }
  });

  test('goes from tomorrow to the end of the month, and its parts add up to the total', async () => {
    const answer = await forecast({ timezone: ZONE });
    expect(answer).toMatchObject({ measure: 'cost', unit: 'USD', level: 0.8, unpriced_requests: 0 });
    const daysOfMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
    expect(answer.forecast).toHaveLength(daysOfMonth - day);
    expect(answer.period.start.slice(0, 10)).toBe(`${localDate(nowMs).slice(0, 8)}01`);
    const soFar = dollars(
      sent.filter(({ ms }) => localDate(ms).slice(0, 7) === localDate(nowMs).slice(0, 7)),
    );
    expect(Number(answer.period_so_far)).toBeCloseTo(soFar, 6);
    const beforeToday = soFar - Number(answer.today.so_far);
    const parts = answer.forecast.reduce(
      (sum, { mean }) => sum + Number(mean),
      beforeToday + Number(answer.today.mean),
    );
    expect(Number(answer.period_total.mean)).toBeCloseTo(parts, 5);
    for (const { mean, lower, upper } of [answer.today, answer.period_total, ...answer.forecast]) {
      expect(Number(lower)).toBeLessThanOrEqual(Number(mean));
      expect(Number(upper)).toBeGreaterThanOrEqual(Number(mean));
    }
    expect(Number(answer.today.lower)).toBeGreaterThanOrEqual(Number(answer.today.so_far) - 1e-9);
    expect(Number(answer.period_total.lower)).toBeGreaterThanOrEqual(soFar - 1e-6);
  });

  test('knows the weekend, and says how it did on this series', async () => {
    const end = new Date(Date.UTC(year, month - 1, day + 21)).toISOString().slice(0, 10);
    const answer = await forecast({ timezone: ZONE, end_date: end, level: '0.95' });
    expect(answer.forecast).toHaveLength(21);
    expect(answer.forecast.at(-1)?.date).toBe(end);
    for (const { date, mean } of answer.forecast) {
      const isWeekend = [0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay());
      const usual = (isWeekend ? 1 : 4) * 24 * 102_000 * USD_PER_TOKEN;
      expect(Math.abs(Number(mean) / usual - 1)).toBeLessThan(0.2);
    }
    expect(answer.weekday_factors).toHaveLength(7);
    expect(answer.weekday_factors[0]).toBeLessThan(0.5);
    expect(answer.weekday_factors[2]).toBeGreaterThan(1.1);
    expect(answer.backtest?.origins).toBeGreaterThan(5);
    expect(answer.backtest?.coverage_days).toBeGreaterThan(0.7);
    expect(answer.freshness.complete_until).toMatch(/Z$/);
  });

  test('is what forecastDaily makes of the history', async () => {
    const { history, method, weekday_factors } = await forecast({ timezone: ZONE, measure: 'requests' });
    const first = new Date(`${history[0]?.date ?? ''}T00:00:00Z`).getUTCDay();
    const own = forecastDaily(
      history.map(({ value }) => Number(value)),
      1,
      { firstWeekday: first },
    );
    expect(method).toBe(own.method);
    weekday_factors.forEach((factor, weekday) =>
      expect(factor).toBeCloseTo(own.weekdayFactors[weekday] ?? 0, 3),
    );
  });

  test('is of requests and tokens too, in whole numbers, and of what filters leave', async () => {
    const loops = await forecast({ timezone: ZONE, measure: 'requests', prompt_id: 'loop' });
    expect(loops.unit).toBe('requests');
    expect(loops.history.filter(({ value }) => value !== '0')).toEqual([
      { date: localDate(RUNAWAY.startMs), value: '80' },
    ]);
    const tokens = await forecast({ timezone: ZONE, measure: 'tokens', 'not.prompt_id': 'loop' });
    const yesterday = localDate(dayStart(1) + 12 * HOUR_MS);
    expect(tokens.history.at(-1)).toEqual({
      date: yesterday,
      value: String(
        sent.filter(({ ms }) => localDate(ms) === yesterday).reduce((sum, each) => sum + each.tokens, 0),
      ),
    });
    expect(tokens.today.mean).toMatch(/^\d+$/);
  });

  test('by a tag, which only the events have, is of the last months', async () => {
    const answer = await forecast({ timezone: ZONE, measure: 'requests', 'metadata.team': 'nobody' });
    expect(answer.method).toBe('no-usage');
    expect(answer.history).toHaveLength(91);
    expect(answer.period_total).toEqual({ mean: '0', lower: '0', upper: '0' });
    expect(answer.backtest).toBeNull();
  });

  test.each([
    [{ end_date: '2020-01-31', start_date: '2020-01-01' }, 400, /must hold the present/],
    [{ end_date: '2099-01-01' }, 400, /at most 400 days/],
    [{ end_date: '2099-01-01T00:00:00Z' }, 400, /must be a date/],
    [{ timezone: 'Mars/Olympus' }, 400, /IANA/],
    [{ level: '1' }, 400, /level/],
    [{ measure: 'love' }, 400, /measure/],
    [{ nonsense: '1' }, 400, /nonsense/],
  ])('a wrong question is told: %j', async (query, status, detail) => {
    const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/forecast', query });
    expect(answer.statusCode).toBe(status);
    expect(answer.json<{ detail: string }>().detail).toMatch(detail);
  });
});

describe('anomalies', () => {
  test('a runaway loop is found in the total and in its prompt, with the reason and where it comes from', async () => {
    const answer = await anomalies();
    expect(answer).toMatchObject({ measure: 'cost', unit: 'USD' });
    const total = answer.incidents.find(({ dimension }) => dimension === 'total');
    expect(total).toMatchObject({ member: null, direction: 'up', grain: 'hour', ongoing: false });
    expect(Date.parse(total?.start ?? '')).toBe(RUNAWAY.startMs);
    expect(Date.parse(total?.end ?? '')).toBe(RUNAWAY.endMs);
    const inside = sent.filter(({ ms }) => ms >= RUNAWAY.startMs && ms < RUNAWAY.endMs);
    expect(Number(total?.actual)).toBeCloseTo(dollars(inside), 5);
    const usual = dollars(inside.filter(({ prompt }) => prompt === 'steady'));
    expect(Math.abs(Number(total?.expected) / usual - 1)).toBeLessThan(0.05);
    expect(Number(total?.difference)).toBeCloseTo(Number(total?.actual) - Number(total?.expected), 5);
    expect(total?.reason).toMatch(
      /^all usage: (\+\d+ %|\d+ times) (against )?the same hours in the last 4 weeks$/,
    );
    expect(total?.explained_by).toContainEqual(
      expect.objectContaining({ dimension: 'prompt_id', member: 'loop' }),
    );
    const [share = 0] = (total?.explained_by ?? []).map(({ share_percent }) => share_percent);
    expect(share).toBeGreaterThan(90);
    const loop = answer.incidents.find(
      ({ dimension, member }) => dimension === 'prompt_id' && member === 'loop',
    );
    expect(loop).toMatchObject({ percent: null, expected: '0' });
    expect(loop?.reason).toBe('prompt loop: nothing in the same hours in the last 4 weeks, usage now');
    expect(answer.incidents.some(({ member }) => member === 'steady')).toBe(false);
  });

  test('an incident is worth the difference to the overview of the same hours', async () => {
    const { incidents } = await anomalies({ measure: 'requests', dimension: 'total' });
    expect(incidents).toHaveLength(1);
    const query = { start_date: incidents[0]?.start ?? '', end_date: incidents[0]?.end ?? '' };
    const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/overview', query });
    expect(incidents[0]?.actual).toBe(String(answer.json<Overview>().summary.total_requests));
  });

  test('calm days have none, nor what is below the least effect or outside of the filters', async () => {
    const before = localDate(dayStart(10) + 12 * HOUR_MS);
    expect(
      (await anomalies({ start_date: localDate(dayStart(16) + 12 * HOUR_MS), end_date: before })).incidents,
    ).toEqual([]);
    expect((await anomalies({ min_effect: '1000000' })).incidents).toEqual([]);
    expect((await anomalies({ prompt_id: 'steady' })).incidents).toEqual([]);
    expect((await anomalies({ prompt_id: 'loop' })).incident_count).toBeGreaterThan(0);
  });

  test('dimensions can be chosen', async () => {
    const url = `/v1/analytics/usage/anomalies?timezone=${ZONE}&dimension=model_name&dimension=project_id`;
    const { incidents } = (await collector.call({ method: 'GET', url })).json<Anomalies>();
    expect(new Set(incidents.map(({ dimension }) => dimension))).toEqual(
      new Set(['model_name', 'project_id']),
    );
    expect(incidents.find(({ dimension }) => dimension === 'model_name')?.reason).toMatch(/^model gpt-4o: /);
  });

  test.each([
    [{ start_date: '2026-01-01', end_date: '2026-06-01' }, 422, /at most 35 days/],
    [{ 'metadata.team': 'search' }, 400, /metadata\.team/],
    [{ dimension: 'user_id' }, 400, /dimension/],
    [{ min_effect: '-1' }, 400, /min_effect/],
  ])('a wrong question is told: %j', async (query, status, detail) => {
    const answer = await collector.call({ method: 'GET', url: '/v1/analytics/usage/anomalies', query });
    expect(answer.statusCode).toBe(status);
    expect(answer.json<{ detail: string }>().detail).toMatch(detail);
  });
});

describe.each(['forecast', 'anomalies'])('%s', (route) => {
  test('needs a key with the scope read, and sees no other tenant', async () => {
    const url = `/v1/analytics/usage/${route}`;
    await collector.makeTenant(`other-${route}`);
    const ingest = await collector.makeKey(`other-${route}`, ['ingest']);
    expect((await collector.call({ method: 'GET', url, key: ingest })).statusCode).toBe(403);
    expect((await collector.call({ method: 'GET', url, key: 'po_nobody' })).statusCode).toBe(401);
    const key = await collector.makeKey(`other-${route}`, ['read']);
    const answer = (await collector.call({ method: 'GET', url, key })).json<{
      method?: string;
      incidents?: unknown[];
    }>();
    if (route === 'forecast') expect(answer.method).toBe('no-usage');
    else expect(answer.incidents).toEqual([]);
  });
});

test('a day ago is a day of the past, whatever the hour of the test', () => {
  expect(dayStart(0)).toBeLessThanOrEqual(nowMs);
  expect(nowMs - dayStart(0)).toBeLessThan(25 * HOUR_MS);
  expect(RUNAWAY.endMs).toBeLessThan(nowMs - DAY_MS);
});
