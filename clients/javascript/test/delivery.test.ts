import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PromptOpsClient } from '../src/index.ts';
import { answers, CALL, Collector, connect, type Fault, json } from './collector.ts';

let collector: Collector;
beforeEach(async () => {
  collector = await new Collector().start();
});
afterEach(() => collector.stop());

const ids = (request: number) => collector.requests[request]?.events.map(({ event_id: id }) => id);

describe('events arrive', () => {
  test('with the key, at the documented path, as one batch', async () => {
    const { client } = connect(collector);
    await client.initialize();
    client.record({ ...CALL, input_tokens: 12, output_tokens: 3 });
    client.record(CALL);
    expect(await client.flush()).toEqual({ sent: 2, remaining: 0 });
    expect(collector.requests).toHaveLength(1);
    expect(collector.requests[0]?.url).toBe('/v1/client/usage/log');
    expect(collector.requests[0]?.headers.authorization).toBe('Bearer po_test');
    expect(collector.requests[0]?.events[0]).toMatchObject({ ...CALL, input_tokens: 12, output_tokens: 3 });
    expect(client.stats()).toMatchObject({ recorded: 2, accepted: 2, queued: 0, dropped: 0 });
    await client.shutdown();
  });

  test('by themselves after the interval, also when they were recorded before initialize()', async () => {
    const { client } = connect(collector, { flushIntervalMs: 10 });
    client.record(CALL);
    await client.initialize();
    await collector.until(() => collector.stored.size === 1);
    await client.shutdown();
  });

  test('by themselves when a batch is full, long before the interval', async () => {
    const { client } = connect(collector, { batchSize: 3, flushIntervalMs: 600_000 });
    await client.initialize();
    for (let call = 0; call < 6; call += 1) client.record(CALL);
    await collector.until(() => collector.stored.size === 6);
    expect(collector.requests.map(({ events }) => events.length)).toEqual([3, 3]);
    await client.shutdown();
  });

  test('compressed when they are many, plain when they are few or gzip is off', async () => {
    const many = connect(collector);
    for (let call = 0; call < 100; call += 1) many.client.record({ ...CALL, prompt_id: 'summarise-order' });
    await many.client.flush();
    const few = connect(collector);
    few.client.record(CALL);
    await few.client.flush();
    const off = connect(collector, { gzip: false });
    for (let call = 0; call < 100; call += 1) off.client.record(CALL);
    await off.client.flush();
    expect(collector.requests.map(({ headers }) => headers['content-encoding'])).toEqual([
      'gzip',
      undefined,
      undefined,
    ]);
    expect(collector.requests[0]?.events).toHaveLength(100);
    expect(collector.requests[0]?.bytes).toBeLessThan(5000);
    await Promise.all([many, few, off].map(({ client }) => client.shutdown()));
  });

  test('one request at a time, in order', async () => {
    let open = 0;
    let most = 0;
    collector.always = (response, received) => {
      open += 1;
      most = Math.max(most, open);
      setImmediate(() => {
        open -= 1;
        collector.accept(response, received);
      });
    };
    const { client } = connect(collector, { batchSize: 2 });
    for (let call = 0; call < 10; call += 1) client.record({ ...CALL, prompt_id: String(call) });
    expect(await client.flush()).toEqual({ sent: 10, remaining: 0 });
    expect(most).toBe(1);
    const order = collector.requests.flatMap(({ events }) => events.map(({ prompt_id: id }) => id));
    expect(order).toEqual(Array.from({ length: 10 }, (_, call) => String(call)));
    await client.shutdown();
  });

  test('at another path or host when told so', async () => {
    const path = connect({ url: `${collector.url}/base/` }, { telemetryEndpoint: '/mine' });
    path.client.record(CALL);
    await path.client.shutdown();
    const absolute = connect(
      { url: 'http://unused.invalid' },
      { telemetryEndpoint: `${collector.url}/other` },
    );
    absolute.client.record(CALL);
    await absolute.client.shutdown();
    expect(collector.requests.map(({ url }) => url)).toEqual(['/base/mine', '/other']);
  });
});

describe('while the collector is in trouble', () => {
  test('a 503 is tried again with the same ids', async () => {
    collector.faults.push(answers(503, { title: 'busy' }), answers(500));
    const { client, errors } = connect(collector);
    client.record(CALL);
    client.record(CALL);
    expect(await client.flush()).toEqual({ sent: 2, remaining: 0 });
    expect(ids(1)).toEqual(ids(0));
    expect(ids(2)).toEqual(ids(0));
    expect(client.stats()).toMatchObject({ accepted: 2, retries: 2, dropped: 0 });
    expect(errors[0]).toMatchObject({ kind: 'http', status: 503, willRetry: true, events: 2 });
    expect(errors[0]?.message).toBe('HTTP 503: busy');
    await client.shutdown();
  });

  test('Retry-After is waited for, in seconds and as a date', async () => {
    const at: number[] = [];
    const note =
      (fault: Fault): Fault =>
      (response, received) => {
        at.push(performance.now());
        fault(response, received);
      };
    const date = new Date().toUTCString();
    const inOneSecond = new Date(Date.parse(date) + 1000).toUTCString();
    collector.faults.push(
      note(answers(429, {}, { 'Retry-After': '1' })),
      note(answers(503, {}, { 'Retry-After': inOneSecond, Date: date })),
      note((response, received) => collector.accept(response, received)),
    );
    const { client } = connect(collector);
    client.record(CALL);
    expect(await client.flush()).toEqual({ sent: 1, remaining: 0 });
    const [first = 0, second = 0, third = 0] = at;
    expect(second - first).toBeGreaterThan(990);
    expect(third - second).toBeGreaterThan(990);
    await client.shutdown();
  });

  test('an answer that is lost after the events were stored counts them once', async () => {
    collector.faults.push((response, { events }) => {
      for (const event of events) collector.stored.set(event.event_id, event);
      response.socket?.resetAndDestroy();
    });
    const { client, errors } = connect(collector);
    client.record(CALL);
    client.record(CALL);
    expect(await client.flush()).toEqual({ sent: 2, remaining: 0 });
    expect(ids(1)).toEqual(ids(0));
    expect(collector.stored.size).toBe(2);
    expect(client.stats()).toMatchObject({ accepted: 0, duplicate: 2, dropped: 0, retries: 1 });
    expect(errors[0]).toMatchObject({ kind: 'network', willRetry: true });
    await client.shutdown();
  });

  test('a restart of the collector loses nothing', async () => {
    const { client } = connect(collector, { batchSize: 10, flushIntervalMs: 5 });
    await client.initialize();
    client.record(CALL);
    await client.flush();
    await collector.stop();
    for (let call = 0; call < 50; call += 1) client.record(CALL);
    expect(await client.flush({ timeoutMs: 100 })).toEqual({ sent: 0, remaining: 50 });
    await collector.start();
    await collector.until(() => collector.stored.size === 51);
    await client.flush();
    expect(client.stats()).toMatchObject({ recorded: 51, accepted: 51, dropped: 0, queued: 0 });
    await client.shutdown();
  });

  test('a collector that never comes back costs the events after retryForMs, and says so', async () => {
    collector.always = answers(503);
    const { client, drops } = connect(collector, { retryForMs: 30 });
    client.record(CALL);
    expect(await client.flush()).toEqual({ sent: 0, remaining: 0 });
    expect(drops).toMatchObject([{ count: 1, reason: 'retries_exhausted' }]);
    await client.shutdown();
  });

  test('a request that hangs is given up after its timeout and tried again', async () => {
    collector.faults.push(() => undefined);
    const { client, errors } = connect(collector, { requestTimeoutMs: 50 });
    client.record(CALL);
    expect(await client.flush()).toEqual({ sent: 1, remaining: 0 });
    expect(errors[0]?.message).toBe('no answer within 50 ms');
    await client.shutdown();
  });
});

describe('what the collector does not want', () => {
  test.each([400, 401, 404])('a %i is counted and told, not tried again', async (status) => {
    collector.faults.push(answers(status, { title: 'No', detail: 'because' }));
    const { client, drops, errors } = connect(collector);
    client.record(CALL);
    client.record(CALL);
    expect(await client.flush()).toEqual({ sent: 0, remaining: 0 });
    expect(collector.requests).toHaveLength(1);
    expect(client.stats()).toMatchObject({ dropped: 2, queued: 0, retries: 0 });
    expect(drops).toEqual([{ count: 2, reason: 'refused', detail: `HTTP ${status}: No: because` }]);
    expect(errors).toMatchObject([{ status, willRetry: false, events: 2 }]);
    await client.shutdown();
  });

  test('single rejected events are counted and named, their neighbours arrive', async () => {
    const error = { index: 1, event_id: 'x', field: 'input_tokens', reason: 'is negative' };
    collector.faults.push(
      answers(200, { received: 3, accepted: 1, duplicate: 1, rejected: 1, duplicates: [], errors: [error] }),
    );
    const { client, errors } = connect(collector);
    for (let call = 0; call < 3; call += 1) client.record(CALL);
    expect(await client.flush()).toEqual({ sent: 2, remaining: 0 });
    expect(client.stats()).toMatchObject({ accepted: 1, duplicate: 1, rejected: 1, dropped: 0, queued: 0 });
    expect(errors).toMatchObject([{ kind: 'rejected', events: 1, willRetry: false, rejected: [error] }]);
    await client.shutdown();
  });

  test('a 422 that rejects every event counts them as rejected', async () => {
    const problem = { title: 'No event was valid', received: 2, accepted: 0, rejected: 2 };
    collector.faults.push(answers(422, { ...problem, errors: [{ index: 0, reason: 'no model_name' }] }));
    const { client, errors } = connect(collector);
    client.record(CALL);
    client.record(CALL);
    await client.flush();
    expect(client.stats()).toMatchObject({ rejected: 2, dropped: 0, queued: 0 });
    expect(errors).toMatchObject([{ kind: 'rejected', events: 2, status: 422 }]);
    await client.shutdown();
  });

  test('a batch that is too large goes in halves; an event that is too large alone is dropped alone', async () => {
    collector.always = (response, received) => {
      const hasGiant = received.events.some(({ prompt_id: id }) => id === 'giant');
      if (received.events.length > 2 || hasGiant) json(response, 413, { title: 'Too large' });
      else collector.accept(response, received);
    };
    const { client, drops } = connect(collector);
    for (let call = 0; call < 7; call += 1) {
      client.record({ ...CALL, prompt_id: call === 4 ? 'giant' : String(call) });
    }
    expect(await client.flush()).toEqual({ sent: 6, remaining: 0 });
    expect(drops).toMatchObject([{ count: 1, reason: 'too_large' }]);
    expect([...collector.stored.values()].map(({ prompt_id: id }) => id)).toEqual([
      '0',
      '1',
      '2',
      '3',
      '5',
      '6',
    ]);
    await client.shutdown();
  });

  test('a web page at the wrong address is not taken for success, nor is a redirect', async () => {
    collector.faults.push((response) => response.end('<html>'));
    collector.faults.push((response) => response.writeHead(302, { Location: '/login' }).end());
    const { client, drops } = connect(collector);
    client.record(CALL);
    await client.flush();
    client.record(CALL);
    await client.flush();
    expect(drops.map(({ reason }) => reason)).toEqual(['bad_answer', 'refused']);
    expect(drops[1]?.detail).toContain('redirects to /login');
    await client.shutdown();
  });
});

describe('flush and shutdown', () => {
  test('a slow collector holds a flush no longer than its deadline; the events arrive later', async () => {
    const release: (() => void)[] = [];
    collector.faults.push((response, received) => {
      release.push(() => collector.accept(response, received));
    });
    const { client } = connect(collector);
    client.record(CALL);
    const started = performance.now();
    expect(await client.flush({ timeoutMs: 50 })).toEqual({ sent: 0, remaining: 1 });
    expect(performance.now() - started).toBeLessThan(1000);
    release.forEach((answer) => answer());
    expect(await client.flush()).toEqual({ sent: 1, remaining: 0 });
    expect(collector.requests).toHaveLength(1);
    await client.shutdown();
  });

  test('two flushes at once both get through', async () => {
    const { client } = connect(collector);
    client.record(CALL);
    const first = client.flush();
    client.record(CALL);
    const results = await Promise.all([first, client.flush()]);
    expect(results.map(({ remaining }) => remaining)).toEqual([0, 0]);
    expect(client.stats().accepted).toBe(2);
    await client.shutdown();
  });

  test('a callback may flush', async () => {
    collector.faults.push(answers(400));
    const flushed: Promise<unknown>[] = [];
    const { client } = connect(collector, { onDrop: () => flushed.push(client.flush()) });
    client.record(CALL);
    await client.flush();
    expect(await Promise.all(flushed)).toEqual([{ sent: 0, remaining: 0 }]);
    await client.shutdown();
  });

  test('shutdown drops what its deadline cut off, tells it, and refuses later events', async () => {
    collector.always = () => undefined;
    const { client, drops } = connect(collector, { batchSize: 1 });
    client.record(CALL);
    client.record(CALL);
    expect(await client.shutdown({ timeoutMs: 50 })).toEqual({ sent: 0, remaining: 2 });
    expect(client.stats()).toMatchObject({ recorded: 2, dropped: 2, queued: 0 });
    expect(drops.reduce((sum, { count }) => sum + count, 0)).toBe(2);
    expect(client.record(CALL)).toBe(false);
    await client.shutdown();
    expect(client.stats()).toMatchObject({ recorded: 3, dropped: 3 });
    expect(drops.at(-1)).toMatchObject({ count: 1, reason: 'closed' });
  });

  test('a callback that throws does no harm, and is logged', async () => {
    const warn = jest.spyOn(console, 'warn').mockReturnValue();
    collector.faults.push(answers(503));
    const { client } = connect(collector, {
      onError: () => {
        throw new Error('mine');
      },
    });
    client.record(CALL);
    expect(await client.flush()).toEqual({ sent: 1, remaining: 0 });
    expect(warn).toHaveBeenCalledWith('promptops: a callback threw: Error: mine');
    warn.mockRestore();
    await client.shutdown();
  });

  test('without callbacks the console is told of a refusal once, not for every batch', async () => {
    const warn = jest.spyOn(console, 'warn').mockReturnValue();
    collector.always = answers(401, { title: 'Unknown key' });
    const client = new PromptOpsClient({ baseUrl: collector.url, apiKey: 'wrong', batchSize: 1 });
    for (let call = 0; call < 20; call += 1) client.record(CALL);
    await client.flush();
    expect(warn.mock.calls.filter(([line]) => line === 'promptops: HTTP 401: Unknown key')).toHaveLength(1);
    const drops = warn.mock.calls.map(([line]) => /(\d+) event\(s\) dropped/.exec(String(line))?.[1] ?? '0');
    expect(drops.reduce((sum, count) => sum + Number(count), 0)).toBe(20);
    expect(drops.length).toBeLessThan(6);
    warn.mockRestore();
    await client.shutdown();
  });
});
