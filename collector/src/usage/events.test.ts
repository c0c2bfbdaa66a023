import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { postRandomCalls, RANDOM_CALLS_PERIOD } from '../testing/random-calls.ts';
import {
  FIRST_TENANT,
  startTestCollector,
  testEvent,
  type TestCollector,
} from '../testing/test-collector.ts';
import { readCursor, writeCursor } from './event-cursor.ts';
import { readEvents, type EventPage } from './events.ts';
import type { Overview } from './overview.ts';
import type { StoredEvent } from './stored-event.ts';

let collector: TestCollector;
let otherKey: string;

beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('neighbour');
  otherKey = await collector.makeKey('neighbour', ['ingest', 'read']);
  await postRandomCalls(collector, { seed: 21, count: 1200 });
  await postRandomCalls(collector, { seed: 22, count: 200, key: otherKey });
});
afterAll(() => collector.close());

type Query = Record<string, string | string[]>;
const PATH = '/v1/analytics/usage/events';

async function page(query: Query, key?: string): Promise<EventPage> {
  const answer = await collector.call({
    method: 'GET',
    url: PATH,
    query,
    ...(key === undefined ? {} : { key }),
  });
  if (answer.statusCode !== 200) throw new Error(`${JSON.stringify(query)}: ${answer.body}`);
  return answer.json<EventPage>();
}

async function allPages(query: Query, key?: string): Promise<{ events: StoredEvent[]; pages: number }> {
  const events: StoredEvent[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const answer = await page({ ...query, ...(cursor === null ? {} : { cursor }) }, key);
    events.push(...answer.events);
    cursor = answer.next_cursor;
    pages += 1;
  } while (cursor !== null);
  return { events, pages };
}

async function plain(where: string, tenant = FIRST_TENANT): Promise<string[]> {
  const { rows } = await collector.pool.query<{ event_id: string }>(
    `SELECT event_id FROM client_usage_logs WHERE tenant_id = $1 AND ${where} ORDER BY "timestamp" DESC, event_uuid DESC`,
    [tenant],
  );
  return rows.map(({ event_id }) => event_id);
}
const ids = (events: StoredEvent[]): string[] => events.map(({ event_id }) => event_id);

const QUERIES: [Query, string][] = [
  [{}, 'true'],
  [{ user_id: 'user-3' }, `user_id = 'user-3'`],
  [{ status: 'error', 'prefix.status_code': '5' }, `status = 'error' AND status_code >= 500`],
  [{ 'not.model_name': 'gpt-4o', environment: '__none__' }, `model_name <> 'gpt-4o' AND environment IS NULL`],
  [{ 'metadata.team': 'search', cache_hit: 'true' }, `metadata ->> 'team' = 'search' AND cache_hit`],
  [{ stream: '__none__' }, 'stream IS NULL'],
  [{ model_name: 'nobody-has-it' }, 'false'],
];
const ZONES: [string, string, string][] = [
  ['UTC', '2026-10-01T00:00:00Z', '2026-10-26T00:00:00Z'],
  ['America/New_York', '2026-10-01T04:00:00Z', '2026-10-26T04:00:00Z'],
  ['Asia/Kolkata', '2026-09-30T18:30:00Z', '2026-10-25T18:30:00Z'],
];

describe.each(ZONES)('in %s', (timezone, start, end) => {
  test.each(QUERIES)(
    '%j: the pages together are the events of the local days, the newest first',
    async (query, where) => {
      const { events } = await allPages({
        start_date: '2026-10-01',
        end_date: '2026-10-25',
        timezone,
        limit: '37',
        ...query,
      });
      expect(ids(events)).toEqual(
        await plain(`"timestamp" >= '${start}' AND "timestamp" < '${end}' AND ${where}`),
      );
    },
  );
});

test('all events of all pages are as many as the overview says, for each tenant its own', async () => {
  for (const [key, tenant] of [
    [undefined, FIRST_TENANT],
    [otherKey, 'neighbour'],
  ] as const) {
    const { events } = await allPages({ ...RANDOM_CALLS_PERIOD, limit: '500' }, key);
    const overview = await collector.call({
      method: 'GET', url: '/v1/analytics/usage/overview', query: RANDOM_CALLS_PERIOD, ...(key === undefined ? {} : { key }),
    }); // prettier-ignore
    expect(events).toHaveLength(overview.json<Overview>().summary.total_requests);
    expect(ids(events)).toEqual(await plain('true', tenant));
  }
});

test('pages do not move while events come in, newer and late ones', async () => {
  const query = { start_date: '2026-07-01', end_date: '2026-07-31', limit: '4' };
  const at = (minute: number): string => new Date(Date.UTC(2026, 6, 10, 0, minute)).toISOString();
  await collector.post(
    Array.from({ length: 12 }, (_, n) => testEvent({ event_id: `move-${n}`, timestamp: at(n) })),
  );
  const first = await page(query);
  await collector.post([
    testEvent({ event_id: 'newer', timestamp: at(60) }),
    testEvent({ event_id: 'late', timestamp: new Date(Date.UTC(2026, 6, 10, 0, 2, 30)).toISOString() }),
  ]);
  const { events } = await allPages({ ...query, cursor: first.next_cursor ?? '' });
  expect([...ids(first.events), ...ids(events)]).toEqual([
    'move-11', 'move-10', 'move-9', 'move-8', 'move-7', 'move-6', 'move-5', 'move-4', 'move-3', 'late', 'move-2', 'move-1', 'move-0',
  ]); // prettier-ignore
  expect(ids((await page(query)).events)[0]).toBe('newer');
});

test('many events of one microsecond are each on one page', async () => {
  const timestamp = '2026-06-06T06:06:06.123456Z';
  await collector.post(Array.from({ length: 25 }, (_, n) => testEvent({ event_id: `same-${n}`, timestamp })));
  for (const query of [{}, { model_name: 'gpt-4o' }]) {
    const { events, pages } = await allPages({
      start_date: '2026-06-06',
      end_date: '2026-06-06',
      limit: '10',
      ...query,
    });
    expect(pages).toBe(3);
    expect(ids(events).sort()).toEqual(Array.from({ length: 25 }, (_, n) => `same-${n}`).sort());
    expect(events[0]?.timestamp).toBe(timestamp);
  }
});

test('a filter that few events pass ends a page early, and the cursor goes on from there', async () => {
  const range = { startMs: Date.parse('2026-03-01'), endMs: Date.parse('2026-11-11'), timeZone: 'UTC' };
  const filters = { user_id: { in: ['user-3'] } };
  const found: string[] = [];
  let after: Parameters<typeof readEvents>[1]['after'];
  let pages = 0;
  let back = Infinity;
  for (;;) {
    const answer = await readEvents(collector.pool, {
      tenantId: FIRST_TENANT,
      range,
      filters,
      limit: 20,
      after,
      maxLookedAt: 100,
    });
    found.push(...ids(answer.events));
    pages += 1;
    expect(Date.parse(answer.searched_back_to)).toBeLessThan(back);
    back = Date.parse(answer.searched_back_to);
    if (answer.next_cursor === null) break;
    expect(answer.events.length).toBeLessThanOrEqual(20);
    after = readCursor(answer.next_cursor, filters);
  }
  expect(found).toEqual(
    await plain(`user_id = 'user-3' AND "timestamp" >= '2026-03-01' AND "timestamp" < '2026-11-11'`),
  );
  expect(pages).toBeGreaterThan(10);
  expect(back).toBe(range.startMs);
});

test('one event: everything that was sent, its price, and where its cost is explained', async () => {
  const sent = {
    event_id: 'detail-1', timestamp: '2026-05-04T03:02:01.5Z', project_id: 'p', prompt_id: 'q', prompt_version: '7', endpoint: '/v1/x',
    model_provider: 'openai', model_name: 'gpt-4o', service_tier: 'default', environment: 'production', user_id: 'u 1', session_id: 's&9',
    stream: true, input_tokens: 1200, cache_read_tokens: 900, output_tokens: 310, reasoning_tokens: 120, tokens_requested: 2000,
    response_time_ms: 1840.5, time_to_first_token_ms: 290.5, status: 'success', status_code: 200, cost_usd: '0.004',
    metadata: { team: 'search', nested: { a: [1, null] } },
  }; // prettier-ignore
  await collector.post([sent]);
  const answer = await collector.call({ method: 'GET', url: `${PATH}/detail-1` });
  const detail = answer.json<
    StoredEvent & { price: { kind: string; source: string; price_id: number }; links: Record<string, string> }
  >();
  expect(detail).toMatchObject({
    event_id: 'detail-1', timestamp: '2026-05-04T03:02:01.500Z', project_id: 'p', prompt_id: 'q', prompt_version: '7', endpoint: '/v1/x',
    model_provider: 'openai', model_name: 'gpt-4o', service_tier: 'default', environment: 'production', user_id: 'u 1', session_id: 's&9',
    stream: true, input_tokens: 300, cache_read_tokens: 900, output_tokens: 310, reasoning_tokens: 120, total_tokens_used: 1510,
    total_tokens_requested: 2000, response_time_ms: 1840.5, time_to_first_token_ms: 290.5, output_tokens_per_second: 200,
    status: 'success', status_code: 200, error_type: null, cache_hit: false, reported_cost_usd: '0.004', discount: null,
    metadata: sent.metadata, price: { kind: 'list', price_id: detail.price_id },
  }); // prettier-ignore
  // 300 x 2.5 + 900 x 1.25 + 310 x 10 USD a million.
  expect(detail.cost_usd).toBe('0.004975');
  const { links } = detail;
  expect((await collector.call({ method: 'GET', url: links['cost'] ?? '' })).json()).toMatchObject({
    event_id: 'detail-1',
    cost_usd: detail.cost_usd,
  });
  expect((await collector.call({ method: 'GET', url: links['self'] ?? '' })).json()).toEqual(detail);
  const session = await collector.call({ method: 'GET', url: links['session'] ?? '' });
  const listed = session.json<EventPage>().events;
  expect(ids(listed)).toEqual(['detail-1']);
  expect(detail).toMatchObject(listed[0] ?? {});
});

test('an event sent without an id is found by its link, and nobody finds the event of another tenant', async () => {
  await collector.post([
    testEvent({ event_id: undefined, timestamp: '2026-05-05T01:00:00Z', user_id: 'no-id' }),
  ]);
  const [event] = (await page({ start_date: '2026-05-05', end_date: '2026-05-05', user_id: 'no-id' })).events;
  const url = `${PATH}/${event?.event_id ?? ''}`;
  expect((await collector.call({ method: 'GET', url })).statusCode).toBe(404);
  const query = { timestamp: event?.timestamp ?? '' };
  expect((await collector.call({ method: 'GET', url, query })).json()).toMatchObject({ user_id: 'no-id' });
  expect((await collector.call({ method: 'GET', url, query, key: otherKey })).statusCode).toBe(404);
  expect(
    (await collector.call({ method: 'GET', url: `${PATH}/random-21-5`, key: otherKey })).statusCode,
  ).toBe(404);
  expect(
    (await collector.call({ method: 'GET', url: `${PATH}/random-22-5`, key: otherKey })).statusCode,
  ).toBe(200);
});

test('a cursor of one tenant shows another one only its own events', async () => {
  const query = { start_date: '2026-10-01', end_date: '2026-10-31', limit: '5' };
  const cursor = (await page(query)).next_cursor ?? '';
  const { events } = await allPages({ ...query, cursor }, otherKey);
  expect(events.length).toBeGreaterThan(0);
  expect(events.every(({ event_id }) => event_id.startsWith('random-22-'))).toBe(true);
});

const SOME_CURSOR = writeCursor(
  { timestampUs: 1, eventUuid: '00000000-0000-0000-0000-000000000000', startMs: 0, endMs: 1 },
  { user_id: { in: ['a'] } },
);
test.each([
  [{ cursor: 'nonsense' }, /cursor: is not a next_cursor/],
  [{ cursor: Buffer.from('[1,"x",0,1,""]').toString('base64url') }, /cursor: is not a next_cursor/],
  [{ cursor: SOME_CURSOR, user_id: 'b' }, /cursor: belongs to other filters/],
  [{ limit: '501' }, /limit: must be <= 500/],
  [{ limit: '0' }, /limit: must be >= 1/],
  [{ timezone: 'Mars' }, /timezone/],
  [{ status: 'bad' }, /status: "bad" must be one of/],
  [{ colour: 'red' }, /colour: is not known here/],
] as [Query, RegExp][])('a wrong query is told: %j', async (query, detail) => {
  const answer = await collector.call({ method: 'GET', url: PATH, query });
  expect(answer.statusCode).toBe(400);
  expect(answer.json<{ detail: string }>().detail).toMatch(detail);
});

test('the same filters in another order are the same to a cursor', async () => {
  const query = { start_date: '2026-10-01', end_date: '2026-10-31', limit: '2' };
  const first = await page({ ...query, model_name: ['gpt-4o', 'gpt-4o-mini'], environment: 'production' });
  const second = await page({
    ...query, environment: 'production', model_name: ['gpt-4o-mini', 'gpt-4o'], cursor: first.next_cursor ?? '',
  }); // prettier-ignore
  expect(second.events).toHaveLength(2);
});
