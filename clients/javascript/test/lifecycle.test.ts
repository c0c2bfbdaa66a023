import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { answers, CALL, Collector, connect } from './collector.ts';

const run = promisify(execFile);
const source = join(import.meta.dirname, '..', 'src', 'index.ts');

let collector: Collector;
beforeEach(async () => {
  collector = await new Collector().start();
});
afterEach(() => collector.stop());

/** Runs a script that has a `client` in a process of its own. */
async function inProcess(script: string, options = ''): Promise<{ stderr: string; ms: number }> {
  const program = `
    import { PromptOpsClient } from ${JSON.stringify(source)};
    const CALL = ${JSON.stringify(CALL)};
    const client = new PromptOpsClient({ baseUrl: '${collector.url}', apiKey: 'k', ${options} });
    await client.initialize();
    ${script}`;
  const started = performance.now();
  const { stderr } = await run(process.execPath, ['--input-type=module', '-e', program]);
  return { stderr, ms: performance.now() - started };
}

describe('the end of a process', () => {
  test('sends what waits, without waiting for the interval', async () => {
    const { stderr } = await inProcess('for (let n = 0; n < 250; n += 1) client.record(CALL);');
    expect(collector.stored.size).toBe(250);
    expect(stderr).toBe('');
  });

  test('is not delayed by a client that has nothing to send', async () => {
    const { ms } = await inProcess('', 'flushIntervalMs: 60_000');
    expect(ms).toBeLessThan(10_000);
    expect(collector.requests).toHaveLength(0);
  });

  test('waits no longer than shutdownTimeoutMs for a collector that hangs, and says what was lost', async () => {
    collector.always = () => undefined;
    const { stderr, ms } = await inProcess('client.record(CALL);', 'shutdownTimeoutMs: 200');
    expect(ms).toBeLessThan(5000);
    expect(stderr).toContain('1 event(s) dropped (shutdown)');
  });

  test('by process.exit() cannot send, but says what was lost', async () => {
    const { stderr } = await inProcess('client.record(CALL); process.exit(0);');
    expect(stderr).toContain('1 event(s) dropped (shutdown): the process ended');
    expect(collector.requests).toHaveLength(0);
  });

  test('is survived by retries: a 503 at the end is tried again', async () => {
    collector.faults.push(answers(503));
    await inProcess('client.record(CALL);');
    expect(collector.stored.size).toBe(1);
  });
});

describe('serverless mode', () => {
  test('sends nothing by itself, and everything in flush()', async () => {
    const { client } = connect(collector, { serverless: true, batchSize: 2, flushIntervalMs: 1 });
    await client.initialize();
    const timers = jest.spyOn(globalThis, 'setTimeout');
    for (let call = 0; call < 5; call += 1) client.record(CALL);
    expect(timers).not.toHaveBeenCalled();
    timers.mockRestore();
    expect(await client.flush()).toEqual({ sent: 5, remaining: 0 });
    expect(collector.requests.map(({ events }) => events.length)).toEqual([2, 2, 1]);
  });

  test('a wrapped handler sends before it answers, and keeps its arguments, this and errors', async () => {
    const { client } = connect(collector, { serverless: true });
    const subject = {
      name: 'subject',
      handle: client.wrapHandler(async function (this: { name: string }, a: number, b: number) {
        await client.track(CALL, () => undefined);
        return `${this.name} ${a + b}`;
      }),
    };
    expect(await subject.handle(1, 2)).toBe('subject 3');
    expect(collector.stored.size).toBe(1);
    const failing = client.wrapHandler(() => client.track(CALL, () => Promise.reject(new Error('mine'))));
    await expect(failing()).rejects.toThrow('mine');
    expect(collector.stored.size).toBe(2);
  });

  test('what could not be sent in time goes with the next invocation, once', async () => {
    collector.faults.push(() => undefined);
    const { client } = connect(collector, { serverless: true });
    const handler = client.wrapHandler(() => client.record(CALL), { timeoutMs: 60 });
    const started = performance.now();
    expect(await handler()).toBe(true);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(client.stats()).toMatchObject({ accepted: 0, queued: 1, dropped: 0 });
    collector.always = undefined;
    expect((await client.flush()).remaining).toBe(0);
    expect(client.stats()).toMatchObject({ recorded: 1, accepted: 1, queued: 0, dropped: 0 });
  });

  test('a flush does not wait for a Retry-After that is past its deadline', async () => {
    collector.faults.push(answers(429, {}, { 'Retry-After': '60' }));
    const { client } = connect(collector, { serverless: true });
    client.record(CALL);
    const started = performance.now();
    expect(await client.flush({ timeoutMs: 5000 })).toEqual({ sent: 0, remaining: 1 });
    expect(performance.now() - started).toBeLessThan(2500);
  });
});

describe('a page that goes away', () => {
  /** The few things of a browser that the client looks at, in a process of its own. */
  const browser = `
    const listeners = {};
    globalThis.document = { visibilityState: 'visible', addEventListener: (type, f) => (listeners[type] = f) };
    globalThis.addEventListener = (type, f) => (listeners[type] = f);
    const { fetch } = globalThis;
    const keepalive = [];
    globalThis.fetch = (url, init) => {
      keepalive.push([init.keepalive, Buffer.byteLength(init.body)]);
      return fetch(url, init);
    };`;

  async function inBrowser(script: string): Promise<[boolean | undefined, number][]> {
    const program = `${browser}
      const { PromptOpsClient } = await import(${JSON.stringify(source)});
      const client = new PromptOpsClient({ baseUrl: '${collector.url}', apiKey: 'k', flushIntervalMs: 60_000 });
      await client.initialize();
      ${script}
      console.log(JSON.stringify(keepalive));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
    return JSON.parse(stdout) as [boolean | undefined, number][];
  }

  test('hands what waits to the browser, with keepalive', async () => {
    const sent = await inBrowser(`
      client.record(${JSON.stringify(CALL)});
      client.record(${JSON.stringify(CALL)});
      document.visibilityState = 'hidden';
      listeners.visibilitychange();
      listeners.pagehide();`);
    expect(sent).toEqual([[true, expect.any(Number)]]);
    expect(collector.stored.size).toBe(2);
  });

  test('hands over no more than 60 KiB, and keeps the rest for its return', async () => {
    const sent = await inBrowser(`
      for (let n = 0; n < 90; n += 1) client.record({ ...${JSON.stringify(CALL)}, prompt_id: 'x'.repeat(2000) });
      listeners.pagehide();`);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.[1]).toBeLessThanOrEqual(60 * 1024);
    expect(sent[0]?.[1]).toBeGreaterThan(50 * 1024);
    // The process that plays the page flushes the rest at its end.
    expect(collector.stored.size).toBe(90);
    expect(collector.requests.flatMap(({ events }) => events)).toHaveLength(90);
  });
});
