import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Writable } from 'node:stream';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino, type Logger } from 'pino';
import { createApp } from '../app.ts';
import { readConfiguration } from '../configuration/configuration.ts';
import { REDACTED } from '../logging.ts';
import { keyIdOf } from '../tenants/api-key.ts';
import { KEY_CACHE_MS } from '../tenants/credential-cache.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import { TEST_ENGINE } from '../testing/test-database.ts';
import { MOST_FAILED_TRIES } from './failed-tries.ts';
import { createSignInLink } from './sign-in-links.ts';

const TENANTS = '/v1/admin/tenants';
const OVERVIEW = '/v1/analytics/usage/overview?start_date=2026-03-10&end_date=2026-03-10';
const BUDGETS = '/v1/analytics/budgets';
const OWN_PAGE = { 'x-promptops-request': '1', 'sec-fetch-site': 'same-origin' };
const budget = (name: string): object => ({ name, amount: '100', period: { type: 'month' } });

interface Session {
  tenant_id: string;
  tenant_name: string;
  scopes: string[];
  is_operator: boolean;
  key_id: string | null;
  expires_at: string;
}

let collector: TestCollector;
let otherReplica: FastifyInstance;
const replica = (
  overrides: object = {},
  logger: Logger = pino({ level: 'silent' }),
): Promise<FastifyInstance> =>
  createApp({
    configuration: {
      ...readConfiguration({}),
      INGEST_COMMIT_DELAY_MS: 0,
      ANSWER_CACHE_SECONDS: 0,
      ...overrides,
    },
    connectionString: collector.connectionString,
    engine: TEST_ENGINE,
    logger,
  });
beforeAll(async () => {
  collector = await startTestCollector();
  await collector.makeTenant('acme');
  otherReplica = await replica();
});
afterAll(async () => {
  await otherReplica.close();
  await collector.close();
});

const post = (payload: object, headers: object = {}, app = collector.app): Promise<LightMyRequestResponse> =>
  app.inject({ method: 'POST', url: '/v1/session', payload, headers: { ...headers } });
const cookieOf = (answer: LightMyRequestResponse): string => {
  const [cookie] = answer.cookies;
  return cookie ? `${cookie.name}=${cookie.value}` : '';
};
const signIn = async (credential: object, app = collector.app): Promise<string> => {
  const answer = await post(credential, {}, app);
  expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status: 201 });
  return cookieOf(answer);
};
const ask = (cookie: string, request: InjectOptions, app = collector.app): Promise<LightMyRequestResponse> =>
  app.inject({ method: 'GET', ...request, headers: { cookie, ...request.headers } });
const statusOf = async (cookie: string, url = '/v1/session', app = collector.app): Promise<number> =>
  (await ask(cookie, { url }, app)).statusCode;
/** The first status that is not 200 any more, within the time that a replica may take. */
const statusAfter = async (cookie: string, app: FastifyInstance): Promise<number> => {
  const deadline = performance.now() + KEY_CACHE_MS + 2_000;
  let status = 200;
  while (status === 200 && performance.now() < deadline) status = await statusOf(cookie, '/v1/session', app);
  return status;
};
const link = (
  tenantId = 'default',
  scopes: ('read' | 'admin')[] = ['admin'],
  nowMs = Date.now(),
): Promise<string> => createSignInLink(collector.pool, { tenantId, scopes, nowMs });

describe('signing in with an API key', () => {
  test('gives a cookie that no script can read, and says who one is', async () => {
    const key = await collector.makeKey('acme', ['read']);
    const answer = await post({ api_key: key });
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toEqual({
      tenant_id: 'acme',
      tenant_name: 'acme',
      scopes: ['read'],
      is_operator: false,
      key_id: keyIdOf(key),
      expires_at: expect.any(String),
    });
    expect(answer.headers['cache-control']).toBe('no-store');
    const header = String(answer.headers['set-cookie']);
    expect(header).toMatch(
      /^promptops_session=[A-Za-z0-9_-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const days = Number(/Max-Age=(\d+)/.exec(header)?.[1]) / 86_400;
    expect(days).toBeCloseTo(7, 3);
    const asked = await ask(cookieOf(answer), { url: '/v1/session' });
    expect([asked.statusCode, asked.json<Session>()]).toEqual([200, answer.json<Session>()]);
    expect(asked.headers['set-cookie']).toBeUndefined();
  });

  test('stores neither the key nor the session’s token', async () => {
    const cookie = await signIn({ api_key: collector.apiKey });
    const { rows } = await collector.pool.query<{ text: string }>(
      'SELECT s::text AS text FROM sign_in_sessions s',
    );
    const token = cookie.split('=')[1] ?? '';
    expect(rows.length).toBeGreaterThan(0);
    for (const { text } of rows) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
    }
  });

  test('lasts no longer than the key', async () => {
    const end = new Date(Date.now() + 3_600_000);
    const answer = await post({ api_key: await collector.makeKey('acme', ['read'], end) });
    expect(answer.json<Session>().expires_at).toBe(end.toISOString());
    expect(answer.cookies[0]?.['maxAge']).toBeLessThanOrEqual(3_600);
  });

  test.each<[string, object, number]>([
    ['a wrong key', { api_key: `po_00000000_${'0'.repeat(43)}` }, 401],
    ['nonsense', { api_key: 'x' }, 401],
    ['an unknown token', { token: 'x'.repeat(43) }, 401],
    ['nothing', {}, 400],
    ['both', { api_key: 'x', token: 'y' }, 400],
    ['another field', { password: 'x' }, 400],
    ['a list', [], 400],
  ])('%s is refused, without a cookie', async (_name, body, status) => {
    const answer = await post(body, {}, otherReplica);
    expect([answer.statusCode, answer.headers['set-cookie']]).toEqual([status, undefined]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  test('a key that may not read is refused, and expired ones are', async () => {
    const ingest = await post({ api_key: await collector.makeKey('acme', ['ingest', 'metrics']) });
    expect(ingest.json()).toMatchObject({ status: 403, detail: expect.stringContaining('"read"') });
    const expired = await post({
      api_key: await collector.makeKey('acme', ['read'], new Date(Date.now() - 1)),
    });
    expect([expired.statusCode, ingest.headers['set-cookie'], expired.headers['set-cookie']]).toEqual([401, undefined, undefined]); // prettier-ignore
  });

  test('a form of another site cannot sign its visitors in', async () => {
    const text = await collector.app.inject({
      method: 'POST',
      url: '/v1/session',
      headers: { 'content-type': 'text/plain' },
      payload: JSON.stringify({ api_key: collector.apiKey }),
    });
    const form = await collector.app.inject({
      method: 'POST',
      url: '/v1/session',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: `api_key=${collector.apiKey}`,
    });
    const foreign = await post({ api_key: collector.apiKey }, { 'sec-fetch-site': 'cross-site' });
    expect([text.statusCode, form.statusCode, foreign.statusCode]).toEqual([400, 415, 403]);
    for (const { headers } of [text, form, foreign]) expect(headers['set-cookie']).toBeUndefined();
  });

  test('ends the session that this browser had before', async () => {
    const before = await signIn({ api_key: collector.apiKey });
    const answer = await post({ api_key: collector.apiKey }, { cookie: before });
    expect([await statusOf(before), await statusOf(cookieOf(answer))]).toEqual([401, 200]);
  });
});

describe('a one-time link', () => {
  test('signs in once, with its tenant and scopes and no key', async () => {
    const token = await link('acme', ['read']);
    const answer = await post({ token });
    expect(answer.json()).toMatchObject({
      tenant_id: 'acme',
      scopes: ['read'],
      is_operator: false,
      key_id: null,
    });
    const cookie = cookieOf(answer);
    expect((await ask(cookie, { url: '/v1/session' })).json()).toEqual(answer.json());
    const again = await post({ token });
    expect([again.statusCode, again.headers['set-cookie']]).toEqual([401, undefined]);
    expect(again.json<{ detail: string }>().detail).toMatch(/signs in once.*sign-in-link/);
  });

  test('signs in once, whoever is asked at the same moment', async () => {
    const token = await link();
    const answers = await Promise.all(
      [0, 1, 2, 3].map((index) => post({ token }, {}, index % 2 ? otherReplica : collector.app)),
    );
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 401, 401, 401]);
  });

  test('of the operator is the operator’s, and what it changes says so', async () => {
    const cookie = await signIn({ token: await link() });
    expect((await ask(cookie, { url: '/v1/session' })).json()).toMatchObject({
      is_operator: true,
      scopes: ['admin'],
    });
    const made = await ask(cookie, {
      method: 'POST',
      url: BUDGETS,
      payload: budget('by link'),
      headers: OWN_PAGE,
    });
    expect([made.statusCode, made.json<{ created_by: string }>().created_by]).toEqual([201, 'sign-in-link']);
  });

  test('is of no use after a quarter of an hour', async () => {
    const token = await link('default', ['admin'], Date.now() - 15 * 60_000 - 1);
    expect((await post({ token })).statusCode).toBe(401);
  });

  test('is not made for a tenant that is not there, and its sessions end with theirs', async () => {
    await expect(link('nobody')).rejects.toThrow('There is no tenant "nobody"');
    await collector.makeTenant('short-lived');
    const cookie = await signIn({ token: await link('short-lived', ['read']) });
    expect(await statusOf(cookie)).toBe(200);
    await collector.pool.query(`DELETE FROM alert_rules WHERE tenant_id = 'short-lived'`);
    await collector.pool.query(`DELETE FROM tenants WHERE tenant_id = 'short-lived'`);
    expect(await statusAfter(cookie, collector.app)).toBe(401);
  });
});

describe('a session', () => {
  test('with scope read sees and cannot change; the problem says why', async () => {
    const cookie = await signIn({ api_key: await collector.makeKey('acme', ['read']) });
    expect([await statusOf(cookie, OVERVIEW), await statusOf(cookie, BUDGETS)]).toEqual([200, 200]);
    const refused = await ask(cookie, {
      method: 'POST',
      url: BUDGETS,
      payload: budget('x'),
      headers: OWN_PAGE,
    });
    expect(refused.json()).toMatchObject({
      type: 'urn:promptops:problem:forbidden',
      detail: expect.stringMatching(/signed in without the scope "admin"; you have: read/),
    });
    expect(await statusOf(cookie, TENANTS)).toBe(403);
  });

  test('with scope admin changes what is of its tenant, in the name of its key', async () => {
    const key = await collector.makeKey('acme', ['admin']);
    const cookie = await signIn({ api_key: key });
    const made = await ask(cookie, {
      method: 'POST',
      url: BUDGETS,
      payload: budget('mine'),
      headers: OWN_PAGE,
    });
    expect([made.statusCode, made.json<{ created_by: string }>().created_by]).toEqual([201, keyIdOf(key)]);
    const others = (await collector.call({ url: BUDGETS })).body;
    expect(others).not.toContain('mine');
    expect((await ask(cookie, { url: BUDGETS })).body).toContain('mine');
  });

  test('of one tenant shows nothing of another', async () => {
    await collector.post(testEvent({ prompt_id: 'of-default' }));
    const [own, acme] = [
      await signIn({ api_key: collector.apiKey }),
      await signIn({ token: await link('acme', ['admin']) }),
    ];
    expect((await ask(own, { url: OVERVIEW })).body).toContain('of-default');
    expect((await ask(acme, { url: OVERVIEW })).body).not.toContain('of-default');
    expect(await statusOf(acme, '/v1/admin/api-keys?tenant_id=default')).toBe(403);
  });

  test('neither records events nor is scraped, but checks budgets', async () => {
    const cookie = await signIn({ api_key: collector.apiKey });
    const recorded = await ask(cookie, {
      method: 'POST',
      url: '/v1/client/usage/log',
      payload: testEvent(),
      headers: OWN_PAGE,
    });
    expect([recorded.statusCode, await statusOf(cookie, '/metrics')]).toEqual([403, 403]);
    expect(await statusOf(cookie, `${BUDGETS}/check`)).toBe(200);
  });

  test('gives way to a key in the headers, which needs no other header', async () => {
    const cookie = await signIn({ api_key: await collector.makeKey('acme', ['read']) });
    const made = await ask(cookie, {
      method: 'POST',
      url: BUDGETS,
      payload: budget('by key'),
      headers: {
        authorization: `Bearer ${collector.apiKey}`,
        'sec-fetch-site': 'cross-site',
        origin: 'https://grafana.example',
      },
    });
    expect([made.statusCode, made.json<{ created_by: string }>().created_by]).toEqual([
      201,
      keyIdOf(collector.apiKey),
    ]);
    const wrong = await ask(cookie, { url: OVERVIEW, headers: { 'x-api-key': 'wrong' } });
    expect(wrong.statusCode).toBe(401);
  });

  test.each<[string, Record<string, string>, number]>([
    ['of this page', { ...OWN_PAGE, origin: 'http://llm.example:8080' }, 201],
    ['without the header', { 'sec-fetch-site': 'same-origin', origin: 'http://llm.example:8080' }, 403],
    ['of another Origin', { 'x-promptops-request': '1', origin: 'http://evil.example' }, 403],
    ['of another site', { ...OWN_PAGE, 'sec-fetch-site': 'cross-site' }, 403],
    ['of a sibling domain', { ...OWN_PAGE, 'sec-fetch-site': 'same-site' }, 403],
  ])('a change %s is answered as it should be', async (name, headers, status) => {
    const cookie = await signIn({ api_key: collector.apiKey });
    const answer = await ask(cookie, {
      method: 'POST',
      url: BUDGETS,
      payload: budget(name),
      headers: { host: 'llm.example:8080', ...headers },
    });
    expect(answer.statusCode).toBe(status);
    if (status === 403) expect(answer.json()).toMatchObject({ type: 'urn:promptops:problem:forbidden' });
    expect((await ask(cookie, { url: BUDGETS })).body.includes(name)).toBe(status === 201);
  });

  test('is private to every cache, and no other origin is ever let in', async () => {
    const cookie = await signIn({ api_key: collector.apiKey });
    for (const url of [OVERVIEW, BUDGETS, TENANTS]) {
      const { headers } = await ask(cookie, { url, headers: { origin: 'https://elsewhere.example' } });
      expect(headers['cache-control']).toContain('private');
      expect(headers.vary).toContain('cookie');
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  test.each([
    '',
    'promptops_session=',
    'promptops_session=short',
    `promptops_session=${'A'.repeat(43)}`,
    'other=1',
  ])('is not what the cookie "%s" is', async (cookie) => {
    const answer = await ask(cookie, { url: '/v1/session' });
    expect([answer.statusCode, answer.headers['set-cookie']]).toEqual([401, undefined]);
  });
});

describe('the end of a session', () => {
  test('by signing out is at once, and on every replica', async () => {
    const cookie = await signIn({ api_key: collector.apiKey });
    expect([await statusOf(cookie), await statusOf(cookie, '/v1/session', otherReplica)]).toEqual([200, 200]);
    const out = await ask(cookie, { method: 'DELETE', url: '/v1/session', headers: OWN_PAGE });
    expect([out.statusCode, out.body]).toEqual([204, '']);
    expect(out.headers['set-cookie']).toMatch(
      /^promptops_session=; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Strict$/,
    );
    expect(await statusOf(cookie)).toBe(401);
    expect(await statusAfter(cookie, otherReplica)).toBe(401);
    const again = await ask(cookie, { method: 'DELETE', url: '/v1/session', headers: OWN_PAGE });
    expect(again.statusCode).toBe(204);
  });

  test('cannot be asked for by another page, and is that of one session alone', async () => {
    const [one, other] = [
      await signIn({ api_key: collector.apiKey }),
      await signIn({ api_key: collector.apiKey }),
    ];
    const foreign = await ask(one, { method: 'DELETE', url: '/v1/session' });
    expect([foreign.statusCode, foreign.headers['set-cookie'], await statusOf(one)]).toEqual([
      403,
      undefined,
      200,
    ]);
    await ask(one, { method: 'DELETE', url: '/v1/session', headers: OWN_PAGE });
    expect([await statusOf(one), await statusOf(other)]).toEqual([401, 200]);
  });

  test('comes when its key is revoked, on every replica', async () => {
    const key = await collector.makeKey('acme', ['read']);
    const cookie = await signIn({ api_key: key });
    expect(await statusOf(cookie, '/v1/session', otherReplica)).toBe(200);
    const revoked = await collector.call({
      method: 'DELETE',
      url: `/v1/admin/api-keys/${keyIdOf(key)}?tenant_id=acme`,
    });
    expect(revoked.statusCode).toBe(204);
    expect(await statusOf(cookie)).toBe(401);
    expect(await statusAfter(cookie, otherReplica)).toBe(401);
  });
});

describe('where people come over TLS', () => {
  const SECURE =
    /^__Host-promptops_session=[A-Za-z0-9_-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Strict$/;

  test('by PUBLIC_URL, the cookie never travels without it, and one without the prefix is not believed', async () => {
    const app = await replica({ PUBLIC_URL: 'https://llm.example' });
    const answer = await post(
      { api_key: collector.apiKey },
      { origin: 'https://llm.example', host: '10.0.0.7:8080' },
      app,
    );
    expect(answer.headers['set-cookie']).toMatch(SECURE);
    const cookie = cookieOf(answer);
    expect(await statusOf(cookie, '/v1/session', app)).toBe(200);
    expect(await statusOf(cookie.replace('__Host-', ''), '/v1/session', app)).toBe(401);
    const out = await ask(cookie, { method: 'DELETE', url: '/v1/session', headers: OWN_PAGE }, app);
    expect(out.headers['set-cookie']).toMatch(/^__Host-promptops_session=; Max-Age=0; .*Secure/);
    await app.close();
  });

  test('by a proxy that is trusted; what others say about TLS is not believed', async () => {
    const trusting = await replica({ TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' });
    const forwarded = { 'x-forwarded-proto': 'https' };
    const trusted = await post({ api_key: collector.apiKey }, forwarded, trusting);
    expect(trusted.headers['set-cookie']).toMatch(SECURE);
    const other = await post({ api_key: collector.apiKey }, forwarded);
    expect(other.headers['set-cookie']).not.toMatch(/Secure|__Host-/);
    await trusting.close();
  });
});

describe('who guesses', () => {
  test('waits after some failed tries, in which ingest and who is signed in take no part', async () => {
    const app = await replica({ TRUSTED_PROXIES: '127.0.0.1' });
    const cookie = await signIn({ api_key: collector.apiKey }, app);
    const tryFrom = (address: string, payload: object): Promise<LightMyRequestResponse> =>
      post(payload, { 'x-forwarded-for': address }, app);
    const wrong = { api_key: 'x'.repeat(20) };
    const tries = await Promise.all(
      Array.from({ length: MOST_FAILED_TRIES * 2 }, () => tryFrom('192.0.2.1', wrong)),
    );
    const statuses = tries.map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 401)).toHaveLength(MOST_FAILED_TRIES);
    expect(statuses.filter((status) => status === 429)).toHaveLength(MOST_FAILED_TRIES);

    const blocked = await tryFrom('192.0.2.1', { api_key: collector.apiKey });
    expect(blocked.json()).toMatchObject({ type: 'urn:promptops:problem:too-many-requests' });
    expect(Number(blocked.headers['retry-after'])).toBeGreaterThan(60);
    expect((await tryFrom('192.0.2.2', { api_key: collector.apiKey })).statusCode).toBe(201);
    const from = { 'x-forwarded-for': '192.0.2.1' };
    expect((await ask(cookie, { url: OVERVIEW, headers: from }, app)).statusCode).toBe(200);
    const recorded = await app.inject({
      method: 'POST',
      url: '/v1/client/usage/log',
      headers: { ...from, 'x-api-key': collector.apiKey },
      payload: testEvent(),
    });
    expect(recorded.statusCode).toBe(200);
    await app.close();
  });
});

describe('the log', () => {
  test('holds no key, no token and no cookie, at its loudest', async () => {
    const lines: string[] = [];
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString());
        done();
      },
    });
    const app = await replica({}, pino({ level: 'trace' }, stream));
    const token = await link();
    const cookie = await signIn({ token }, app);
    await signIn({ api_key: collector.apiKey }, app);
    await post({ token }, {}, app);
    await post({ api_key: [collector.apiKey, collector.apiKey] }, {}, app);
    await app.inject({
      method: 'POST',
      url: '/v1/session',
      headers: { 'content-type': 'application/json' },
      payload: `{"token": ${collector.apiKey}`,
    });
    await ask(cookie, { url: OVERVIEW }, app);
    await ask(cookie, { method: 'DELETE', url: '/v1/session' }, app);
    await app.close();
    const log = lines.join('');
    expect(log).toContain('/v1/session');
    for (const secret of [token, cookie.split('=')[1] ?? '', collector.apiKey])
      expect(log).not.toContain(secret);
  });

  test('redacts them where somebody logs more of a request', () => {
    let line = '';
    const logger = pino({ redact: REDACTED }, { write: (text: string) => (line = text) });
    logger.info({
      req: {
        headers: { cookie: 'SECRET', authorization: 'SECRET', 'x-api-key': 'SECRET' },
        body: { token: 'SECRET' },
      },
      res: { headers: { 'set-cookie': 'SECRET' } },
    });
    expect(line).toContain('Redacted');
    expect(line).not.toContain('SECRET');
  });
});
