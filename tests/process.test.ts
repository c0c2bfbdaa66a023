import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../collector/src/database/embedded-postgres.ts';
import {
  spawnCollector,
  startCollector,
  temporaryFolder,
  type CollectorProcess,
} from './collector-process.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let started: CollectorProcess[];
beforeEach(async () => {
  folder = await temporaryFolder();
  started = [];
});
afterEach(async () => {
  for (const collector of started) await collector.end('SIGTERM');
  await folder.remove();
});

const start = async (
  options: Partial<Parameters<typeof startCollector>[0]> = {},
): Promise<CollectorProcess> => {
  const collector = await startCollector({ dataDir: folder.path, ...options });
  started.push(collector);
  return collector;
};

const post = async (
  collector: CollectorProcess,
  events: object[],
): Promise<{ accepted: number; duplicate: number }> => {
  const answer = await fetch(`${collector.url}/v1/client/usage/log`, {
    method: 'POST',
    headers: { authorization: `Bearer ${collector.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { accepted: number; duplicate: number };
};

const total = async (collector: CollectorProcess): Promise<number> => {
  const answer = await fetch(`${collector.url}/v1/analytics/usage/overview`, {
    headers: { 'x-api-key': collector.apiKey, 'cache-control': 'no-cache' },
  });
  return ((await answer.json()) as { summary: { total_requests: number } }).summary.total_requests;
};

const event = (id: string): object => ({
  event_id: id, timestamp: new Date().toISOString(), model_provider: 'openai', model_name: 'gpt-4o', input_tokens: 10, output_tokens: 1,
}); // prettier-ignore

describe('npm start', () => {
  test('on an empty folder serves, prints where to look, and a key once', async () => {
    const first = await start({ apiKey: undefined, env: { BOOTSTRAP_API_KEY: '' } });
    const key = /po_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}/.exec(first.output())?.[0] ?? '';
    expect(first.output()).toContain(`${first.url}/analytics`);
    const answer = await fetch(`${first.url}/v1/analytics/usage/overview`, { headers: { 'x-api-key': key } });
    expect(answer.status).toBe(200);
    const page = await fetch(`${first.url}/analytics`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const api = (await (await fetch(`${first.url}/docs/json`)).json()) as {
      openapi: string;
      paths: Record<string, unknown>;
    };
    expect(api.openapi).toBe('3.1.0');
    expect(Object.keys(api.paths)).toEqual(
      expect.arrayContaining(['/v1/client/usage/log', '/v1/analytics/usage/overview', '/v1/admin/api-keys']),
    );
    expect(await first.end()).toBe(0);

    const second = await start({ apiKey: undefined, env: { BOOTSTRAP_API_KEY: '' } });
    expect(second.output()).not.toMatch(/po_[0-9A-Za-z]{8}_/);
  });

  test('prints a link that signs in once, and the command line makes another', async () => {
    const collector = await start();
    const signIn = async (text: string): Promise<number[]> => {
      const [, address, token] = /(http\S+)\/analytics#sign-in=([\w-]{43})$/m.exec(text) ?? [];
      expect(address).toBe(collector.url);
      const statuses = [];
      for (let index = 0; index < 2; index += 1) {
        const answer = await fetch(`${collector.url}/v1/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token }),
        });
        statuses.push(answer.status);
      }
      return statuses;
    };
    expect(await signIn(collector.output())).toEqual([201, 401]);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, '../collector/src/cli/main.ts'), 'sign-in-link', '--scopes', 'read'],
      { env: { PATH: process.env['PATH'], DATA_DIR: folder.path, PORT: new URL(collector.url).port } },
    );
    expect(stdout).toMatch(/^\S+\n$/);
    expect(await signIn(stdout)).toEqual([201, 401]);
  });

  test('shows its configuration with the secrets hidden', async () => {
    const collector = await start();
    const line = collector.output().split('\n').find((text) => text.includes('"configuration"')) ?? ''; // prettier-ignore
    expect(JSON.parse(line)).toMatchObject({
      configuration: { BOOTSTRAP_API_KEY: '[hidden]', HOST: '127.0.0.1' },
    });
    await post(collector, [event('secret')]);
    expect(collector.output()).not.toContain(collector.apiKey);
  });

  test.each<[Record<string, string>, RegExp]>([
    [{ PORT: 'many' }, /^PORT: "many" must be integer/],
    [{ PORT: '70000' }, /^PORT: "70000" must be <= 65535/],
    [
      { DATABASE_URL: 'mysql://x:geheim@y' },
      /^DATABASE_URL: the value given must be a URL that starts with postgres:\/\//,
    ],
    [{ DATABASE_URL: 'postgres://nobody:geheim@127.0.0.1:1/none' }, /cannot be reached \(ECONNREFUSED\)/],
    [{ BOOTSTRAP_API_KEY: 'short' }, /^BOOTSTRAP_API_KEY: the value given must be 16 to 200/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL: "loud" must be one of/],
    [{ INGEST_COMMIT_ROWS: '0' }, /^INGEST_COMMIT_ROWS: "0" must be >= 1/],
  ])('with %j says what is wrong in one sentence and exits with 1', async (env, sentence) => {
    const collector = spawnCollector({ dataDir: folder.path, env });
    expect(await collector.exited).toBe(1);
    const lines = collector.output().split('\n').filter((line) => line !== '' && !line.startsWith('{')); // prettier-ignore
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(sentence);
    expect(collector.output()).not.toContain('geheim');
  });

  test('on a port that is taken says so', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const collector = spawnCollector({ dataDir: folder.path, port });
    expect(await collector.exited).toBe(1);
    expect(collector.output()).toContain(`Port ${port} on 127.0.0.1 is taken by another program`);
    server.close();
  });

  test('on a folder that another collector uses says so, and leaves that one alone', async () => {
    const first = await start();
    await post(first, [event('a')]);
    const second = spawnCollector({ dataDir: folder.path, port: await freePort() });
    expect(await second.exited).toBe(1);
    expect(second.output()).toMatch(/is in use by another collector/);
    expect(await total(first)).toBe(1);
  });

  test('on a folder that is somebody else’s touches nothing', async () => {
    await mkdir(join(folder.path, 'postgres'));
    await writeFile(join(folder.path, 'postgres/thesis.txt'), 'three years of work');
    const collector = spawnCollector({ dataDir: folder.path });
    expect(await collector.exited).toBe(1);
    expect(collector.output()).toMatch(/is not empty and holds no PostgreSQL cluster/);
    expect(await readFile(join(folder.path, 'postgres/thesis.txt'), 'utf8')).toBe('three years of work');
  });
});

describe('after a crash', () => {
  test('of the collector the next start takes over the database that was left running', async () => {
    const first = await start();
    expect(await post(first, [event('a'), event('b')])).toMatchObject({ accepted: 2 });
    await first.end('SIGKILL');
    const second = await start({ apiKey: first.apiKey });
    expect(second.output()).toContain('Took over the PostgreSQL');
    expect(await post(second, [event('b'), event('c')])).toMatchObject({ accepted: 1, duplicate: 1 });
    expect(await total(second)).toBe(3);
    expect(await second.end()).toBe(0);
  });

  test('of collector and database a stale pid file does no harm, whoever has that number now', async () => {
    const first = await start();
    await post(first, [event('a')]);
    const pidFile = join(folder.path, 'postgres/postmaster.pid');
    const [pid = '', ...rest] = (await readFile(pidFile, 'utf8')).split('\n');
    await first.end('SIGKILL');
    process.kill(Number(pid), 'SIGKILL');
    await waitUntilGone(Number(pid));
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    await writeFile(pidFile, [String(other.pid), ...rest].join('\n'));
    const second = await start({ apiKey: first.apiKey });
    expect(await total(second)).toBe(1);
    expect(other.exitCode).toBeNull();
    other.kill();
  });

  test('of the database the collector ends too and says why', async () => {
    const collector = await start();
    const [pid = ''] = (await readFile(join(folder.path, 'postgres/postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGKILL');
    expect(await collector.exited).toBe(1);
    expect(collector.output()).toContain('The embedded PostgreSQL ended unexpectedly');
  });
});

test('SIGTERM commits what came in, answers it and exits with 0', async () => {
  const collector = await start({ env: { INGEST_COMMIT_DELAY_MS: '400' } });
  const posts = Array.from({ length: 20 }, (_, index) => post(collector, [event(`drain-${index}`)]));
  await Promise.race(posts.map((one) => one.catch(() => undefined))).catch(() => undefined);
  const more = Array.from({ length: 5 }, (_, index) => post(collector, [event(`late-${index}`)]));
  await new Promise((done) => setImmediate(done));
  const code = collector.end('SIGTERM');
  const results = await Promise.allSettled([...posts, ...more]);
  expect(await code).toBe(0);
  const acknowledged = results.filter(({ status }) => status === 'fulfilled').length;
  const again = await start({ apiKey: collector.apiKey });
  expect(await total(again)).toBeGreaterThanOrEqual(acknowledged);
  expect(acknowledged).toBeGreaterThanOrEqual(20);
});

async function waitUntilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
}
