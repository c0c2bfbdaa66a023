import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { registerProblemJson } from '../http/problem-json.ts';
import { Authenticator } from '../tenants/authenticator.ts';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import { sessionRoutes } from './routes.ts';
import { MOST_SESSIONS_OF_KEY } from './session-store.ts';
import { IDLE_MS, Sessions, SESSION_MS } from './sessions.ts';
import { createSignInLink } from './sign-in-links.ts';

/*
 * What time does to sessions, by a clock of the test. Each instant is asked of a replica that has just started: kept rows are believed for seconds of
 * real time, in which this clock moves hours.
 */

const HOUR_MS = 3_600_000;
const START_MS = Date.now();

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.close());

interface Replica {
  app: FastifyInstance;
  sessions: Sessions;
}

async function at<Result>(nowMs: number, work: (replica: Replica) => Promise<Result>): Promise<Result> {
  const { pool } = collector;
  const app = fastify();
  registerProblemJson(app);
  const sessions = new Sessions({ pool, publicUrl: undefined, nowMs: () => nowMs });
  await app.register(sessionRoutes, { pool, sessions, authenticator: new Authenticator(pool, sessions) });
  try {
    return await work({ app, sessions });
  } finally {
    await app.close();
  }
}
const signIn = (nowMs: number, payload: object = { api_key: collector.apiKey }): Promise<string> =>
  at(nowMs, async ({ app }) => {
    const answer = await app.inject({ method: 'POST', url: '/v1/session', payload });
    expect({ body: answer.body, status: answer.statusCode }).toMatchObject({ status: 201 });
    const [cookie] = answer.cookies;
    return `${cookie?.name ?? ''}=${cookie?.value ?? ''}`;
  });
/** Asks, and lets the replica write what it does every few seconds. */
const statusAt = (nowMs: number, cookie: string): Promise<number> =>
  at(nowMs, async ({ app, sessions }) => {
    const { statusCode } = await app.inject({ url: '/v1/session', headers: { cookie } });
    await sessions.writeLastUsed();
    return statusCode;
  });
const count = async (table: 'sign_in_sessions' | 'sign_in_links'): Promise<number> =>
  (await collector.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).rows[0]?.n ?? NaN;

test('a session that is not used ends after twelve hours', async () => {
  const cookie = await signIn(START_MS);
  expect(await statusAt(START_MS + IDLE_MS, cookie)).toBe(401);
});

test('a session that is used goes on, until a week after it began', async () => {
  const cookie = await signIn(START_MS);
  const statuses: number[] = [];
  for (let hours = 11; hours < 7 * 24; hours += 11)
    statuses.push(await statusAt(START_MS + hours * HOUR_MS, cookie));
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(await statusAt(START_MS + SESSION_MS - 1, cookie)).toBe(200);
  expect(await statusAt(START_MS + SESSION_MS, cookie)).toBe(401);
});

test('its use is written every few minutes, not with every request', async () => {
  await collector.pool.query('DELETE FROM sign_in_sessions');
  const cookie = await signIn(START_MS);
  const usedAt = async (): Promise<number> => {
    const { rows } = await collector.pool.query<{ at: Date }>(
      'SELECT last_used_at AS at FROM sign_in_sessions',
    );
    return (rows[0]?.at.getTime() ?? NaN) - START_MS;
  };
  expect(await statusAt(START_MS + 4 * 60_000, cookie)).toBe(200);
  expect(await usedAt()).toBe(0);
  expect(await statusAt(START_MS + 6 * 60_000, cookie)).toBe(200);
  expect(await usedAt()).toBe(6 * 60_000);
});

test('a link is good for a quarter of an hour by the clock of who takes it', async () => {
  const link = (): Promise<string> =>
    createSignInLink(collector.pool, { tenantId: 'default', scopes: ['admin'], nowMs: START_MS });
  await signIn(START_MS + 15 * 60_000 - 1, { token: await link() });
  const late = await link();
  const answer = await at(START_MS + 15 * 60_000, ({ app }) =>
    app.inject({ method: 'POST', url: '/v1/session', payload: { token: late } }),
  );
  expect(answer.statusCode).toBe(401);
});

test('what has ended is swept: idle and old sessions, those of revoked keys, links', async () => {
  await collector.pool.query('DELETE FROM sign_in_sessions');
  await collector.pool.query('DELETE FROM sign_in_links');
  await signIn(START_MS); // idle by then
  const key = await collector.makeKey('default', ['read']);
  await signIn(START_MS + IDLE_MS, { api_key: key });
  const lasting = await signIn(START_MS + IDLE_MS);
  await createSignInLink(collector.pool, { tenantId: 'default', scopes: ['read'], nowMs: START_MS });
  await collector.pool.query('UPDATE api_keys SET revoked_at = now() WHERE key_id = $1', [key.slice(3, 11)]);
  await at(START_MS + IDLE_MS, ({ sessions }) => sessions.sweep());
  expect([await count('sign_in_sessions'), await count('sign_in_links')]).toEqual([1, 0]);
  expect(await statusAt(START_MS + IDLE_MS, lasting)).toBe(200);
});

test('sessions of a key are bounded: those that were not used for longest end, and no other key’s', async () => {
  await collector.pool.query('DELETE FROM sign_in_sessions');
  const other = await signIn(START_MS, { api_key: await collector.makeKey('default', ['read']) });
  const first = await signIn(START_MS);
  const second = await signIn(START_MS + 1_000);
  for (let index = 0; index < MOST_SESSIONS_OF_KEY - 1; index += 1) await signIn(START_MS + 2_000);
  expect(await count('sign_in_sessions')).toBe(MOST_SESSIONS_OF_KEY + 1);
  const statuses = [first, second, other].map((cookie) => statusAt(START_MS + 3_000, cookie));
  expect(await Promise.all(statuses)).toEqual([401, 200, 200]);
});

test('links of a tenant are bounded too: the newest stay', async () => {
  await collector.pool.query('DELETE FROM sign_in_links');
  const make = (nowMs: number): Promise<string> =>
    createSignInLink(collector.pool, { tenantId: 'default', scopes: ['read'], nowMs });
  const oldest = await make(START_MS);
  const tokens: string[] = [];
  for (let index = 1; index <= 100; index += 1) tokens.push(await make(START_MS + index));
  expect(await count('sign_in_links')).toBe(100);
  const answer = await at(START_MS, ({ app }) =>
    app.inject({ method: 'POST', url: '/v1/session', payload: { token: oldest } }),
  );
  expect(answer.statusCode).toBe(401);
  await signIn(START_MS, { token: tokens.at(-1) });
});
