import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPool } from '../database/pool.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { CHECK_EVERY_MS, LivePrices } from './live-prices.ts';
import { bundledProviders, bundledVersion } from './genai-book.ts';
import { importPriceList } from './list-import.ts';
import { bundledBook } from './bundled-book.ts';
import { readPriceBook } from './price-store.ts';
import { createPricer } from './price.ts';
import { request } from './example-requests.ts';
import { matchTexts } from './model-match.ts';
import type { PriceAnswer } from './price-answer.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.close());

type Body = Record<string, unknown>;
const add = (payload: unknown, key?: string) =>
  collector.call({
    method: 'POST',
    url: '/v1/prices',
    payload: payload as Body,
    ...(key !== undefined && { key }),
  });
const end = (id: number, payload?: Body, key?: string) =>
  collector.call({
    method: 'POST',
    url: `/v1/prices/${id}/end`,
    ...(payload && { payload }),
    ...(key !== undefined && { key }),
  });
const get = (url: string, key?: string) =>
  collector.call({ method: 'GET', url, ...(key !== undefined && { key }) });

let tenants = 0;
/** A tenant of its own with an admin key, so that tests do not meet. */
async function tenant(): Promise<{ tenantId: string; key: string }> {
  const tenantId = `prices-${++tenants}`;
  await collector.makeTenant(tenantId);
  return { tenantId, key: await collector.makeKey(tenantId, ['admin']) };
}

async function costOf(key: string, fields: Body): Promise<number | null> {
  const event = testEvent(fields);
  expect((await collector.post(event, { key })).statusCode).toBe(200);
  const { rows } = await collector.pool.query<{ cost_nano_usd: number | null }>(
    'SELECT cost_nano_usd FROM client_usage_logs WHERE event_id = $1',
    [event['event_id']],
  );
  return rows[0]?.cost_nano_usd ?? null;
}

const OWN = {
  model_provider: 'vllm',
  model_name: 'acme-7b',
  input_per_mtok: '0.25',
  output_per_mtok: '1',
  effective_from: null,
};

describe('the price list that a database is set up with', () => {
  test('prices as the installed list does, from its rows', async () => {
    const [stored, bundled] = [
      createPricer(await readPriceBook(collector.pool)),
      createPricer(bundledBook()),
    ];
    let index = 0;
    for (const { id, models } of bundledProviders) {
      for (const model of models) {
        for (const name of matchTexts(model.match)) {
          index += 1;
          for (const tier of [null, 'batch']) {
            const call = request(
              `${id} ${name}`,
              {
                input: index * 97,
                cacheRead: 2003,
                cacheWrite5m: 17,
                cacheWrite1h: 19,
                output: 307,
                reasoning: 101,
              },
              { tier, at: new Date(Date.UTC(2025, 0, 1) + index * 15_654_321).toISOString() },
            );
            const [left, right] = [stored.parts(call), bundled.parts(call)];
            expect({ ...left, priceId: 0 }).toEqual({ ...right, priceId: 0 });
          }
        }
      }
    }
    expect(index).toBeGreaterThan(1700);
  });

  test('is taken in once, however many replicas start at once, and stays at a restart or under an older version', async () => {
    const count = async () =>
      (
        await collector.pool.query<{ rows: number; version: number }>(
          'SELECT count(*)::int AS rows, (SELECT version FROM price_book_state) AS version FROM model_prices',
        )
      ).rows[0];
    const before = await count();
    expect(before?.rows).toBeGreaterThan(1700);
    const results = await Promise.all(
      ['0.0.1', bundledVersion, bundledVersion, '0.0.2'].map((version) =>
        importPriceList(collector.pool, { version, importedBy: 'test' }),
      ),
    );
    expect(results.map(({ isNew }) => isNew)).toEqual([false, false, false, false]);
    expect(await count()).toEqual(before);
  });

  test('of a newer version adds what is new and ends what it replaces, once, and a dry run tells so before', async () => {
    const other = await startTestCollector();
    try {
      const providers = structuredClone(bundledProviders) as (typeof bundledProviders)[number][];
      const openai = providers.find(({ id }) => id === 'openai');
      const model = openai?.models.find(({ id }) => id === 'gpt-4o');
      if (openai === undefined || model === undefined) throw new Error('The list has no gpt-4o.');
      model.prices = { input_mtok: 2, output_mtok: 8, cache_read_mtok: 1 };
      openai.models.unshift({
        id: 'gpt-9',
        match: { equals: 'gpt-9' },
        prices: { input_mtok: 9, output_mtok: 90 },
      });
      const options = { providers, version: '99.0.0', importedBy: 'test', nowMs: Date.UTC(2026, 8, 1) };
      const rows = async () =>
        (await other.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM model_prices')).rows[0]
          ?.count ?? 0;
      const before = await rows();
      // gpt-4o in three tiers ended and added, gpt-9 in three tiers added.
      const dry = await importPriceList(other.pool, { ...options, dryRun: true });
      expect(dry).toMatchObject({ isNew: true, added: 6, ended: 3 });
      expect(await rows()).toBe(before);
      const both = await Promise.all([
        importPriceList(other.pool, options),
        importPriceList(other.pool, options),
      ]);
      expect(both.map(({ isNew }) => isNew).sort()).toEqual([false, true]);
      expect(await rows()).toBe(before + 6);
      const { price } = createPricer(await readPriceBook(other.pool));
      const at = (iso: string) => price(request('openai gpt-4o', { input: 1000 }, { at: iso })).costNanoUsd;
      expect([at('2026-08-31T23:59:59.999Z'), at('2026-09-01T00:00:00Z')]).toEqual([2_500_000, 2_000_000]);
      expect(price(request('openai gpt-9', { input: 1000 })).costNanoUsd).toBe(9_000_000);
    } finally {
      await other.close();
    }
  });

  test('lets nothing of a price be altered but its end, and no price be deleted', async () => {
    const refused = (sql: string) =>
      expect(collector.pool.query(sql)).rejects.toMatchObject({ code: '23001' });
    await refused(`UPDATE model_prices SET input_per_mtok = 1 WHERE list_model_id = 'gpt-4o'`);
    await refused(`UPDATE model_prices SET effective_from = now() WHERE list_model_id = 'gpt-4o'`);
    await refused(`DELETE FROM model_prices WHERE list_model_id = 'gpt-4o'`);
    await collector.makeTenant('prices-goes');
    const key = await collector.makeKey('prices-goes', ['admin']);
    expect((await add(OWN, key)).statusCode).toBe(201);
    await collector.pool.query(`DELETE FROM tenants WHERE tenant_id = 'prices-goes'`);
    const { rows } = await collector.pool.query(`SELECT FROM model_prices WHERE tenant_id = 'prices-goes'`);
    expect(rows).toEqual([]);
  });
});

describe('prices of one’s own', () => {
  test('price a self-hosted model from then on; before, it is unpriced and not free', async () => {
    const { key } = await tenant();
    const call = { model_provider: 'vllm', model_name: 'acme-7b', input_tokens: 1000, output_tokens: 100 };
    expect(await costOf(key, call)).toBeNull();
    expect((await add(OWN, key)).statusCode).toBe(201);
    expect(await costOf(key, call)).toBe(1000 * 250 + 100 * 1000);
  });

  test('of 0 are free, which is a cost of 0 with a price', async () => {
    const { key } = await tenant();
    const { price_id } = (
      await add({ ...OWN, input_per_mtok: 0, output_per_mtok: '0.00' }, key)
    ).json<PriceAnswer>();
    expect(await costOf(key, { model_provider: 'vllm', model_name: 'acme-7b' })).toBe(0);
    const { rows } = await collector.pool.query('SELECT FROM client_usage_logs WHERE price_id = $1', [
      price_id,
    ]);
    expect(rows).toHaveLength(1);
  });

  test('say in full what they charge, with what was left out derived and told', async () => {
    const { key, tenantId } = await tenant();
    const answer = await add(
      {
        ...OWN,
        reasoning_per_mtok: '2.5',
        per_request: '0.000001',
        context_tiers: [{ over_input_tokens: 1000, input_per_mtok: '0.5' }],
        source: 'contract 17',
        version: '3',
        note: 'until summer',
      },
      key,
    );
    expect(answer.statusCode).toBe(201);
    const price = answer.json<PriceAnswer>();
    expect(answer.headers['location']).toBe(`/v1/prices/${price.price_id}`);
    expect(price).toMatchObject({
      kind: 'override', tenant_id: tenantId, model_provider: 'vllm', model_name: 'acme-7b', service_tier: 'standard',
      effective_from: null, effective_to: null, currency: 'USD', input_per_mtok: '0.25', cache_read_per_mtok: '0.25',
      cache_write_5m_per_mtok: '0.25', cache_write_1h_per_mtok: '0.25', output_per_mtok: '1', reasoning_per_mtok: '2.5',
      per_request: '0.000001', source: 'contract 17', version: '3', note: 'until summer', ended_at: null,
      context_tiers: [{ over_input_tokens: 1000, input_per_mtok: '0.5', cache_read_per_mtok: '0.25', output_per_mtok: '1' }],
      price_basis: { cache_read_per_mtok: 'as input_per_mtok', cache_write_1h_per_mtok: 'as input_per_mtok' },
    }); // prettier-ignore
    expect((await get(`/v1/prices/${price.price_id}`, key)).json()).toEqual(price);
    const call = { model_provider: 'vllm', model_name: 'acme-7b' };
    expect(await costOf(key, { ...call, input_tokens: 1000, output_tokens: 100, reasoning_tokens: 40 })).toBe(
      1000 * 250 + 60 * 1000 + 40 * 2500 + 1000,
    );
    expect(await costOf(key, { ...call, input_tokens: 1001, cache_read_tokens: 1, output_tokens: 0 })).toBe(
      1000 * 500 + 1 * 250 + 1000,
    );
  });

  test('hold in the hours of the day that they name', async () => {
    const { key } = await tenant();
    const night = [{ from: '22:00', to: '06:00', input_per_mtok: '0.1' }];
    expect((await add({ ...OWN, daily_windows: night }, key)).statusCode).toBe(201);
    const at = (timestamp: string) =>
      costOf(key, {
        model_provider: 'vllm',
        model_name: 'acme-7b',
        output_tokens: 0,
        input_tokens: 1000,
        timestamp,
      });
    expect(await at('2026-03-10T21:59:59Z')).toBe(250_000);
    expect(await at('2026-03-10T22:00:00Z')).toBe(100_000);
    expect(await at('2026-03-11T05:59:59Z')).toBe(100_000);
    expect(await at('2026-03-11T06:00:00Z')).toBe(250_000);
  });

  test('win by how closely they name the model: exact, longer pattern, discount on the list, list', async () => {
    const { key } = await tenant();
    const cost = () =>
      costOf(key, { model_name: 'gpt-4o-mini-2024-07-18', input_tokens: 1000, output_tokens: 0 });
    const own = (model_name: string, input_per_mtok: string) =>
      add(
        { model_provider: 'OpenAI', model_name, input_per_mtok, output_per_mtok: '1', effective_from: null },
        key,
      );
    expect(await cost()).toBe(150_000);
    expect(
      (
        await add(
          { model_provider: 'openai', model_name: '*', discount_percent: '7.5', effective_from: null },
          key,
        )
      ).statusCode,
    ).toBe(201);
    expect(await cost()).toBe(138_750);
    await add(
      { model_provider: 'openai', model_name: 'gpt-4o*', discount_percent: 20, effective_from: null },
      key,
    );
    expect(await cost()).toBe(120_000);
    await own('*', '9');
    expect(await cost()).toBe(9_000_000);
    await own('gpt-*', '8');
    expect(await cost()).toBe(8_000_000);
    await own('gpt-4o-mini*', '7');
    expect(await cost()).toBe(7_000_000);
    await own('gpt-4o-mini-2024-07-18', '6');
    expect(await cost()).toBe(6_000_000);
  });

  test('of the operator hold for all tenants, below their own and with their discounts taken off', async () => {
    const { key } = await tenant();
    const other = await tenant();
    const model = { model_provider: 'acme-cloud', model_name: 'big' };
    const made = await add({
      ...model,
      input_per_mtok: 10,
      output_per_mtok: 10,
      effective_from: null,
      all_tenants: true,
    });
    expect(made.statusCode).toBe(201);
    expect(made.json()).toMatchObject({ tenant_id: null });
    const cost = (of: string) => costOf(of, { ...model, input_tokens: 100, output_tokens: 0 });
    expect([await cost(key), await cost(other.key)]).toEqual([1_000_000, 1_000_000]);
    await add({ model_provider: '*', model_name: '*', discount_percent: '10', effective_from: null }, key);
    await add({ ...model, input_per_mtok: 1, output_per_mtok: 1, effective_from: null }, other.key);
    expect([await cost(key), await cost(other.key)]).toEqual([900_000, 100_000]);
    const id = made.json<PriceAnswer>().price_id;
    expect((await end(id, undefined, key)).statusCode).toBe(403);
    expect((await end(id)).statusCode).toBe(200);
  });

  test('are for their service tier; a discount is for the list price of any', async () => {
    const { key } = await tenant();
    const cost = (service_tier: string) =>
      costOf(key, { service_tier, input_tokens: 1000, output_tokens: 0 });
    await add({ model_provider: 'openai', model_name: '*', discount_percent: 50, effective_from: null }, key);
    expect([await cost('default'), await cost('batch'), await cost('priority')]).toEqual([
      1_250_000,
      625_000,
      null,
    ]);
    await add(
      {
        model_provider: 'openai',
        model_name: 'gpt-4o',
        input_per_mtok: 2,
        output_per_mtok: 1,
        effective_from: null,
      },
      key,
    );
    expect([await cost('default'), await cost('batch')]).toEqual([2_000_000, 625_000]);
    await add(
      {
        model_provider: 'openai',
        model_name: 'gpt-4o',
        input_per_mtok: 5,
        output_per_mtok: 1,
        effective_from: null,
        service_tier: 'priority',
      },
      key,
    );
    await add(
      {
        model_provider: 'openai',
        model_name: 'gpt-4o',
        input_per_mtok: 3,
        output_per_mtok: 1,
        effective_from: null,
        service_tier: '*',
      },
      key,
    );
    expect([await cost('default'), await cost('batch'), await cost('priority')]).toEqual([
      2_000_000, 3_000_000, 5_000_000,
    ]);
  });

  test('for a provider reach its calls under every name, and through a gateway', async () => {
    const { key } = await tenant();
    await add(
      {
        model_provider: 'bedrock',
        model_name: 'acme.private-v1:0',
        input_per_mtok: 4,
        output_per_mtok: 1,
        effective_from: null,
      },
      key,
    );
    const cost = (model_provider: string, model_name: string) =>
      costOf(key, { model_provider, model_name, input_tokens: 1000, output_tokens: 0 });
    expect(await cost('aws.bedrock', 'acme.private-v1:0')).toBe(4_000_000);
    expect(await cost('litellm', 'bedrock/Acme.Private-v1:0')).toBe(4_000_000);
    expect(await cost('openai', 'acme.private-v1:0')).toBeNull();
  });

  test('are not seen by another tenant, and cannot be ended by one', async () => {
    const [one, two] = [await tenant(), await tenant()];
    const { price_id } = (await add(OWN, one.key)).json<PriceAnswer>();
    expect((await get(`/v1/prices/${price_id}`, two.key)).statusCode).toBe(404);
    expect((await end(price_id, undefined, two.key)).statusCode).toBe(404);
    expect((await get('/v1/prices?own=true', two.key)).json()).toEqual({ prices: [], next_cursor: null });
    expect((await get('/v1/prices?own=true', one.key)).json()).toMatchObject({ prices: [{ price_id }] });
    expect(await costOf(two.key, { model_provider: 'vllm', model_name: 'acme-7b' })).toBeNull();
  });

  test('need an admin key to be changed and a read key to be seen; only the operator changes those for all', async () => {
    const { tenantId, key } = await tenant();
    const read = await collector.makeKey(tenantId, ['read']);
    const ingest = await collector.makeKey(tenantId, ['ingest']);
    expect((await add(OWN, read)).statusCode).toBe(403);
    expect((await get('/v1/prices', read)).statusCode).toBe(200);
    expect((await get('/v1/prices', ingest)).statusCode).toBe(403);
    expect((await add({ ...OWN, all_tenants: true }, key)).statusCode).toBe(403);
    const rows = [OWN, { ...OWN, model_name: 'b', all_tenants: true }];
    const imported = await collector.call({ method: 'POST', url: '/v1/prices/import', payload: rows, key });
    expect(imported.statusCode).toBe(403);
  });

  test('end when told, are then not priced by, and are never moved later', async () => {
    const { key } = await tenant();
    const { price_id } = (await add(OWN, key)).json<PriceAnswer>();
    const at = (timestamp: string) =>
      costOf(key, { model_provider: 'vllm', model_name: 'acme-7b', timestamp });
    const ended = await end(price_id, { effective_to: '2026-03-10T12:00:00Z' }, key);
    expect(ended.json()).toMatchObject({
      effective_to: '2026-03-10T12:00:00.000Z',
      ended_by: key.slice(3, 11),
    });
    expect(await at('2026-03-10T11:59:59.999Z')).not.toBeNull();
    expect(await at('2026-03-10T12:00:00Z')).toBeNull();
    const later = await end(price_id, { effective_to: '2027-01-01' }, key);
    expect(later.statusCode).toBe(409);
    expect(later.json<{ detail: string }>().detail).toContain('2026-03-10T12:00:00.000Z');
    expect(
      (await add({ ...OWN, effective_from: '2026-03-10T12:00:00Z', input_per_mtok: 3 }, key)).statusCode,
    ).toBe(201);
    expect(await at('2026-03-10T12:00:00Z')).toBe(1000 * 3000 + 100 * 1000);
  });

  test('of the public list are not ended by hand', async () => {
    const { prices } = (await get('/v1/prices?provider=openai&model=gpt-4o')).json<{
      prices: PriceAnswer[];
    }>();
    const answer = await end(prices[0]?.price_id ?? 0);
    expect(answer.statusCode).toBe(409);
    expect(answer.json<{ detail: string }>().detail).toContain('Add a price of your own');
  });

  test('that overlap another as close are refused by its id', async () => {
    const { key } = await tenant();
    const { price_id } = (
      await add({ ...OWN, effective_from: '2026-01-01', effective_to: '2026-07-01' }, key)
    ).json<PriceAnswer>();
    for (const span of [
      {},
      { effective_from: '2026-06-30T23:59:59Z' },
      { effective_from: null, effective_to: '2026-01-02' },
    ]) {
      const answer = await add(
        { ...OWN, ...span, ...(!('effective_from' in span) && { effective_from: '2026-03-01' }) },
        key,
      );
      expect(answer.statusCode).toBe(409);
      expect(answer.json()).toMatchObject({
        overlapping_price_id: price_id,
        type: 'urn:promptops:problem:conflict',
      });
    }
    expect((await add({ ...OWN, effective_from: '2026-07-01' }, key)).statusCode).toBe(201);
    expect((await add({ ...OWN, effective_from: null, effective_to: '2026-01-01' }, key)).statusCode).toBe(
      201,
    );
    expect((await add({ ...OWN, model_name: 'acme-*', effective_from: null }, key)).statusCode).toBe(201);
    // As many fixed characters, and a name that both match.
    expect((await add({ ...OWN, model_name: '*7b-met', effective_from: null }, key)).statusCode).toBe(201);
    expect((await add({ ...OWN, model_name: 'a*cme-', effective_from: null }, key)).statusCode).toBe(409);
  });

  test('added by many at once are still one', async () => {
    const { key } = await tenant();
    const answers = await Promise.all(Array.from({ length: 6 }, () => add(OWN, key)));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });

  test.each([
    ['no price at all', { model_provider: 'a', model_name: 'b' }, 'input_per_mtok'],
    ['no word on output', { model_provider: 'a', model_name: 'b', input_per_mtok: 1 }, 'output_per_mtok'],
    ['a negative price', { ...OWN, input_per_mtok: '-1' }, 'input_per_mtok'],
    ['a price that is no number', { ...OWN, output_per_mtok: '1,5' }, 'output_per_mtok'],
    ['more decimals than are kept', { ...OWN, output_per_mtok: '0.0000000000001' }, 'output_per_mtok'],
    ['an absurd price', { ...OWN, input_per_mtok: '1000001' }, 'input_per_mtok'],
    ['prices beside a discount', { ...OWN, discount_percent: 5 }, 'input_per_mtok'],
    [
      'a discount of nothing',
      { model_provider: 'a', model_name: 'b', discount_percent: '0' },
      'discount_percent',
    ],
    [
      'a discount of more than all',
      { model_provider: 'a', model_name: 'b', discount_percent: 101 },
      'discount_percent',
    ],
    [
      'an end before the beginning',
      { ...OWN, effective_from: '2026-02-01', effective_to: '2026-01-01' },
      'effective_to',
    ],
    ['a time without an offset', { ...OWN, effective_from: '2026-02-01T00:00:00' }, 'effective_from'],
    ['a pattern of stars', { ...OWN, model_name: '*a*a*a*a*a*a*a*a*' }, 'model_name'],
    ['part of a provider', { ...OWN, model_provider: 'open*' }, 'model_provider'],
    ['another currency without a rate', { ...OWN, currency: 'EUR' }, 'currency'],
    ['an unknown field', { ...OWN, input_price: 1 }, 'input_price'],
    [
      'context tiers that do not rise',
      { ...OWN, context_tiers: [{ over_input_tokens: 5 }, { over_input_tokens: 5 }] },
      'context_tiers.1.over_input_tokens',
    ],
  ])('with %s are refused by the field', async (_name, input, field) => {
    const answer = await add(input);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ errors: [{ field }] });
  });

  test('in another currency are converted once, at the rate stated', async () => {
    const { key } = await tenant();
    const answer = await add({ ...OWN, currency: 'EUR', usd_rate: '1.08', note: 'bill of May' }, key);
    expect(answer.json()).toMatchObject({
      currency: 'USD',
      input_per_mtok: '0.27',
      output_per_mtok: '1.08',
      note: 'bill of May Converted from EUR at 1.08 USD.',
    });
  });
});

describe('the price book', () => {
  test('is listed in pages, each price once, and filtered', async () => {
    const { key } = await tenant();
    const seen = new Set<number>();
    let url: string | null = '/v1/prices?provider=openai&limit=100';
    for (let pages = 0; url !== null; pages++) {
      expect(pages).toBeLessThan(20);
      const page: { prices: PriceAnswer[]; next_cursor: string | null } = (await get(url, key)).json();
      for (const { price_id, model_provider } of page.prices) {
        expect(model_provider).toBe('openai');
        expect(seen.has(price_id)).toBe(false);
        seen.add(price_id);
      }
      url =
        page.next_cursor === null ? null : `/v1/prices?provider=openai&limit=100&cursor=${page.next_cursor}`;
    }
    const { rows } = await collector.pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM model_prices WHERE provider_id = 'openai' AND tenant_id IS NULL`,
    );
    expect(seen.size).toBe(rows[0]?.count);
    const o3 = (await get('/v1/prices?provider=openai&model=o3&at=2025-06-09', key)).json<{
      prices: PriceAnswer[];
    }>();
    expect(o3.prices.map(({ service_tier, input_per_mtok }) => [service_tier, input_per_mtok])).toEqual([
      ['standard', '10'],
      ['batch', '5'],
      ['flex', '5'],
    ]);
  });

  test('says which price a call would get and why', async () => {
    const { key } = await tenant();
    const resolve = async (query: string) => (await get(`/v1/prices/resolve?${query}`, key)).json<{
      price: PriceAnswer | null; discount: PriceAnswer | null; why: string; unpriced_reason: string | null; what_to_do: string | null; also_matching: unknown[];
    }>(); // prettier-ignore
    const list = await resolve('provider=openai&model=o3&at=2025-06-10&service_tier=batch');
    expect(list.price).toMatchObject({
      kind: 'list',
      input_per_mtok: '1',
      service_tier: 'batch',
      version: expect.stringMatching(/#openai\/o3@2025-06-10\+batch$/),
    });
    expect(list.why).toContain('openai/o3');
    await add(
      { model_provider: 'openai', model_name: 'o*', discount_percent: '10', effective_from: null },
      key,
    );
    const discounted = await resolve('provider=openai&model=o3');
    expect(discounted).toMatchObject({ price: { kind: 'list' }, discount: { discount_percent: '10' } });
    expect(discounted.why).toContain('Less 10 %');
    await add(
      {
        model_provider: 'openai',
        model_name: 'o3',
        input_per_mtok: 1,
        output_per_mtok: 1,
        effective_from: '2026-01-01',
      },
      key,
    );
    const own = await resolve('provider=openai&model=o3&at=2026-02-01');
    expect(own).toMatchObject({
      price: { kind: 'override' },
      discount: null,
      also_matching: expect.arrayContaining([expect.objectContaining({ kind: 'list', in_force: true })]),
    });
    expect(own.why).toContain('A price of your own, for the exact model name "o3"');
    expect(await resolve('provider=ollama&model=llama')).toMatchObject({
      price: null,
      unpriced_reason: 'self_hosted',
      what_to_do: expect.stringContaining('Add a price'),
    });
  });

  test('reaches the pricing of every replica within seconds', async () => {
    const { tenantId, key } = await tenant();
    const replica = createPool({
      connectionString: collector.connectionString,
      max: 2,
      applicationName: 'replica',
    });
    const prices = await LivePrices.open(replica, { warn: () => undefined });
    prices.start(20);
    try {
      const call = { ...request('vllm acme-7b', { input: 1000 }), tenantId };
      expect(prices.price(call)).toEqual({ costNanoUsd: null, reason: 'self_hosted' });
      await add(OWN, key);
      const deadline = Date.now() + 5_000;
      while (prices.price(call).costNanoUsd === null && Date.now() < deadline) await prices.refresh();
      expect(prices.price(call)).toMatchObject({ costNanoUsd: 250_000 });
      expect(CHECK_EVERY_MS).toBeLessThanOrEqual(2_000);
      const { book } = prices.current;
      await prices.refresh();
      expect(prices.current.book).toBe(book); // not read again without a change
    } finally {
      await prices.stop();
      await replica.end();
    }
  });

  test('in memory goes on pricing while the database is away, and says so once', async () => {
    const replica = createPool({
      connectionString: collector.connectionString,
      max: 2,
      applicationName: 'replica',
    });
    const warnings: string[] = [];
    const prices = await LivePrices.open(replica, { warn: (_fields, message) => warnings.push(message) });
    await replica.end();
    prices.start(5);
    try {
      const deadline = Date.now() + 5_000;
      while (warnings.length === 0 && Date.now() < deadline) await new Promise((next) => setImmediate(next));
      await expect(prices.refresh()).rejects.toThrow();
      expect(prices.price(request('openai gpt-4o', { input: 1000 }))).toMatchObject({
        costNanoUsd: 2_500_000,
      });
      expect(warnings).toEqual([expect.stringContaining('price book cannot be read')]);
    } finally {
      await prices.stop();
    }
  });
});

describe('an import of prices', () => {
  const post = (payload: string | unknown[], key: string, query = '') =>
    collector.call({
      method: 'POST',
      url: `/v1/prices/import${query}`,
      payload: payload,
      key,
      headers: { 'content-type': typeof payload === 'string' ? 'text/csv' : 'application/json' },
    });
  const own = async (key: string) =>
    (await get('/v1/prices?own=true', key)).json<{ prices: PriceAnswer[] }>().prices;

  test('takes JSON and CSV alike', async () => {
    const [json, csv] = [await tenant(), await tenant()];
    const rows = [
      {
        ...OWN,
        effective_from: '2026-01-01',
        note: 'with "quotes", commas\nand lines',
        context_tiers: [{ over_input_tokens: 10, input_per_mtok: '1' }],
      },
      { model_provider: 'openai', model_name: '*', discount_percent: '12.5', effective_from: '2026-01-01' },
      {
        model_provider: 'openai',
        model_name: 'emb-*',
        input_per_mtok: '0.02',
        output_per_mtok: null,
        effective_from: '2026-01-01',
      },
    ];
    expect((await post(rows, json.key)).json()).toMatchObject({ dry_run: false, rows: 3, added: 3 });
    const text =
      'model_provider,model_name,input_per_mtok,output_per_mtok,discount_percent,effective_from,note,context_tiers\r\n' +
      'vllm,acme-7b,0.25,1,,2026-01-01,"with ""quotes"", commas\nand lines","[{""over_input_tokens"": 10, ""input_per_mtok"": ""1""}]"\r\n' +
      '\r\nopenai,*,,,12.5,2026-01-01,,\nopenai,emb-*,0.02,null,,2026-01-01,,\n';
    expect((await post(text, csv.key)).json()).toMatchObject({ rows: 3, added: 3 });
    const bare = (prices: PriceAnswer[]) =>
      prices.map(({ price_id: _, tenant_id: __, created_at: ___, created_by: ____, ...rest }) => rest);
    expect(bare(await own(csv.key))).toEqual(bare(await own(json.key)));
  });

  test('adds nothing when one row is wrong, and says what is wrong with each', async () => {
    const { key } = await tenant();
    const { price_id } = (await add(OWN, key)).json<PriceAnswer>();
    const rows = [
      { ...OWN, model_name: 'fine' },
      { ...OWN, model_name: 'x', output_per_mtok: 'much' },
      { model_name: 'y' },
      { ...OWN, colour: 'red' },
      OWN,
      { ...OWN, model_name: 'fine' },
      'no object',
    ];
    const answer = await post(rows, key);
    expect(answer.statusCode).toBe(400);
    const { errors } = answer.json<{ errors: { row: number; field: string }[] }>();
    expect(errors.map(({ row, field }) => [row, field])).toEqual([
      [2, 'output_per_mtok'],
      [3, 'model_provider'],
      [4, 'colour'],
      [5, 'model_name'],
      [6, 'model_name'],
      [7, 'row'],
    ]);
    expect(errors[3]).toMatchObject({ price_id });
    expect(errors[4]).toMatchObject({ other_row: 1 });
    expect(await own(key)).toHaveLength(1);
    expect((await post([OWN], key)).statusCode).toBe(409);
  });

  test('can be tried first', async () => {
    const { key } = await tenant();
    expect((await post([OWN], key, '?dry_run=true')).json()).toEqual({
      dry_run: true,
      rows: 1,
      added: 0,
      price_ids: [],
    });
    expect((await post([OWN, OWN], key, '?dry_run=true')).statusCode).toBe(409);
    expect(await own(key)).toEqual([]);
  });

  test.each([
    ['an unknown column', 'model_provider,price\na,1\n'],
    ['a row too short', 'model_provider,model_name\na\n'],
    ['an open quote', 'model_provider,model_name\n"a,b\n'],
    ['nothing in it', 'model_provider,model_name\n'],
  ])('with %s is refused', async (_name, text) => {
    const answer = await post(text, collector.apiKey);
    expect(answer.statusCode).toBe(400);
  });
});
