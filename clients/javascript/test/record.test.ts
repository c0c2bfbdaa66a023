import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ClientOptions } from '../src/index.ts';
import { PromptOpsClient } from '../src/index.ts';
import { answers, CALL, Collector, connect } from './collector.ts';

let collector: Collector;
beforeEach(async () => {
  collector = await new Collector().start();
});
afterEach(() => collector.stop());

async function sent(event: object, options: Partial<ClientOptions> = {}): Promise<Record<string, unknown>> {
  const { client } = connect(collector, options);
  client.record({ ...CALL, ...event });
  await client.shutdown();
  return collector.requests.at(-1)?.events[0] ?? {};
}

describe('an event', () => {
  test('gets a UUID version 7 and the present time', async () => {
    const before = Date.now();
    const event = await sent({});
    expect(event.event_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const made = parseInt(String(event.event_id).replace('-', '').slice(0, 12), 16);
    expect(new Date(String(event.timestamp)).getTime()).toBe(made);
    expect(made).toBeGreaterThanOrEqual(before);
    expect(made).toBeLessThanOrEqual(Date.now());
  });

  test('keeps its own id and time, given as text, Date or Unix milliseconds', async () => {
    const time = '2026-11-24T06:00:00.123Z';
    const own = await sent({ event_id: 'mine', timestamp: '2026-11-24T06:00:00.123456+01:00' });
    expect(own).toMatchObject({ event_id: 'mine', timestamp: '2026-11-24T06:00:00.123456+01:00' });
    expect((await sent({ timestamp: new Date(time) })).timestamp).toBe(time);
    expect((await sent({ timestamp: Date.parse(time) })).timestamp).toBe(time);
  });

  test('leaves out what is not known', async () => {
    const event = await sent({ user_id: null, session_id: undefined, prompt_id: '', input_tokens: 0 });
    expect(Object.keys(event).sort()).toEqual(
      ['event_id', 'input_tokens', 'model_name', 'model_provider', 'timestamp'].sort(),
    );
  });

  test('sends a cost as a plain decimal, and a bigint count as a number', async () => {
    expect((await sent({ cost_usd: 0.0000001 })).cost_usd).toBe('0.0000001');
    expect((await sent({ cost_usd: 0.1 })).cost_usd).toBe('0.1');
    expect((await sent({ cost_usd: '12.50' })).cost_usd).toBe('12.50');
    expect((await sent({ input_tokens: 7n })).input_tokens).toBe(7);
  });

  test('gets the defaults unless it has its own, metadata merged', async () => {
    const defaults = { project_id: 'checkout', environment: 'test', metadata: { team: 'a', region: 'eu' } };
    const event = await sent({ environment: 'production', metadata: { team: 'b' } }, { defaults });
    expect(event).toMatchObject({ project_id: 'checkout', environment: 'production' });
    expect(event.metadata).toEqual({ team: 'b', region: 'eu' });
  });

  test('is what it was when it was recorded', async () => {
    const { client } = connect(collector);
    const event = { ...CALL, prompt_id: 'before', metadata: { step: 1 } };
    client.record(event);
    event.prompt_id = 'after';
    event.metadata.step = 2;
    await client.shutdown();
    expect(collector.requests[0]?.events[0]).toMatchObject({ prompt_id: 'before', metadata: { step: 1 } });
  });
});

describe('record() never throws', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const throwing = {
    get model_name(): string {
      throw new Error('no');
    },
  };
  const proxy = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('trap');
      },
    },
  );
  const toJSON = {
    toJSON: () => {
      throw new Error('json');
    },
  };
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'invalid'],
    ['null', null, 'invalid'],
    ['a string', 'gpt-4o', 'invalid'],
    ['a symbol', Symbol('x'), 'invalid'],
    ['an array', [CALL], 'invalid'],
    ['a getter that throws', throwing, 'invalid'],
    ['a proxy that throws', proxy, 'invalid'],
    ['a cycle', { ...CALL, metadata: circular }, 'not_serialisable'],
    ['a bigint in metadata', { ...CALL, metadata: { big: 1n } }, 'not_serialisable'],
    ['a toJSON that throws', { ...CALL, metadata: { toJSON } }, 'not_serialisable'],
    ['an invalid date', { ...CALL, timestamp: new Date(NaN) }, 'not_serialisable'],
  ])('on %s, which is dropped alone and counted', async (_name, garbage, reason) => {
    const { client, drops } = connect(collector);
    client.record(CALL);
    client.record(garbage as never);
    client.record(CALL);
    expect(await client.flush()).toEqual({ sent: 2, remaining: 0 });
    expect(client.stats()).toMatchObject({ recorded: 3, accepted: 2, dropped: 1, queued: 0 });
    expect(drops).toMatchObject([{ count: 1, reason }]);
    await client.shutdown();
  });

  test('and counts exactly what a full queue turned away', async () => {
    collector.faults.push(answers(503));
    const { client, drops } = connect(collector, { maxQueueSize: 10 });
    const taken = Array.from({ length: 25 }, () => client.record(CALL));
    expect(taken.filter(Boolean)).toHaveLength(10);
    expect(client.stats()).toMatchObject({ recorded: 25, queued: 10, dropped: 15 });
    expect(await client.flush()).toEqual({ sent: 10, remaining: 0 });
    expect(drops).toEqual([{ count: 15, reason: 'queue_full', detail: '10 events were waiting' }]);
    expect(client.record(CALL)).toBe(true);
    await client.shutdown();
    expect(client.stats()).toMatchObject({ recorded: 26, accepted: 11, dropped: 15, queued: 0 });
  });
});

describe('initialize()', () => {
  const options = { baseUrl: 'http://127.0.0.1:9', apiKey: 'k' };

  test('does not mind a collector that is away', async () => {
    const client = new PromptOpsClient(options);
    expect(await client.initialize()).toBe(client);
    await client.shutdown();
  });

  test.each<[string, object, RegExp]>([
    ['no address', { apiKey: 'k' }, /baseUrl is missing/],
    ['no key', { baseUrl: options.baseUrl }, /apiKey is missing/],
    ['a wrong address', { ...options, baseUrl: 'localhost:8080' }, /baseUrl must be an http/],
    ['a wrong path', { ...options, telemetryEndpoint: 'v1/x' }, /telemetryEndpoint must be/],
    ['a wrong number', { ...options, batchSize: 0 }, /batchSize must be a whole number/],
    ['an unknown option', { ...options, batchsize: 5 }, /batchsize is not an option/],
    ['a wrong default', { ...options, defaults: { team: 'x' } }, /defaults.team is not a field/],
  ])('says what is wrong with %s', async (_name, given, message) => {
    const client = new PromptOpsClient(given as ClientOptions);
    await expect(client.initialize()).rejects.toThrow(message);
  });

  test('says that the options are missing', async () => {
    const client = new PromptOpsClient(undefined as unknown as ClientOptions);
    await expect(client.initialize()).rejects.toThrow(/must be an object/);
  });

  test('names every mistake at once and never shows the key', async () => {
    const client = new PromptOpsClient({ baseUrl: 'x', apiKey: 'sec ret', batchSize: -1 });
    await expect(client.initialize()).rejects.toThrow(/baseUrl.*apiKey.*batchSize/);
    await expect(client.initialize()).rejects.not.toThrow(/sec ret/);
  });

  test('a client that is wrong counts what it cannot send, and still runs tracked functions', async () => {
    const drops: unknown[] = [];
    const client = new PromptOpsClient({ apiKey: 'k', onDrop: (drop) => drops.push(drop) } as ClientOptions);
    expect(client.record(CALL)).toBe(false);
    expect(await client.track(CALL, () => 42)).toBe(42);
    await client.shutdown();
    expect(client.stats()).toMatchObject({ recorded: 2, dropped: 2 });
    expect(drops).toMatchObject([{ count: 2, reason: 'misconfigured' }]);
  });

  test('with telemetry off nothing is needed, nothing is kept, and the work is done', async () => {
    const client = new PromptOpsClient({ enableTelemetry: false } as ClientOptions);
    await client.initialize();
    expect(client.record(CALL)).toBe(false);
    expect(await client.track(CALL, () => Promise.resolve('answer'))).toBe('answer');
    expect(await client.flush()).toEqual({ sent: 0, remaining: 0 });
    expect(client.stats().recorded).toBe(0);
  });
});
