import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { allows, generateApiKey, hashApiKey, keyIdOf, matchesHash } from './api-key.ts';
import { KEY_CACHE_MS } from './credential-cache.ts';

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.close());

const OVERVIEW = '/v1/analytics/usage/overview?start_date=2026-03-10&end_date=2026-03-10';
const get = (url: string, key: string) => collector.call({ method: 'GET', url, key });

describe('API keys', () => {
  test('look as documented and are stored as their SHA-256 only', async () => {
    const key = generateApiKey();
    expect(key).toMatch(/^po_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/);
    expect(keyIdOf(key)).toBe(key.slice(3, 11));
    expect(matchesHash(key, hashApiKey(key))).toBe(true);
    expect(matchesHash(`${key.slice(0, -1)}!`, hashApiKey(key))).toBe(false);
    const { rows } = await collector.pool.query<{ text: string }>(`SELECT k::text AS text FROM api_keys k`);
    for (const { text } of rows) expect(text).not.toContain(collector.apiKey.slice(12));
  });

  test('are taken as Bearer and as X-API-Key', async () => {
    const bearer = await collector.app.inject({
      url: OVERVIEW,
      headers: { authorization: `bearer ${collector.apiKey}` },
    });
    const header = await collector.app.inject({ url: OVERVIEW, headers: { 'x-api-key': collector.apiKey } });
    expect([bearer.statusCode, header.statusCode]).toEqual([200, 200]);
  });

  test.each([
    ['none', ''],
    ['nonsense', 'Bearer x'],
    ['a right id with a wrong secret', 'Bearer RIGHT_ID'],
    ['a very long one', `Bearer ${'x'.repeat(5000)}`],
    ['another scheme', 'Basic cG86cG8='],
  ])('%s is answered 401 and says how', async (_name, authorization) => {
    const value = authorization.replace('RIGHT_ID', `${collector.apiKey.slice(0, 12)}${'0'.repeat(43)}`);
    const answer = await collector.app.inject({
      url: OVERVIEW,
      headers: value ? { authorization: value } : {},
    });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('Bearer');
    expect(answer.json()).toMatchObject({ type: 'urn:promptops:problem:unauthorized' });
  });

  test('may do what their scopes say', async () => {
    const ingest = await collector.makeKey('default', ['ingest']);
    const read = await collector.makeKey('default', ['read']);
    const metrics = await collector.makeKey('default', ['metrics']);
    const statuses = async (key: string) => [
      (await collector.post(testEvent(), { key })).statusCode,
      (await get(OVERVIEW, key)).statusCode,
      (await get('/v1/admin/api-keys', key)).statusCode,
      (await get('/metrics', key)).statusCode,
    ];
    expect(await statuses(ingest)).toEqual([200, 403, 403, 403]);
    expect(await statuses(read)).toEqual([403, 200, 403, 403]);
    expect(await statuses(metrics)).toEqual([403, 403, 403, 200]);
    expect(await statuses(collector.apiKey)).toEqual([200, 200, 200, 200]);
    expect(allows(['read'], 'admin')).toBe(false);
  });

  test('end when they expire', async () => {
    const key = await collector.makeKey('default', ['read'], new Date(Date.now() - 1000));
    expect((await get(OVERVIEW, key)).statusCode).toBe(401);
  });

  test('are made, listed without their text, and stop at once when revoked', async () => {
    const made = await collector.call({
      method: 'POST',
      url: '/v1/admin/api-keys',
      payload: { name: 'dashboards', scopes: ['read'] },
    });
    expect(made.statusCode).toBe(201);
    const { api_key: key, key_id } = made.json<{ api_key: string; key_id: string }>();
    expect((await get(OVERVIEW, key)).statusCode).toBe(200);
    expect((await get('/v1/admin/api-keys', collector.apiKey)).body).not.toContain(key.slice(12));
    const revoked = await collector.call({ method: 'DELETE', url: `/v1/admin/api-keys/${key_id}` });
    expect(revoked.statusCode).toBe(204);
    expect((await get(OVERVIEW, key)).statusCode).toBe(401);
  });

  test('revoked by another replica stop within the cache time', async () => {
    expect(KEY_CACHE_MS).toBeLessThanOrEqual(5_000);
    const key = await collector.makeKey('default', ['read']);
    expect((await get(OVERVIEW, key)).statusCode).toBe(200);
    await collector.pool.query('UPDATE api_keys SET revoked_at = now() WHERE key_id = $1', [keyIdOf(key)]);
    const deadline = performance.now() + KEY_CACHE_MS + 2_000;
    let status = 200;
    while (status === 200 && performance.now() < deadline) status = (await get(OVERVIEW, key)).statusCode;
    expect(status).toBe(401);
  });
});

describe('two tenants', () => {
  let acme: string;
  beforeAll(async () => {
    const made = await collector.call({
      method: 'POST',
      url: '/v1/admin/tenants',
      payload: { tenant_id: 'acme', name: 'Acme' },
    });
    expect(made.statusCode).toBe(201);
    acme = await collector.makeKey('acme', ['admin']);
    await collector.post(testEvent(), { key: collector.apiKey });
  });

  test('never see each other, on any route', async () => {
    expect((await get(OVERVIEW, acme)).json()).toMatchObject({
      summary: { total_requests: 0 },
      top_prompts: [],
    });
    expect((await get('/v1/admin/tenants', acme)).json<{ tenants: object[] }>().tenants).toMatchObject([
      { tenant_id: 'acme' },
    ]);
    expect((await get('/v1/admin/api-keys?tenant_id=default', acme)).statusCode).toBe(403);
    const id = keyIdOf(collector.apiKey);
    expect(
      (await collector.call({ key: acme, method: 'DELETE', url: `/v1/admin/api-keys/${id}` })).statusCode,
    ).toBe(404);
    const steal = { name: 'x', scopes: ['admin'], tenant_id: 'default' };
    expect(
      (await collector.call({ key: acme, method: 'POST', url: '/v1/admin/api-keys', payload: steal }))
        .statusCode,
    ).toBe(403);
    const make = { tenant_id: 'evil', name: 'x' };
    expect(
      (await collector.call({ key: acme, method: 'POST', url: '/v1/admin/tenants', payload: make }))
        .statusCode,
    ).toBe(403);
  });

  test('get the default alert rules when they are made', async () => {
    const { rows } = await collector.pool.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM alert_rules WHERE tenant_id = 'acme'`,
    );
    expect(rows[0]?.n).toBe(5);
  });

  test('have different names', async () => {
    const again = await collector.call({
      method: 'POST',
      url: '/v1/admin/tenants',
      payload: { tenant_id: 'acme', name: 'Again' },
    });
    expect(again.statusCode).toBe(409);
  });
});
