import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import type { Overview } from '../usage/overview.ts';
import {
  billedCallsOf,
  CARRIED,
  EMITTERS,
  expectedTokens,
  requestsOf,
  type CapturedRequest,
} from './captures.ts';
import { inputTotal } from './call-report.ts';

/*
 * What was captured from real emitters, sent to the collector as it was, and asked for as a user would.
 */

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.close());

async function send(key: string, { signal, contentType, body }: CapturedRequest): Promise<void> {
  const answer = await collector.call({
    key,
    method: 'POST',
    url: `/v1/${signal}`,
    headers: { 'content-type': contentType },
    payload: body,
  });
  expect(answer.statusCode).toBe(200);
}

const overviewOf = async (key: string, from: number, until: number): Promise<Overview> => {
  const query = `start_date=${new Date(from).toISOString()}&end_date=${new Date(until).toISOString()}&group_by=month`;
  return (await collector.call({ key, method: 'GET', url: `/v1/analytics/usage/overview?${query}` })).json();
};

describe.each(EMITTERS)('%s, pointed at the collector', (emitter) => {
  const carried = CARRIED[emitter];
  if (!carried) throw new Error(emitter);
  const told = billedCallsOf(emitter).filter((call) => !carried.untold(call));
  // One more that its application wrote by hand, and no provider billed (manual.json), is left out here: captures.test.ts has it.
  const requests = requestsOf(emitter).filter((request) => request.case !== 'manual_generation');
  const tenant = `otlp-${emitter}`;
  let key: string;
  let overview: Overview;

  beforeAll(async () => {
    await collector.makeTenant(tenant);
    key = await collector.makeKey(tenant, ['ingest', 'read']);
    // All signals, the metrics too, and everything once more: an exporter that had no answer sends again.
    for (const request of [...requests, ...requests]) await send(key, request);
    await collector.complete();
    const { rows } = await collector.pool.query<{ from: Date; until: Date }>(
      `SELECT min("timestamp") AS from, max("timestamp") + interval '1 ms' AS until FROM client_usage_logs WHERE tenant_id = $1`,
      [tenant],
    );
    overview = await overviewOf(key, rows[0]?.from.getTime() ?? 0, rows[0]?.until.getTime() ?? 0);
  });

  test('is every call once, with the tokens that were billed', () => {
    const expected = told.map((call) => expectedTokens(call, carried));
    const sum = (pick: (tokens: (typeof expected)[number]) => number | null): number =>
      expected.reduce((total, tokens) => total + (pick(tokens) ?? 0), 0);
    expect(overview.summary).toMatchObject({
      total_requests: told.length,
      failed_requests: told.filter(({ status }) => status === 'error').length,
      output_tokens: sum(({ output }) => output),
      total_tokens_used: sum((tokens) => (inputTotal(tokens) ?? 0) + (tokens.output ?? 0)),
    });
  });

  test('has a cost for every call whose tokens are known, and none for the others', async () => {
    const { rows } = await collector.pool.query<{ model_name: string; known: boolean; priced: boolean }>(
      `SELECT model_name, tokens_used IS NOT NULL OR status = 'error' AS known, cost_nano_usd IS NOT NULL AS priced
       FROM client_usage_logs WHERE tenant_id = $1`,
      [tenant],
    );
    expect(rows.filter(({ known, priced }) => known !== priced)).toEqual([]);
  });

  test('what was received adds up in the ledger', async () => {
    const { rows } = await collector.pool.query<{ accepted: number; events: number }>(
      `SELECT (SELECT sum(accepted)::int FROM ingest_ledger WHERE tenant_id = $1) AS accepted,
              (SELECT count(*)::int FROM client_usage_logs WHERE tenant_id = $1) AS events`,
      [tenant],
    );
    expect(rows[0]).toEqual({ accepted: told.length, events: told.length });
  });
});

test('metrics of a process whose calls are known are no further usage, and those of one that sends nothing else are shown', async () => {
  const metrics = requestsOf('openlit').filter(({ signal }) => signal === 'metrics');
  await collector.makeTenant('metrics-only');
  const alone = await collector.makeKey('metrics-only', ['ingest', 'read']);
  for (const request of [...metrics, ...metrics]) await send(alone, request);
  const metered = async (
    key: string,
    include: string,
  ): Promise<{ measure: string; token_type: string; sum: number; has_events: boolean }[]> =>
    (
      await collector.call({
        key,
        method: 'GET',
        url: `/v1/analytics/usage/metered?start_date=2020-01-01&end_date=2035-01-01&include=${include}`,
      })
    ).json<{ metered: { measure: string; token_type: string; sum: number; has_events: boolean }[] }>()
      .metered;
  const usage = await metered(alone, 'metrics-only');
  expect(usage.filter(({ measure, sum }) => measure === 'tokens' && sum > 0).length).toBeGreaterThan(0);
  expect(usage.every(({ has_events }) => !has_events)).toBe(true);

  const both = await collector.makeKey('otlp-openlit', ['read']);
  expect(await metered(both, 'metrics-only')).toEqual([]);
  const all = await metered(both, 'all');
  expect(all.every(({ has_events }) => has_events)).toBe(true);
  const tokens = (of: typeof all): number =>
    of.filter(({ measure }) => measure === 'tokens').reduce((sum, one) => sum + one.sum, 0);
  // Sent twice and cumulative: counted once.
  expect(tokens(all)).toBe(tokens(usage));
});

test('what could not be read is counted, and shown with the names of its attributes', async () => {
  await collector.makeTenant('odd');
  const key = await collector.makeKey('odd', ['ingest', 'read']);
  const span = {
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: 'eee19b7ec3c1b174',
    name: 'something',
    kind: 1,
    startTimeUnixNano: '1764000000000000000',
    endTimeUnixNano: '1764000001000000000',
    attributes: [{ key: 'gen_ai.usage.mystery', value: { stringValue: 'x' } }],
  };
  const body = {
    resourceSpans: [{ scopeSpans: [{ scope: { name: 'odd-sdk', version: '9' }, spans: [span] }] }],
  };
  const answer = await collector.call({
    key,
    method: 'POST',
    url: '/v1/traces',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  expect(answer.statusCode).toBe(200);
  const { unknown } = (
    await collector.call({ key, method: 'GET', url: '/v1/analytics/telemetry/unknown' })
  ).json<{ unknown: { emitter: string; example: string; items: number }[] }>();
  expect(unknown).toMatchObject([{ emitter: 'odd-sdk 9', example: 'gen_ai.usage.mystery', items: 1 }]);
});
