import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { calcPrice } from '@pydantic/genai-prices';
import { Writable } from 'node:stream';
import { runDemo, type DemoResult } from '../collector/src/demo/demo.ts';
import { generateHistory } from '../collector/src/demo/history.ts';
import { totalsOf } from '../collector/src/demo/totals.ts';
import { UNPRICED_MODEL } from '../collector/src/demo/models.ts';
import type { UsageEvent } from '../collector/src/demo/usage-event.ts';
import { DEMO_WORKSPACES, eventsPerDayOf } from '../collector/src/demo/workspaces.ts';
import type { Overview } from '../collector/src/usage/overview.ts';
import { startCollector, temporaryFolder, type CollectorProcess } from './collector-process.ts';

const NOW_MS = Date.now() - 60_000;
const DAYS = 90;
const EVENTS_PER_DAY = 150;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let collector: CollectorProcess;
let keys: { name: string; apiKey: string }[];
const sent = new Map<string, UsageEvent[]>();

beforeAll(async () => {
  folder = await temporaryFolder();
  collector = await startCollector({ dataDir: folder.path });
  keys = [];
  for (const workspace of DEMO_WORKSPACES) {
    await admin('/v1/admin/tenants', { tenant_id: workspace.name, name: workspace.title });
    const { api_key } = (await admin('/v1/admin/api-keys', {
      tenant_id: workspace.name,
      name: 'demo',
      scopes: ['ingest', 'read'],
    })) as { api_key: string };
    keys.push({ name: workspace.name, apiKey: api_key });
    sent.set(workspace.name, [
      ...generateHistory({
        seed: 1,
        nowMs: NOW_MS,
        days: DAYS,
        eventsPerDay: eventsPerDayOf(workspace, EVENTS_PER_DAY),
        workspace,
      }),
    ]);
  }
});
afterAll(async () => {
  await collector.end();
  await folder.remove();
});

async function admin(path: string, body: object): Promise<unknown> {
  const answer = await fetch(collector.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${collector.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(201);
  return answer.json();
}

const send = (): Promise<DemoResult> =>
  runDemo({
    baseUrl: collector.url, workspaces: keys, days: DAYS, eventsPerDay: EVENTS_PER_DAY, seed: 1, live: false, nowMs: NOW_MS,
    output: new Writable({ write: (_chunk, _encoding, done) => done() }),
  }); // prettier-ignore

/** The event's cost by the price list's own calculator, in USD, for these tokens of it. */
function listPrice(event: UsageEvent, tokens: Parameters<typeof calcPrice>[0]): number {
  const providerId =
    { 'gcp.gemini': 'google', mistral_ai: 'mistral' }[event.model_provider] ?? event.model_provider;
  const price = calcPrice(tokens, event.model_name, { providerId, timestamp: new Date(event.timestamp) });
  if (!price) throw new Error(`No price for ${event.model_name}.`);
  return price.total_price;
}

/**
 * What the events cost, event by event, by the price list's own calculator and three published rules that it does not know
 * (none of the collector's pricing is in it): batch and flex are half of the list price, Google's cached tokens excepted, and
 * Anthropic's one-hour cache write is twice the input price, where its five-minute one is 1.25 times.
 */
function costOf(events: UsageEvent[]): { usd: number; unpriced: number } {
  let [usd, unpriced] = [0, 0];
  for (const event of events) {
    if (event.model_name === UNPRICED_MODEL && !event.cache_hit && event.status === 'success') unpriced += 1;
    if (event.model_name === UNPRICED_MODEL || event.cache_hit || event.input_tokens === undefined) continue;
    const {
      input_tokens,
      output_tokens = 0,
      cache_read_tokens = 0,
      cache_write_5m_tokens = 0,
      cache_write_1h_tokens = 0,
    } = event;
    const list = listPrice(event, {
      input_tokens,
      output_tokens,
      cache_read_tokens,
      cache_write_tokens: cache_write_5m_tokens + cache_write_1h_tokens,
    });
    const oneHour =
      cache_write_1h_tokens > 0
        ? listPrice(event, { input_tokens: cache_write_1h_tokens, output_tokens: 0 }) * 0.75
        : 0;
    const isHalf = event.service_tier === 'batch' || event.service_tier === 'flex';
    const isGoogle = event.model_provider === 'google';
    const undiscounted =
      isHalf && isGoogle
        ? listPrice(event, { input_tokens: cache_read_tokens, output_tokens: 0, cache_read_tokens })
        : 0;
    usd += (list + oneHour - undiscounted) * (isHalf ? 0.5 : 1) + undiscounted;
  }
  return { usd, unpriced };
}

const overviewOf = async (apiKey: string, timeZone: string): Promise<Overview> => {
  const query = new URLSearchParams({
    start_date: '2026-01-01',
    end_date: new Date(NOW_MS + 86_400_000).toISOString().slice(0, 10),
    group_by: 'day',
    timezone: timeZone,
  });
  query.set('start_date', new Date(NOW_MS - (DAYS + 2) * 86_400_000).toISOString().slice(0, 10));
  const answer = await fetch(`${collector.url}/v1/analytics/usage/overview?${query.toString()}`, {
    headers: { 'x-api-key': apiKey },
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Overview;
};

async function expectTotals(): Promise<Overview[]> {
  const overviews: Overview[] = [];
  for (const { name, apiKey } of keys) {
    const events = sent.get(name) ?? [];
    const zone = DEMO_WORKSPACES.find((workspace) => workspace.name === name)?.timeZone ?? 'UTC';
    const totals = totalsOf(events, zone);
    const cost = costOf(events);
    const { summary, time_series, top_prompts } = await overviewOf(apiKey, zone);
    expect(summary).toMatchObject({
      total_requests: totals.requests, successful_requests: totals.successes, failed_requests: totals.failures, cache_hits: totals.cacheHits,
      total_tokens_used: totals.tokensUsed, total_tokens_requested: totals.tokensRequested, unpriced_requests: cost.unpriced,
    }); // prettier-ignore
    expect(cost.usd).toBeGreaterThan(1);
    // Cent for cent, and far finer: only the float sum of the price list's calculator is inexact.
    expect(Math.abs(Number(summary.total_cost_usd) - cost.usd)).toBeLessThan(1e-6);
    const days = new Map(time_series.map((point) => [point.timestamp.slice(0, 10), point.total_requests]));
    for (const [day, { requests }] of totals.perDay)
      expect({ day, requests: days.get(day) }).toEqual({ day, requests });
    for (const prompt of top_prompts)
      expect(totals.perPrompt.get(prompt.prompt_id ?? '')?.requests).toBe(prompt.total_requests);
    overviews.push({ summary, time_series, top_prompts } as Overview);
  }
  return overviews;
}

test('the demo’s totals are those of an independent sum, before and after a restart and a re-send', async () => {
  const first = await send();
  for (const { name, history } of first.workspaces) {
    expect(history).toMatchObject({
      received: sent.get(name)?.length,
      accepted: sent.get(name)?.length,
      duplicate: 0,
      rejected: 0,
    });
  }
  const before = await expectTotals();

  await collector.end();
  collector = await startCollector({ dataDir: folder.path, apiKey: collector.apiKey });
  expect(await expectTotals()).toEqual(before);

  const again = await send();
  for (const { name, history } of again.workspaces)
    expect(history).toMatchObject({ accepted: 0, duplicate: sent.get(name)?.length });
  expect(await expectTotals()).toEqual(before);
}, 180_000);
