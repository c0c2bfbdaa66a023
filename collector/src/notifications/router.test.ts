import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { NoticeKind } from '../alerts/notices.ts';
import type { Alert } from './alert-change.ts';
import { MAX_ALERTS_PER_MESSAGE, routeChanges } from './router.ts';
import { NotificationBench } from './test-tenant.ts';

let bench: NotificationBench;
beforeAll(async () => {
  bench = await NotificationBench.start();
});
afterAll(() => bench.close());

const URL_OF_NOBODY = 'http://127.0.0.1:9/';
const route = () => routeChanges(bench.pool, bench.now());
/** Which channel is told of which alerts, one entry a message. */
const messages = async (tenantId: string) =>
  (await bench.deliveries(tenantId)).map(({ channel, alerts }) => [
    channel.channel_id,
    alerts.map(({ alert_id }) => alert_id),
  ]);
const unrouted = async (tenantId: string) =>
  (
    await bench.pool.query<{ alert_id: number; reason: string }>(
      'SELECT alert_id, reason FROM notification_unrouted WHERE tenant_id = $1 ORDER BY outbox_id',
      [tenantId],
    )
  ).rows;
const change = (tenantId: string, fields: Partial<Alert> = {}, kind?: NoticeKind) =>
  bench.change(tenantId, fields, kind);

test('without any channel nothing is sent, and that is noted', async () => {
  const tenant = await bench.tenant();
  await change(tenant);
  expect(await route()).toEqual({ changes: 1, messages: 0, unrouted: { no_channel: 1 } });
  expect(await messages(tenant)).toEqual([]);
  expect(await unrouted(tenant)).toEqual([{ alert_id: 7, reason: 'no_channel' }]);
  expect(await route()).toEqual({ changes: 0, messages: 0, unrouted: {} });
});

test('without any route every channel is told of alerts of severity medium and above', async () => {
  const tenant = await bench.tenant();
  const [one, two] = [await bench.webhook(tenant, URL_OF_NOBODY), await bench.webhook(tenant, URL_OF_NOBODY)];
  await bench.webhook(tenant, URL_OF_NOBODY, { enabled: false });
  for (const [index, severity] of (['low', 'medium', 'high', 'critical'] as const).entries())
    await change(tenant, { alert_id: index, severity });
  await route();
  expect(await messages(tenant)).toEqual([
    [one, [1, 2, 3]],
    [two, [1, 2, 3]],
  ]);
  expect(await unrouted(tenant)).toEqual([{ alert_id: 0, reason: 'below_default_severity' }]);
});

test('alerts go by severity, type, rule and member; what no route is about is noted', async () => {
  const tenant = await bench.tenant();
  const [pager, chat, team] = [
    await bench.webhook(tenant, URL_OF_NOBODY),
    await bench.webhook(tenant, URL_OF_NOBODY),
    await bench.webhook(tenant, URL_OF_NOBODY),
  ];
  await bench.route(tenant, { channel_ids: [pager], severities: ['critical'], continue: true });
  await bench.route(tenant, { channel_ids: [team], filters: { project_id: { in: ['search'] } } });
  await bench.route(tenant, {
    channel_ids: [chat],
    alert_types: ['budget', 'unpriced'],
    severities: ['medium', 'high', 'critical'],
  });
  await bench.route(tenant, { channel_ids: [chat], rule_ids: [42] });
  await bench.route(tenant, { channel_ids: [chat], severities: ['low'], enabled: false });
  await change(tenant, { alert_id: 1, severity: 'critical', alert_type: 'budget' }); // pager, and on to chat
  await change(tenant, {
    alert_id: 2,
    severity: 'critical',
    group: { dimension: 'project_id', member: 'search' },
  }); // pager, then team
  await change(tenant, {
    alert_id: 3,
    severity: 'low',
    group: { dimension: 'project_id', member: 'search' },
  }); // team
  await change(tenant, { alert_id: 4, severity: 'low', group: null, rule_id: 42 }); // chat
  await change(tenant, {
    alert_id: 5,
    severity: 'low',
    group: { dimension: 'model_name', member: 'search' },
  }); // nobody
  await change(tenant, { alert_id: 6, severity: 'low', rule_id: null }); // nobody
  await route();
  expect(await messages(tenant)).toEqual([
    [pager, [1, 2]],
    [chat, [1]],
    [team, [2, 3]],
    [chat, [4]],
  ]);
  expect((await unrouted(tenant)).map(({ alert_id, reason }) => [alert_id, reason])).toEqual([
    [5, 'no_route'],
    [6, 'no_route'],
  ]);
});

test('the position decides which route is asked first', async () => {
  const tenant = await bench.tenant();
  const [one, two] = [await bench.webhook(tenant, URL_OF_NOBODY), await bench.webhook(tenant, URL_OF_NOBODY)];
  await bench.route(tenant, { channel_ids: [one], position: 20 });
  await bench.route(tenant, { channel_ids: [two], position: 10 });
  await change(tenant);
  await route();
  expect(await messages(tenant)).toEqual([[two, [7]]]);
});

test('a channel that two routes lead to is told once', async () => {
  const tenant = await bench.tenant();
  const channel = await bench.webhook(tenant, URL_OF_NOBODY);
  await bench.route(tenant, { channel_ids: [channel], continue: true });
  await bench.route(tenant, { channel_ids: [channel] });
  await change(tenant);
  await route();
  expect(await messages(tenant)).toEqual([[channel, [7]]]);
});

test('a route may leave out reminders and ends', async () => {
  const tenant = await bench.tenant();
  const channel = await bench.webhook(tenant, URL_OF_NOBODY);
  await bench.route(tenant, { channel_ids: [channel], send_reminders: false, send_resolved: false });
  for (const kind of ['firing', 'renotify', 'resolved'] as const) await change(tenant, {}, kind);
  await route();
  expect((await bench.deliveries(tenant)).flatMap(({ alerts }) => alerts.map(({ event }) => event))).toEqual([
    'firing',
  ]);
  expect(await unrouted(tenant)).toEqual([]);
});

test('a route whose channels are all switched off tells nobody, and that is noted', async () => {
  const tenant = await bench.tenant();
  const channel = await bench.webhook(tenant, URL_OF_NOBODY, { enabled: false });
  await bench.route(tenant, { channel_ids: [channel] });
  await change(tenant);
  await route();
  expect(await unrouted(tenant)).toEqual([{ alert_id: 7, reason: 'channels_disabled' }]);
});

test('what comes within the waiting time is one message, what comes later another', async () => {
  const tenant = await bench.tenant();
  const channel = await bench.webhook(tenant, URL_OF_NOBODY);
  await bench.route(tenant, { channel_ids: [channel], group_wait_seconds: 30 });
  await change(tenant, { alert_id: 1 });
  await route();
  bench.nowMs += 29_000;
  await change(tenant, { alert_id: 2 });
  await route();
  bench.nowMs += 2_000;
  await change(tenant, { alert_id: 3 });
  await route();
  expect(await messages(tenant)).toEqual([
    [channel, [1, 2]],
    [channel, [3]],
  ]);
  const [first] = await bench.deliveries(tenant);
  // Counted from the first: a steady trickle must not put a message off for ever.
  expect(Date.parse(first?.next_attempt_at ?? '') - Date.parse(first?.created_at ?? '')).toBe(30_000);
});

test('alerts are told apart by what a route groups by', async () => {
  const tenant = await bench.tenant();
  const channel = await bench.webhook(tenant, URL_OF_NOBODY);
  await bench.route(tenant, { channel_ids: [channel], group_by: ['rule', 'severity'] });
  await change(tenant, { alert_id: 1, rule_id: 1 });
  await change(tenant, { alert_id: 2, rule_id: 2 });
  await change(tenant, { alert_id: 3, rule_id: 1, group: null });
  await change(tenant, { alert_id: 4, rule_id: 1, severity: 'low' });
  await route();
  expect(await messages(tenant)).toEqual([
    [channel, [1, 3]],
    [channel, [2]],
    [channel, [4]],
  ]);
});

test('a message has a bound', async () => {
  const tenant = await bench.tenant();
  await bench.webhook(tenant, URL_OF_NOBODY);
  for (let index = 0; index < MAX_ALERTS_PER_MESSAGE + 5; index += 1)
    await change(tenant, { alert_id: index });
  await route();
  await change(tenant, { alert_id: 999 });
  await route();
  expect((await bench.deliveries(tenant)).map(({ alerts }) => alerts.length)).toEqual([
    MAX_ALERTS_PER_MESSAGE,
    6,
  ]);
});

test('two replicas that route at the same moment make each message once', async () => {
  const tenant = await bench.tenant();
  await bench.webhook(tenant, URL_OF_NOBODY);
  for (let index = 0; index < 40; index += 1) await change(tenant, { alert_id: index });
  await Promise.all(Array.from({ length: 6 }, route));
  await route();
  const deliveries = await bench.deliveries(tenant);
  expect(
    deliveries.flatMap(({ alerts }) => alerts.map(({ alert_id }) => alert_id)).sort((a, b) => a - b),
  ).toEqual(Array.from({ length: 40 }, (_, index) => index));
  expect(deliveries).toHaveLength(1);
});

test('a change that is put back into the outbox makes no second message', async () => {
  const tenant = await bench.tenant();
  await bench.webhook(tenant, URL_OF_NOBODY);
  await change(tenant);
  await route();
  bench.nowMs += 60_000;
  await bench.pool.query('UPDATE alert_outbox SET routed_at = NULL WHERE tenant_id = $1', [tenant]);
  expect(await route()).toMatchObject({ changes: 1, messages: 0 });
  expect(await bench.deliveries(tenant)).toHaveLength(1);
});

test('tenants’ alerts go to their own channels', async () => {
  const [one, two] = [await bench.tenant(), await bench.tenant()];
  const [channelOfOne, channelOfTwo] = [
    await bench.webhook(one, URL_OF_NOBODY),
    await bench.webhook(two, URL_OF_NOBODY),
  ];
  await bench.route(two, { channel_ids: [channelOfTwo], severities: ['critical'] });
  await change(one, { alert_id: 1 });
  await change(two, { alert_id: 1, severity: 'critical' });
  await route();
  expect([await messages(one), await messages(two)]).toEqual([[[channelOfOne, [1]]], [[channelOfTwo, [1]]]]);
  await expect(bench.route(two, { channel_ids: [channelOfOne] })).rejects.toThrow(/no notification channel/);
});
