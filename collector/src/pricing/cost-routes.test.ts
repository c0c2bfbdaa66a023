import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { parseDecimal, USD_DECIMALS } from './decimal.ts';
import type { CostExplanation } from './explain.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.close());

let tenants = 0;
async function tenant(): Promise<string> {
  const tenantId = `cost-${++tenants}`;
  await collector.makeTenant(tenantId);
  return collector.makeKey(tenantId, ['admin']);
}

const url = (id: unknown): string => `/v1/analytics/usage/events/${encodeURIComponent(String(id))}/cost`;

async function post(key: string, fields: Record<string, unknown>): Promise<Record<string, unknown>> {
  const event = testEvent(fields);
  const answer = await collector.post(event, { key });
  expect(answer.json()).toMatchObject({ accepted: 1 });
  return event;
}

async function explain(key: string, fields: Record<string, unknown>): Promise<CostExplanation> {
  const event = await post(key, fields);
  const answer = await collector.call({ method: 'GET', url: url(event['event_id']), key });
  expect(answer.statusCode).toBe(200);
  return answer.json<CostExplanation>();
}

const add = (key: string, payload: Record<string, unknown>) =>
  collector.call({ method: 'POST', url: '/v1/prices', payload: { effective_from: null, ...payload }, key });

describe('the explanation of a cost', () => {
  test('shows each kind of token x its price = its part, which price it was and why', async () => {
    const told = await explain(await tenant(), {
      model_provider: 'anthropic', model_name: 'claude-sonnet-4-5-20250929', service_tier: 'batch', timestamp: '2026-03-10T12:00:00.5Z',
      input_tokens: 13_100, cache_read_tokens: 10_000, cache_write_5m_tokens: 2000, cache_write_1h_tokens: 1000,
      output_tokens: 500, reasoning_tokens: 200, cost_usd: '0.02',
    }); // prettier-ignore
    expect(told).toMatchObject({
      service_tier: 'batch', timestamp: '2026-03-10T12:00:00.500Z',
      tokens: { input: 100, cache_read: 10_000, cache_write_5m: 2000, cache_write_1h: 1000, output: 500, reasoning: 200 },
      parts: [
        { kind: 'input', quantity: 100, unit_price_usd: '1.5', cost_usd: '0.00015', basis: '1/2 x input_mtok (batch)' },
        { kind: 'cache_read', quantity: 10_000, unit_price_usd: '0.15', cost_usd: '0.0015' },
        { kind: 'cache_write_5m', quantity: 2000, unit_price_usd: '1.875', cost_usd: '0.00375' },
        { kind: 'cache_write_1h', quantity: 1000, unit_price_usd: '3', cost_usd: '0.003' },
        { kind: 'output', quantity: 500, unit_price_usd: '7.5', cost_usd: '0.00375' },
      ],
      exact_cost_usd: '0.01215', cost_usd: '0.01215', is_explained: true, over_input_tokens: null, daily_window: null, unpriced: null,
      reported_cost_usd: '0.02', reported_difference_usd: '0.00785',
      price: { kind: 'list', source: 'genai-prices', service_tier: 'batch', model_provider: 'anthropic' },
      today: { cost_usd: '0.01215', difference_usd: '0', is_same: true },
    }); // prettier-ignore
    expect(told.price?.version).toMatch(/#anthropic\/claude-sonnet-4-5\+batch$/);
    expect(told.today.price_id).toBe(told.price?.price_id);
    expect(told.why).toContain('The list price of anthropic/claude-sonnet-4-5');
  });

  test('shows the context tier, the hours and the rounding', async () => {
    const key = await tenant();
    const tier = await explain(key, {
      model_provider: 'anthropic',
      model_name: 'claude-sonnet-4-5',
      input_tokens: 200_001,
      output_tokens: 0,
    });
    expect(tier).toMatchObject({ over_input_tokens: 200_000, parts: [{ unit_price_usd: '6' }] });
    const night = {
      model_provider: 'deepseek',
      model_name: 'deepseek-chat',
      timestamp: '2026-03-10T01:00:00Z',
    };
    const hours = await explain(key, { ...night, input_tokens: 1, cache_read_tokens: 1, output_tokens: 0 });
    expect(hours).toMatchObject({ daily_window: '00:30-16:30Z' });
    expect(hours.why).toContain('00:30-16:30Z');
    const odd = { model_provider: 'vllm', model_name: 'odd', input_per_mtok: '0.0005', output_per_mtok: 0 };
    expect((await add(key, odd)).statusCode).toBe(201);
    const rounded = await explain(key, {
      model_provider: 'vllm',
      model_name: 'odd',
      input_tokens: 1,
      output_tokens: 5,
    });
    expect(rounded).toMatchObject({
      exact_cost_usd: '0.0000000005',
      cost_usd: '0.000000001',
      is_explained: true,
    });
  });

  test('shows a discount and what it was taken off', async () => {
    const key = await tenant();
    await add(key, {
      model_provider: 'openai',
      model_name: '*',
      discount_percent: '12.5',
      source: 'contract 4',
    });
    const told = await explain(key, { input_tokens: 1000, output_tokens: 100 });
    expect(told).toMatchObject({
      cost_usd: '0.0030625',
      is_explained: true,
      parts: [
        { kind: 'input', unit_price_usd: '2.1875', basis: 'input_mtok less 12.5 %' },
        { kind: 'output', unit_price_usd: '8.75' },
      ],
      price: { kind: 'list', input_per_mtok: '2.5' },
      discount: { discount_percent: '12.5', source: 'contract 4' },
    });
    expect(told.why).toContain('Less 12.5 % by your discount');
  });

  test('stays with the price that made the cost when the book has changed, and tells what it says today', async () => {
    const key = await tenant();
    const event = await post(key, { input_tokens: 1000, output_tokens: 0 });
    const read = async () =>
      (await collector.call({ method: 'GET', url: url(event['event_id']), key })).json<CostExplanation>();
    const before = await read();
    const own = { model_provider: 'openai', model_name: 'gpt-4o', input_per_mtok: '2', output_per_mtok: '8' };
    const { price_id } = (await add(key, own)).json<{ price_id: number }>();
    const after = await read();
    expect(after).toMatchObject({
      cost_usd: '0.0025',
      price: { price_id: before.price?.price_id },
      parts: before.parts,
      is_explained: true,
      today: { cost_usd: '0.002', price_id, difference_usd: '-0.0005', is_same: false },
    });
    expect(after.why).toContain('the book has changed since');
    await collector.call({
      method: 'POST',
      url: `/v1/prices/${price_id}/end`,
      payload: { effective_to: '2020-01-01' },
      key,
    });
    expect(await read()).toEqual(before);
  });

  test('of a call without a price says why there is none and what to do', async () => {
    const key = await tenant();
    const model = { model_provider: 'vllm', model_name: 'acme-7b' };
    const event = await post(key, model);
    const read = async () =>
      (await collector.call({ method: 'GET', url: url(event['event_id']), key })).json<CostExplanation>();
    expect(await read()).toMatchObject({
      cost_usd: null, exact_cost_usd: null, price: null, parts: [], reported_difference_usd: null,
      unpriced: { reason: 'self_hosted', what_to_do: expect.stringContaining('Add a price') },
      today: { cost_usd: null, is_same: true },
    }); // prettier-ignore
    await add(key, { ...model, input_per_mtok: 1, output_per_mtok: 1 });
    expect(await read()).toMatchObject({
      cost_usd: null,
      unpriced: { reason: 'has_price_now', what_to_do: expect.stringContaining('Reprice') },
      today: { cost_usd: '0.0011', is_same: false },
    });
    const silent = await explain(key, { input_tokens: undefined, output_tokens: undefined });
    expect(silent).toMatchObject({ unpriced: { reason: 'no_token_counts' } });
  });

  test('of a cost of 0 by a rule says which', async () => {
    const key = await tenant();
    const cached = await explain(key, { cache_hit: true });
    expect(cached).toMatchObject({
      cost_usd: '0',
      exact_cost_usd: '0',
      is_explained: true,
      price: { kind: 'rule', source: 'response-cache' },
      unpriced: null,
    });
    expect(cached.why).toContain('response cache');
    const failed = await explain(key, {
      status_code: 500,
      error_type: 'x',
      input_tokens: undefined,
      output_tokens: undefined,
    });
    expect(failed).toMatchObject({ cost_usd: '0', price: { source: 'failed-without-usage' } });
  });

  test('is found by any form of id, and is not shown to another tenant', async () => {
    const [key, other] = [await tenant(), await tenant()];
    for (const event_id of ['0193b7a0-5c1e-7d43-9a55-0f1b3c7d2e99', 'a/b c?ü', 'chatcmpl-9'])
      expect(await explain(key, { event_id })).toMatchObject({ event_id });
    const answer = await collector.call({ method: 'GET', url: url('chatcmpl-9'), key: other });
    expect(answer.statusCode).toBe(404);
    expect((await collector.call({ method: 'GET', url: url('nobody'), key })).statusCode).toBe(404);
  });

  test('of an event that was sent without an id is found by its time', async () => {
    const key = await tenant();
    const timestamp = '2026-03-10T09:08:07.123456Z';
    await post(key, { event_id: undefined, timestamp });
    const { rows } = await collector.pool.query<{ event_id: string }>(
      'SELECT event_id FROM client_usage_logs WHERE "timestamp" = $1',
      [timestamp],
    );
    const path = url(rows[0]?.event_id);
    expect((await collector.call({ method: 'GET', url: path, key })).statusCode).toBe(404);
    const answer = await collector.call({
      method: 'GET',
      url: `${path}?timestamp=2026-03-10T09:08:07.123Z`,
      key,
    });
    expect(answer.json()).toMatchObject({ cost_usd: '0.0035' });
  });

  test('comes for any call to the stored cost: the parts sum to the whole, and order and batching do not matter', async () => {
    const key = await tenant();
    await add(key, { model_provider: 'openai', model_name: 'gpt-4o*', discount_percent: '3.3333' });
    await add(key, {
      model_provider: 'vllm',
      model_name: '*',
      input_per_mtok: '0.0123456789',
      output_per_mtok: '0.7',
      reasoning_per_mtok: '1.1',
      per_request: '0.00001',
    });
    const models = [
      ['openai', 'gpt-4o'],
      ['openai', 'gpt-4o-mini'],
      ['openai', 'o3'],
      ['anthropic', 'claude-sonnet-4-5'],
      ['aws.bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
      ['azure', 'gpt-4.1'],
      ['google', 'gemini-2.5-pro'],
      ['mistral', 'mistral-large-latest'],
      ['deepseek', 'deepseek-chat'],
      ['vllm', 'any'],
    ] as const;
    const event = fc
      .record({
        model: fc.constantFrom(...models),
        service_tier: fc.constantFrom(null, 'batch'),
        timestamp: fc.date({ min: new Date('2025-06-01'), max: new Date('2026-06-01'), noInvalidDate: true }),
        uncached: fc.nat(300_000),
        cache_read_tokens: fc.nat(300_000),
        cache_write_5m_tokens: fc.nat(5000),
        cache_write_1h_tokens: fc.nat(5000),
        output_tokens: fc.nat(5000),
        share: fc.nat(100),
      })
      .map(({ model: [model_provider, model_name], timestamp, uncached, share, ...rest }) => ({
        ...rest,
        model_provider,
        model_name,
        timestamp: timestamp.toISOString(),
        input_tokens:
          uncached + rest.cache_read_tokens + rest.cache_write_5m_tokens + rest.cache_write_1h_tokens,
        reasoning_tokens: Math.floor((rest.output_tokens * share) / 100),
      }));
    let priced = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 8 }), async (bodies) => {
        const [inOne, alone] = [bodies.map((body) => testEvent(body)), bodies.map((body) => testEvent(body))];
        await collector.post(inOne, { key });
        for (const each of alone.toReversed()) await collector.post(each, { key });
        for (const [index, each] of inOne.entries()) {
          const read = async (id: unknown) =>
            (await collector.call({ method: 'GET', url: url(id), key })).json<CostExplanation>();
          const told = await read(each['event_id']);
          const other = await read(alone[index]?.['event_id']);
          expect({ ...other, event_id: '' }).toEqual({ ...told, event_id: '' });
          expect(told.is_explained).toBe(true);
          expect(told.today.is_same).toBe(true);
          if (told.cost_usd === null) continue;
          priced++;
          const atto = (text: string | null): bigint => parseDecimal(text ?? '', USD_DECIMALS);
          const sum = told.parts.reduce((total, part) => total + atto(part.cost_usd), 0n);
          expect(sum).toBe(atto(told.exact_cost_usd));
          const rest = sum - atto(told.cost_usd);
          expect(rest >= -500_000_000n && rest < 500_000_000n).toBe(true);
        }
      }),
      { numRuns: 8 },
    );
    expect(priced).toBeGreaterThan(5);
  });
});

describe('the pains of the field', () => {
  test('field-pain 1: cached tokens are billed once, at their own price, whether a source counts them into its input or not', async () => {
    const key = await tenant();
    // OpenAI and Gemini report input with the cached tokens in it.
    expect(
      await explain(key, { input_tokens: 10_000, cache_read_tokens: 8000, output_tokens: 0 }),
    ).toMatchObject({
      tokens: { input: 2000, cache_read: 8000 },
      cost_usd: '0.015', // 2,000 x $2.50 + 8,000 x $1.25, not 10,000 x $2.50 + 8,000 x $1.25
    });
    // Anthropic's own usage has them beside it: fewer input than cached tokens cannot include them.
    const beside = await explain(key, {
      model_provider: 'anthropic', model_name: 'claude-sonnet-4-5', input_tokens: 100, cache_read_tokens: 8000, cache_write_5m_tokens: 400, output_tokens: 0,
    }); // prettier-ignore
    expect(beside).toMatchObject({
      tokens: { input: 100, cache_read: 8000, cache_write_5m: 400 },
      cost_usd: '0.0042', // 100 x $3 + 8,000 x $0.30 + 400 x $3.75
    });
  });

  test('field-pain 2: reasoning is a part of the output and billed once, apart only where it has a price of its own', async () => {
    const key = await tenant();
    const usage = { input_tokens: 0, output_tokens: 5000, reasoning_tokens: 3000 };
    const within = await explain(key, { ...usage, model_name: 'o3' });
    expect(within.parts).toMatchObject([{ kind: 'output', quantity: 5000 }]);
    expect(within.cost_usd).toBe('0.04'); // 5,000 x $8
    const apart = await explain(key, {
      ...usage,
      model_provider: 'perplexity',
      model_name: 'sonar-deep-research',
    });
    expect(apart.parts).toMatchObject([
      { kind: 'output', quantity: 2000, unit_price_usd: '8' },
      { kind: 'reasoning', quantity: 3000, unit_price_usd: '3' },
    ]);
    expect(apart.cost_usd).toBe('0.025');
  });

  test('field-pain 3: a model without a price has no cost, is counted as unpriced, and is free only by a price of 0', async () => {
    const key = await tenant();
    const model = {
      model_provider: 'openai',
      model_name: 'gpt-99-preview',
      timestamp: '2026-03-11T12:00:00Z',
    };
    expect(await explain(key, model)).toMatchObject({
      cost_usd: null,
      unpriced: { reason: 'unknown_provider_or_model' },
    });
    await collector.complete();
    const overview = await collector.call({
      method: 'GET',
      url: '/v1/analytics/usage/overview?start_date=2026-03-11&end_date=2026-03-11',
      key,
    });
    expect(overview.json()).toMatchObject({ summary: { unpriced_requests: 1 } });
    await add(key, { ...model, timestamp: undefined, input_per_mtok: 0, output_per_mtok: 0 });
    expect(await explain(key, model)).toMatchObject({
      cost_usd: '0',
      price: { kind: 'override' },
      unpriced: null,
    });
  });

  test('field-pain 4: a call costs what was in force when it started, told late or after a price change, and keeps which price', async () => {
    const key = await tenant();
    const o3 = { model_name: 'o3', input_tokens: 1000, output_tokens: 0 };
    const old = await explain(key, { ...o3, timestamp: '2025-06-09T23:59:59.999Z' });
    const now = await explain(key, { ...o3, timestamp: '2025-06-10T00:00:00Z' });
    expect([old.cost_usd, now.cost_usd]).toEqual(['0.01', '0.002']);
    expect(old.price).toMatchObject({ effective_from: null, effective_to: '2025-06-10T00:00:00.000Z' });
    expect(now.price).toMatchObject({ effective_from: '2025-06-10T00:00:00.000Z', effective_to: null });
    const own = { model_provider: 'openai', model_name: 'o3', input_per_mtok: '1', output_per_mtok: '4' };
    await add(key, { ...own, effective_from: '2026-02-01' });
    const costs = [];
    for (const timestamp of ['2026-01-31T23:59:59.999Z', '2026-02-01T00:00:00Z'])
      costs.push((await explain(key, { ...o3, timestamp })).cost_usd);
    expect(costs).toEqual(['0.002', '0.001']);
  });
});
