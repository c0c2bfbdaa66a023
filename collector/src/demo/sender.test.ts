import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeCollector } from './fake-collector.ts';
import { generateHistory } from './history.ts';
import { sendDemo, SendError, type RejectedItem, type SendOptions } from './sender.ts';
import type { UsageEvent } from './usage-event.ts';
import { DEMO_WORKSPACES } from './workspaces.ts';

const [workspace] = DEMO_WORKSPACES;
if (!workspace) throw new Error('no workspaces');
const events = [
  ...generateHistory({
    seed: 7,
    nowMs: Date.parse('2026-11-24T11:00:00Z'),
    days: 2,
    eventsPerDay: 500,
    workspace,
  }),
].slice(0, 1_000);
const ids = events.map(({ event_id }) => event_id);

let collector: FakeCollector;
beforeEach(async () => {
  collector = new FakeCollector();
  await collector.listen();
});
afterEach(() => collector.close());

function options(overrides: Partial<SendOptions> = {}): SendOptions {
  return {
    baseUrl: collector.baseUrl,
    apiKey: 'po_demo',
    events,
    batchSize: 100,
    retry: { attempts: 5, firstDelayMs: 2, mostDelayMs: 10 },
    ...overrides,
  };
}

describe('the sender', () => {
  test('sends every event once and adds up the answers', async () => {
    const progress: number[] = [];
    const result = await sendDemo(options({ onProgress: ({ received }) => progress.push(received) }));
    expect(result).toEqual({
      received: 1_000,
      accepted: 1_000,
      duplicate: 0,
      rejected: 0,
      errors: [],
      retries: 0,
      unanswered: 0,
      complete: true,
    });
    expect(
      collector
        .eventsOf('po_demo')
        .map(({ event_id }) => event_id)
        .sort(),
    ).toEqual(ids);
    expect(collector.requests).toBe(10);
    expect(collector.mostAtOnce).toBeLessThanOrEqual(2);
    expect(progress).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]);
  });

  test('is told that a second run is all duplicates', async () => {
    await sendDemo(options());
    expect(await sendDemo(options())).toMatchObject({ received: 1_000, accepted: 0, duplicate: 1_000 });
  });

  test('loses and doubles nothing when the collector is busy, restarts or drops the connection', async () => {
    collector.faults.push(
      { status: 503 },
      { reset: 'before' },
      { status: 429, retryAfter: '0' },
      { reset: 'after' },
      { status: 500 },
      { reset: 'after' },
    );
    const result = await sendDemo(options());
    expect(
      collector
        .eventsOf('po_demo')
        .map(({ event_id }) => event_id)
        .sort(),
    ).toEqual(ids);
    expect(result).toMatchObject({ received: 1_000, rejected: 0, retries: 6, complete: true });
    expect(result.accepted + result.duplicate).toBe(1_000);
    // Both lost answers may have been to one batch.
    expect([100, 200]).toContain(result.duplicate);
  });

  test.each([
    ['seconds', () => '7', 7_000],
    ['a date', () => new Date(Date.now() + 20_000).toUTCString(), 20_000],
    ['more seconds than anyone waits', () => '86400', 60_000],
  ])('waits as long as Retry-After says in %s', async (_form, header, expectedMs) => {
    collector.faults.push({ status: 429, retryAfter: header() });
    const waits: number[] = [];
    const wait = (milliseconds: number): Promise<void> => {
      waits.push(milliseconds);
      return Promise.resolve();
    };
    const result = await sendDemo(options({ events: events.slice(0, 10), wait }));
    expect(result).toMatchObject({ accepted: 10, retries: 1 });
    expect(waits).toHaveLength(1);
    expect(Math.abs((waits[0] ?? 0) - expectedMs)).toBeLessThan(2_500);
  });

  test('says which items were rejected and why, and stores their neighbours', async () => {
    const [first, second] = [events[150], events[731]] as [UsageEvent, UsageEvent];
    const bad = new Set([first.event_id, second.event_id]);
    collector.reject = ({ event_id }) =>
      bad.has(event_id) ? { field: 'model_name', reason: 'is not to our taste' } : undefined;
    const told: RejectedItem[] = [];
    const result = await sendDemo(options({ concurrency: 1, onRejected: (item) => told.push(item) }));
    expect(result).toMatchObject({ received: 1_000, accepted: 998, rejected: 2 });
    expect(result.errors).toEqual([
      { index: 150, eventId: first.event_id, field: 'model_name', reason: 'is not to our taste' },
      { index: 731, eventId: second.event_id, field: 'model_name', reason: 'is not to our taste' },
    ]);
    expect(told).toEqual(result.errors);
  });

  test('takes the items from the answer to a batch without one good item', async () => {
    collector.faults.push({
      status: 422,
      body: {
        type: 'urn:promptops:problem:events-rejected',
        received: 2,
        accepted: 0,
        duplicate: 0,
        rejected: 2,
        errors: [0, 1].map((index) => ({ index, field: 'timestamp', reason: 'is in the future' })),
      },
    });
    const result = await sendDemo(options({ events: events.slice(0, 2), onRejected: () => undefined }));
    expect(result).toMatchObject({ received: 2, accepted: 0, rejected: 2, complete: true });
  });

  test('gives up with a sentence when the key is refused, without a second try', async () => {
    collector.faults.push({ status: 401, body: { detail: 'This API key is not known.' } });
    const sending = sendDemo(options({ concurrency: 1 }));
    await expect(sending).rejects.toThrow(SendError);
    await expect(sending).rejects.toThrow(/status 401, This API key is not known\. The demo needs a key/);
    expect(collector.requests).toBe(1);
  });

  test('gives up after its attempts with the reason', async () => {
    collector.faults.push(...Array.from({ length: 5 }, () => ({ status: 503 })));
    await expect(sendDemo(options({ concurrency: 1 }))).rejects.toThrow(
      /in 5 attempts: status 503, Come back later/,
    );
    const away = sendDemo(options({ baseUrl: 'http://127.0.0.1:1' }));
    await expect(away).rejects.toThrow(/npm start/);
  });

  test('does not take any server for a collector', async () => {
    collector.faults.push({ status: 200, body: { hello: 'world' } });
    await expect(sendDemo(options({ concurrency: 1 }))).rejects.toThrow(/is not a collector/);
  });

  test('begins nothing new after the signal, and counts what is on its way', async () => {
    const stop = new AbortController();
    const result = await sendDemo(
      options({
        signal: stop.signal,
        onProgress: ({ received }) => {
          if (received >= 300) stop.abort();
        },
      }),
    );
    expect(result.complete).toBe(false);
    expect(result.received).toBeGreaterThanOrEqual(300);
    expect(result.received).toBeLessThanOrEqual(400);
    expect(collector.eventsOf('po_demo')).toHaveLength(result.received);
  });

  test('stops trying again after the signal, and says how many events had no answer', async () => {
    const stop = new AbortController();
    const patient = { attempts: Infinity, firstDelayMs: 60_000, mostDelayMs: 60_000 };
    const sending = sendDemo(
      options({ baseUrl: 'http://127.0.0.1:1', signal: stop.signal, concurrency: 1, retry: patient }),
    );
    stop.abort();
    expect(await sending).toMatchObject({ received: 0, unanswered: 100, complete: false });
  });
});
