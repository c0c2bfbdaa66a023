import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { claimDeliveries, giveUpOld, LEASE_MS, settleDelivery, type Claim } from './delivery-claims.ts';
import { findChannel, readDestination } from './channel-store.ts';
import { retryDelivery } from './delivery-log.ts';
import { NotificationBench } from './test-tenant.ts';
import { startReceiver, type Receiver } from './testing.ts';

const HOUR_MS = 3_600_000;
let bench: NotificationBench;
let receiver: Receiver;
beforeAll(async () => {
  bench = await NotificationBench.start();
});
afterAll(() => bench.close());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  // What one test left behind is nothing to the next.
  await bench.pool.query(
    `UPDATE notification_deliveries SET status = 'dead', next_attempt_at = NULL WHERE status <> 'delivered'`,
  );
});

const after = (ms: number): void => void (bench.nowMs += ms);
const keys = (): unknown[] => receiver.received.map(({ headers }) => headers['idempotency-key']);
/** What was told of which alert, in the order in which it came. */
const told = (): string[] =>
  receiver.received.flatMap(({ body }) =>
    (JSON.parse(body) as { alerts: { alert_id: number; event: string }[] }).alerts.map(
      ({ alert_id, event }) => `${alert_id} ${event}`,
    ),
  );
/** Routes, waits for the group, sends. */
async function deliver(worker = bench.worker()): Promise<void> {
  await worker.round();
  after(6_000);
  await worker.round();
}

test('an alert is told when its group has gathered, and the log says so', async () => {
  const tenant = await bench.tenant();
  await bench.webhook(tenant, `${receiver.url}/hook`);
  const worker = bench.worker();
  await bench.change(tenant);
  await worker.round();
  expect(receiver.received).toEqual([]);
  after(5_000);
  await worker.round();
  expect(told()).toEqual(['7 firing']);
  expect(await bench.deliveries(tenant)).toMatchObject([
    {
      status: 'delivered',
      attempts: 1,
      response_status: 200,
      last_error: null,
      delivered_at: bench.now().toISOString(),
      next_attempt_at: null,
      idempotency_key: keys()[0],
      alerts: [
        { alert_id: 7, event: 'firing', rule_name: 'Error rate', severity: 'high', member: 'checkout' },
      ],
      attempt_log: [
        { at: bench.now().toISOString(), outcome: 'delivered', response_status: 200, error: null },
      ],
    },
  ]);
});

test('two replicas send each message once', async () => {
  const tenants = [await bench.tenant(), await bench.tenant(), await bench.tenant()];
  for (const tenant of tenants) {
    for (let index = 0; index < 3; index += 1) {
      const channel = await bench.webhook(tenant, `${receiver.url}/${tenant}`);
      await bench.route(tenant, { channel_ids: [channel], group_by: ['rule'], continue: true });
    }
    for (let rule = 1; rule <= 5; rule += 1) await bench.change(tenant, { alert_id: rule, rule_id: rule });
  }
  const workers = [bench.worker(), bench.worker()];
  await Promise.all(workers.map((worker) => worker.round()));
  after(6_000);
  await Promise.all(workers.map((worker) => worker.round()));
  expect(receiver.received).toHaveLength(3 * 3 * 5);
  expect(new Set(keys()).size).toBe(3 * 3 * 5);
});

describe('a replica that dies between sending and writing it down', () => {
  async function dieAfterSending(): Promise<{ tenant: string; claim: Claim }> {
    const tenant = await bench.tenant();
    await bench.webhook(tenant, `${receiver.url}/hook`);
    await bench.change(tenant);
    await bench.worker().round();
    after(6_000);
    const [claim] = await claimDeliveries(bench.pool, randomUUID(), 8, bench.now());
    if (!claim) throw new Error('There is nothing to claim.');
    await bench.sender.send(await readDestination(bench.pool, bench.keeper, claim.channel), claim.message);
    expect(receiver.received).toHaveLength(1);
    return { tenant, claim };
  }

  test('its message is sent again by another one, with the same key and the same body', async () => {
    const { tenant } = await dieAfterSending();
    after(LEASE_MS - 1_000);
    await bench.worker().round();
    expect(receiver.received).toHaveLength(1);
    after(2_000);
    await bench.worker().round();
    const [first, second] = receiver.received;
    expect([keys()[0], second?.body]).toEqual([keys()[1], first?.body]);
    expect(await bench.deliveries(tenant)).toMatchObject([{ status: 'delivered', attempts: 2 }]);
    after(10 * LEASE_MS);
    await bench.worker().round();
    expect(receiver.received).toHaveLength(2);
  });

  test('and if it was only slow, its word does not count any more', async () => {
    const { tenant, claim } = await dieAfterSending();
    after(LEASE_MS + 1_000);
    await bench.worker().round();
    expect(
      await settleDelivery(
        bench.pool,
        claim,
        { kind: 'dead', error: 'late', responseStatus: 400 },
        1,
        bench.now(),
      ),
    ).toBeUndefined();
    expect(await bench.deliveries(tenant)).toMatchObject([{ status: 'delivered', last_error: null }]);
  });
});

describe('a receiver that fails', () => {
  test('gets the message again, later and later, until it takes it', async () => {
    const tenant = await bench.tenant();
    await bench.webhook(tenant, `${receiver.url}/hook`);
    receiver.answer = (response, _request, count) => response.writeHead(count < 4 ? 503 : 200).end();
    await bench.change(tenant);
    await deliver();
    const waits: number[] = [];
    for (let look = 0; look < 100 && receiver.received.length < 4; look += 1) {
      const [{ next_attempt_at: next, status } = { next_attempt_at: null, status: '' }] =
        await bench.deliveries(tenant);
      expect(status).toBe('failed');
      waits.push(Date.parse(next ?? '') - bench.nowMs);
      after(waits.at(-1) ?? 0);
      await bench.worker().round();
      // The channel may be paused beyond the message's own time.
      for (let pause = 0; pause < 100 && receiver.received.length < waits.length + 1; pause += 1) {
        after(5_000);
        await bench.worker().round();
      }
    }
    const [base0 = 0, base1 = 0, base2 = 0] = waits;
    for (const [wait, base] of [
      [base0, 5_000],
      [base1, 10_000],
      [base2, 20_000],
    ] as const) {
      expect(wait).toBeGreaterThanOrEqual(base * 0.75);
      expect(wait).toBeLessThanOrEqual(base * 1.25);
    }
    expect(new Set(keys()).size).toBe(1);
    expect(await bench.deliveries(tenant)).toMatchObject([{ status: 'delivered', attempts: 4 }]);
  });

  test('is given up after a day, with the reason', async () => {
    const tenant = await bench.tenant();
    await bench.webhook(tenant, `${receiver.url}/hook`);
    receiver.answer = (response) => response.writeHead(500).end();
    await bench.change(tenant);
    await deliver();
    const begun = bench.nowMs;
    for (let hour = 0; hour < 26; hour += 0.25) {
      after(HOUR_MS / 4);
      await bench.worker().round();
    }
    const [delivery] = await bench.deliveries(tenant);
    expect(delivery).toMatchObject({
      status: 'dead',
      next_attempt_at: null,
      last_error: expect.stringMatching(/answered 500/),
      response_status: 500,
    });
    expect(Date.parse(delivery?.last_attempt_at ?? '') - begun).toBeGreaterThan(22 * HOUR_MS);
    expect(receiver.received.length).toBeGreaterThan(20);
    expect(receiver.received.length).toBeLessThan(45);
    expect(delivery?.attempt_log).toHaveLength(20);
  });

  test('is left alone as long as it asks for, with everything', async () => {
    const tenant = await bench.tenant();
    const channel = await bench.webhook(tenant, `${receiver.url}/hook`);
    await bench.route(tenant, { channel_ids: [channel], group_by: ['rule'], group_wait_seconds: 0 });
    receiver.answer = (response, _request, count) =>
      count === 1 ? response.writeHead(429, { 'retry-after': '600' }).end() : response.end('ok');
    await bench.change(tenant, { alert_id: 1, rule_id: 1 });
    await bench.change(tenant, { alert_id: 2, rule_id: 2 });
    await bench.worker().round();
    after(590_000);
    await bench.worker().round();
    expect(receiver.received).toHaveLength(1);
    after(20_000);
    await bench.worker().round();
    expect(told()).toEqual(['1 firing', '1 firing', '2 firing']);
  });

  test('for good gets the message once, and the log says why', async () => {
    const tenant = await bench.tenant();
    const channelId = await bench.webhook(tenant, `${receiver.url}/hook`);
    receiver.answer = (response) => response.writeHead(410).end();
    await bench.change(tenant);
    await deliver();
    after(HOUR_MS);
    await bench.worker().round();
    expect(receiver.received).toHaveLength(1);
    expect(await bench.deliveries(tenant)).toMatchObject([
      {
        status: 'dead',
        attempts: 1,
        response_status: 410,
        last_error: 'The receiver answered 410: it will not take this message.',
      },
    ]);
    // The next message is tried all the same.
    expect((await findChannel(bench.pool, tenant, channelId)).health).toMatchObject({
      consecutiveFailures: 1,
      pausedUntil: null,
    });
  });

  test('delays no other channel, and is asked ever more seldom', async () => {
    const [dead, well] = [await bench.tenant(), await bench.tenant()];
    const unwell = await bench.webhook(dead, `${receiver.url}/dead`);
    await bench.route(dead, { channel_ids: [unwell], group_by: ['rule'], group_wait_seconds: 0 });
    await bench.webhook(well, `${receiver.url}/well`);
    // Never answers.
    receiver.answer = (response, { path }) => {
      if (path === '/well') response.end('ok');
    };
    const sender = bench.worker();
    for (let rule = 1; rule <= 20; rule += 1) await bench.change(dead, { alert_id: rule, rule_id: rule });
    await bench.change(well, { alert_id: 1 });
    await sender.round();
    after(6_000);
    await sender.round();
    const at = (path: string): number => receiver.received.filter((one) => one.path === path).length;
    expect(at('/well')).toBe(1);
    // Three failures in a row of twenty messages, and it is left alone.
    expect(at('/dead')).toBe(3);
    expect((await findChannel(bench.pool, dead, unwell)).health.pausedUntil?.getTime()).toBeGreaterThan(
      bench.nowMs,
    );
    after(10_000);
    await sender.round();
    expect(at('/dead')).toBe(3);
    after(60_000);
    await sender.round();
    expect(at('/dead')).toBe(4);
    // Well again: everything comes, each once.
    receiver.answer = (response) => response.end('ok');
    const before = receiver.received.length;
    for (let minute = 0; minute < 90; minute += 1) {
      after(60_000);
      await sender.round();
    }
    const since = receiver.received.slice(before).map(({ headers }) => headers['idempotency-key']);
    expect([since.length, new Set(since).size]).toEqual([20, 20]);
    expect((await bench.deliveries(dead)).every(({ status }) => status === 'delivered')).toBe(true);
  });
});

test('the end of an alert is not told before its beginning', async () => {
  const tenant = await bench.tenant();
  const channel = await bench.webhook(tenant, `${receiver.url}/hook`);
  await bench.route(tenant, { channel_ids: [channel], group_by: ['rule', 'member'], group_wait_seconds: 0 });
  receiver.answer = (response, _request, count) => response.writeHead(count === 1 ? 503 : 200).end();
  await bench.change(tenant, { alert_id: 1 });
  await bench.worker().round();
  await bench.change(tenant, { alert_id: 1 }, 'resolved');
  await bench.change(tenant, { alert_id: 2, rule_id: 9 });
  await bench.worker().round();
  // Another alert's message does not wait.
  expect(told()).toEqual(['1 firing', '2 firing']);
  after(10_000);
  await bench.worker().round();
  expect(told()).toEqual(['1 firing', '2 firing', '1 firing', '1 resolved']);
});

test('an alert that fires and ends while its message waits is told once, as ended', async () => {
  const tenant = await bench.tenant();
  await bench.webhook(tenant, `${receiver.url}/hook`);
  await bench.change(tenant);
  await bench.change(tenant, {}, 'resolved');
  await deliver();
  expect(told()).toEqual(['7 resolved']);
});

test('one receiver has one message at a time', async () => {
  const tenant = await bench.tenant();
  const channel = await bench.webhook(tenant, `${receiver.url}/hook`);
  await bench.route(tenant, { channel_ids: [channel], group_by: ['rule'], group_wait_seconds: 0 });
  let open = 0;
  let most = 0;
  receiver.answer = (response) => {
    most = Math.max(most, (open += 1));
    setImmediate(() => {
      open -= 1;
      response.end('ok');
    });
  };
  for (let rule = 1; rule <= 10; rule += 1) await bench.change(tenant, { alert_id: rule, rule_id: rule });
  const workers = [bench.worker(), bench.worker(), bench.worker()];
  for (let round = 0; round < 3; round += 1) await Promise.all(workers.map((worker) => worker.round()));
  expect([receiver.received.length, most]).toEqual([10, 1]);
});

test('a message that was given up can be sent by hand, with the same key', async () => {
  const tenant = await bench.tenant();
  await bench.webhook(tenant, `${receiver.url}/hook`);
  receiver.answer = (response, _request, count) => response.writeHead(count === 1 ? 404 : 200).end();
  await bench.change(tenant);
  await deliver();
  const [{ delivery_id: id } = { delivery_id: 0 }] = await bench.deliveries(tenant);
  bench.nowMs = Date.now();
  expect(await retryDelivery(bench.pool, tenant, id)).toMatchObject({ status: 'failed' });
  bench.nowMs = Date.now() + 1_000;
  await bench.worker().round();
  expect(await bench.deliveries(tenant)).toMatchObject([{ status: 'delivered', attempts: 2 }]);
  expect(new Set(keys()).size).toBe(1);
  await expect(retryDelivery(bench.pool, tenant, id)).rejects.toThrow('The message was delivered.');
  await expect(retryDelivery(bench.pool, await bench.tenant(), id)).rejects.toThrow(
    /no notification delivery/,
  );
});

test('what waits behind a dead receiver for a day is given up', async () => {
  const tenant = await bench.tenant();
  await bench.webhook(tenant, `${receiver.url}/hook`);
  await bench.change(tenant);
  await bench.worker().round();
  expect(await giveUpOld(bench.pool, bench.now())).toBe(0);
  after(25 * HOUR_MS);
  expect(await giveUpOld(bench.pool, bench.now())).toBe(1);
  expect(await bench.deliveries(tenant)).toMatchObject([
    { status: 'dead', attempts: 0, last_error: 'It could not be sent in time.' },
  ]);
});

test('the log goes back 90 days', async () => {
  const tenant = await bench.tenant();
  await bench.webhook(tenant, `${receiver.url}/hook`);
  await bench.change(tenant);
  await deliver();
  after(89 * 24 * HOUR_MS);
  await bench.worker().round();
  expect(await bench.deliveries(tenant)).toHaveLength(1);
  after(2 * 24 * HOUR_MS);
  await bench.worker().round();
  expect(await bench.deliveries(tenant)).toHaveLength(0);
});

test('secrets are not in the log of the process, nor in the log of deliveries', async () => {
  const tenant = await bench.tenant();
  await bench.webhook(tenant, `${receiver.url}/hook/hush-in-the-path?token=hush`);
  receiver.answer = (response, _request, count) =>
    count === 1 ? void response.socket?.resetAndDestroy() : void response.writeHead(400).end('hush');
  await bench.change(tenant);
  await deliver();
  after(60_000);
  await bench.worker().round();
  expect(receiver.received).toHaveLength(2);
  const everything = JSON.stringify([bench.logged, await bench.deliveries(tenant)]);
  expect(everything).toContain('notification not sent');
  expect(everything).not.toMatch(/hush|sixteen-characters/);
});

test('tries are counted by type and outcome', async () => {
  const { values } = (await bench.registry
    .getSingleMetric('promptops_notification_attempts_total')
    ?.get()) ?? { values: [] };
  const of = (outcome: string): number =>
    values.find(({ labels }) => labels['type'] === 'webhook' && labels['outcome'] === outcome)?.value ?? 0;
  expect([of('delivered') > 0, of('failed') > 0, of('dead') > 0]).toEqual([true, true, true]);
});
