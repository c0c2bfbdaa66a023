import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { freePort } from '../database/embedded-postgres.ts';
import { startTestCollector, testEvent, type TestCollector } from '../testing/test-collector.ts';
import type { Overview } from '../usage/overview.ts';
import { AnswerStore } from './answer-store.ts';
import type { KeptAnswer } from './kept-answer.ts';
import { RedisAnswers } from './redis-answers.ts';

const given = process.env['REDIS_URL'];
const hasServer = spawnSync('redis-server', ['--version']).status === 0;
if (given === undefined && !hasServer) {
  console.warn(
    'Skipped: answers in Redis are not tested, since REDIS_URL is not set and there is no redis-server to start (Debian package redis-server).',
  );
}

/** A Redis of the test's own, which it may end. */
class Server {
  readonly url: string;
  readonly #port: number;
  #process: ChildProcess | undefined;
  constructor(port: number) {
    this.#port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }
  async start(): Promise<void> {
    this.#process = spawn(
      'redis-server',
      ['--port', String(this.#port), '--save', '', '--bind', '127.0.0.1'],
      {
        stdio: 'ignore',
      },
    );
    const redis = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    await redis.ping();
    redis.disconnect();
  }
  async stop(): Promise<void> {
    const ended = new Promise((done) => this.#process?.once('close', done));
    this.#process?.kill('SIGKILL');
    await ended;
  }
  /** Takes no commands, but keeps its connections. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }
  thaw(): void {
    this.#process?.kill('SIGCONT');
  }
}

const warnings: string[] = [];
const log = { warn: (_: object, message: string) => warnings.push(message) };
const kept = (text: string): KeptAnswer => ({
  head: Buffer.from(text),
  tail: Buffer.from('}'),
  etag: '"e"',
  computedAtMs: Date.now(),
  ttlSeconds: 300,
});
const stores: RedisAnswers[] = [];
function open(url: string): { redis: RedisAnswers; store: AnswerStore } {
  const redis = new RedisAnswers(url, `test:${process.pid}:`, log);
  stores.push(redis);
  return { redis, store: new AnswerStore(1_000_000, redis) };
}
async function until<Value>(read: () => Promise<Value | undefined>): Promise<Value> {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((done) => setTimeout(done, 20));
  }
}
afterEach(() => {
  for (const store of stores.splice(0)) store.stop();
});

(given === undefined && !hasServer ? describe.skip : describe)('with Redis', () => {
  let server: Server | undefined;
  let url: string;
  beforeAll(async () => {
    if (given !== undefined) url = given;
    else {
      server = new Server(await freePort());
      url = server.url;
      await server.start();
    }
  });
  afterAll(() => server?.stop());

  test('what one collector keeps another finds, and it goes when its time is over', async () => {
    const [one, two] = [open(url), open(url)];
    const key = `shared-${Date.now()}`;
    const answer = kept('Ü');
    await until(async () => {
      await one.store.set(key, answer, 300);
      return two.store.get(key);
    });
    expect(await two.store.get(key)).toEqual(answer);
    expect(await two.redis.msLeft(key)).toBeGreaterThan(290_000);
    const short = { ...kept('x'), ttlSeconds: 1 };
    await one.store.set('short', short, 1);
    await until(async () => ((await two.redis.get('short')) === undefined ? true : undefined));
    await one.store.remove(key);
    await until(async () => ((await two.redis.get(key)) === undefined ? true : undefined));
  });

  (hasServer ? test : test.skip)(
    'a Redis that hangs, ends and comes back breaks no answer, and collectors share again',
    async () => {
      const redis = new Server(await freePort());
      await redis.start();
      const [one, two] = [
        await startTestCollector({ ANSWER_CACHE_SECONDS: 300, REDIS_URL: redis.url }),
        open(redis.url),
      ];
      await one.post([testEvent()]);
      await one.complete();
      const ask = async (collector: TestCollector, day: number): Promise<Overview> => {
        const began = performance.now();
        const answer = await collector.call({
          method: 'GET',
          url: '/v1/analytics/usage/overview',
          query: { start_date: '2026-03-10', end_date: `2026-03-${day}` },
        });
        expect(answer.statusCode).toBe(200);
        expect(performance.now() - began).toBeLessThan(5_000);
        expect(answer.json<Overview>().summary.total_requests).toBe(1);
        return answer.json<Overview>();
      };
      const client = new Redis(redis.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
      client.on('error', () => undefined);
      const keys = () => client.keys('promptops:answers:*');
      let day = 10;
      // Connecting takes its time: until then nothing is in Redis.
      await until(async () => {
        await ask(one, (day = 10 + ((day + 1) % 20)));
        return (await keys()).length > 0 ? true : undefined;
      });

      redis.freeze();
      await Promise.all([ask(one, 11), ask(one, 12), ask(one, 31)]);
      expect((await ask(one, 31)).freshness.cache_age_seconds).toBeGreaterThan(0);
      redis.thaw();
      await redis.stop();
      await ask(one, 13);
      // From memory.
      expect((await ask(one, 13)).freshness.cache_age_seconds).toBeGreaterThan(0);
      expect(await two.store.get('anything')).toBeUndefined();

      await redis.start();
      await until(async () => {
        await two.store.set('back', kept('b'), 300);
        return two.redis.get('back');
      });
      await ask(one, 14);
      client.disconnect();
      await one.close();
      await redis.stop();
    },
  );

  test('what others wrote there under a key is no answer', async () => {
    const { store } = open(url);
    const client = new Redis(url);
    await client.set(`test:${process.pid}:foreign`, 'something else', 'EX', 60);
    await client.quit();
    await until(async () => {
      await store.set('probe', kept('p'), 60);
      return stores[0]?.get('probe');
    });
    expect(await store.get('foreign')).toBeUndefined();
  });
});

test('a Redis that was never there is warned about once, and answers are kept in memory', async () => {
  warnings.length = 0;
  const { store } = open(`redis://127.0.0.1:${await freePort()}`);
  await store.set('a', kept('a'), 300);
  expect(await store.get('a')).toBeDefined();
  expect(await store.get('b')).toBeUndefined();
  await until(() => Promise.resolve(warnings.length > 0 ? true : undefined));
  expect(warnings).toEqual(['Redis cannot be used: answers are kept in memory alone until it is back']);
});
