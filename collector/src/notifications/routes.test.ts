import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Static } from 'typebox';
import { startTestCollector, type TestCollector } from '../testing/test-collector.ts';
import type { ChannelSchema } from './channel-draft.ts';
import type { Delivery } from './delivery-log.ts';
import { TESTS_PER_MINUTE } from './test-message.ts';
import { startReceiver, testAlert, type Receiver } from './testing.ts';

type ChannelAnswer = Static<typeof ChannelSchema>;
const CHANNELS = '/v1/analytics/notification-channels';
const ROUTES = '/v1/analytics/notification-routes';
const DELIVERIES = '/v1/analytics/notification-deliveries';

let collector: TestCollector;
let receiver: Receiver;
let count = 0;
/** Of a tenant of its own in each test. */
let admin: string;
let reader: string;
let tenant: string;

beforeAll(async () => {
  collector = await startTestCollector({
    NOTIFICATION_ALLOWED_NETWORKS: '127.0.0.1',
    SMTP_URL: 'smtp://127.0.0.1:9',
    SMTP_FROM: 'alerts@example.com',
    SECRETS_KEY: 'k'.repeat(32),
    PUBLIC_URL: 'https://llm.example.com',
  });
});
afterAll(() => collector.close());
beforeEach(async () => {
  receiver = await startReceiver();
  tenant = `tenant-${(count += 1)}`;
  await collector.makeTenant(tenant);
  [admin, reader] = [await collector.makeKey(tenant, ['admin']), await collector.makeKey(tenant, ['read'])];
});
afterEach(() => receiver.close());

const send = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object, key = admin) =>
  collector.call({ method, url, key, ...(payload !== undefined && { payload }) });
const webhookBody = (fields: object = {}) => ({
  name: 'Own receiver',
  type: 'webhook',
  settings: { url: `${receiver.url}/hook?token=hush-url`, signing_secret: 'hush-signing-secret' },
  ...fields,
});
const make = async (body: object, url = CHANNELS): Promise<number> => {
  const answer = await send('POST', url, body);
  expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status: 201 });
  const made = answer.json<{ channel_id?: number; route_id?: number }>();
  return made.channel_id ?? made.route_id ?? NaN;
};
const list = async () =>
  (await send('GET', CHANNELS)).json<{
    channels: ChannelAnswer[];
    silence: { changes_last_24_hours: number; reasons: object[] };
  }>();
const alert = (fields: object = {}, kind = 'firing') =>
  collector.pool.query(
    'INSERT INTO alert_outbox (tenant_id, alert_id, kind, dedupe_key, payload) VALUES ($1, $2, $3, $4, $5)',
    [
      tenant,
      testAlert(fields).alert_id,
      kind,
      `${tenant}/${(count += 1)}`,
      JSON.stringify(testAlert({ ...fields, tenant_id: tenant })),
    ],
  );
const deliveries = async (query = '') =>
  (await send('GET', `${DELIVERIES}${query}`)).json<{ deliveries: Delivery[]; next_cursor: string | null }>();
/** Asks until a delivery is as it is waited for; the collector sends by itself. */
async function until(condition: (found: Delivery[]) => boolean): Promise<Delivery[]> {
  for (;;) {
    const { deliveries: found } = await deliveries();
    if (condition(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('a channel', () => {
  test.each([
    [
      'slack',
      { settings: { webhook_url: 'https://hooks.slack.com/services/T0/B0/hush' } },
      { address_origin: 'https://hooks.slack.com' },
    ],
    ['email', { settings: { to: ['ada@example.com'] } }, { to: ['ada@example.com'] }],
    [
      'webhook',
      {
        settings: { url: 'https://example.com:8443/hush?token=hush', signing_secret: 'hush-signing-secret' },
      },
      { address_origin: 'https://example.com:8443' },
    ],
  ])(
    'of type %s is made, shown without what is secret, changed and deleted',
    async (type, fields, settings) => {
      const id = await make({ name: 'On call', type, ...fields });
      const url = `${CHANNELS}/${id}`;
      const changed = await send('PATCH', url, { name: 'Night shift', enabled: false });
      const answers = [await send('GET', url), await send('GET', CHANNELS), changed];
      expect(answers[0]?.json()).toMatchObject({
        channel_id: id,
        name: 'Night shift',
        type,
        enabled: false,
        settings,
        health: { status: 'unknown' },
      });
      for (const answer of answers) expect(answer.body).not.toContain('hush');
      expect((await send('GET', url, undefined, reader)).statusCode).toBe(200);
      expect((await send('DELETE', url)).statusCode).toBe(204);
      expect((await send('GET', url)).statusCode).toBe(404);
    },
  );

  test.each([
    [{ type: 'slack', settings: {} }, /settings.webhook_url: a channel of type slack needs it/],
    [
      { type: 'webhook', settings: { url: 'https://example.com' } },
      /settings.signing_secret: a channel of type webhook needs it/,
    ],
    [
      { type: 'email', settings: { to: ['a@example.com'], url: 'https://x' } },
      /settings.url: a channel of type email has to only/,
    ],
    [
      { type: 'slack', settings: { webhook_url: 'http://10.0.0.1/x' } },
      /settings.webhook_url: 10.0.0.1 is, or resolves to/,
    ],
    [{ type: 'slack', settings: { webhook_url: 'http://0x0a000001/x' } }, /10.0.0.1 is, or resolves to/],
    [{ type: 'slack', settings: { webhook_url: 'https://u:p@example.com/' } }, /must not hold a user/],
    [{ type: 'slack', settings: { webhook_url: 'file:///etc/passwd' } }, /must start with https/],
    [{ type: 'email', settings: { to: ['a@example.com\r\nBcc: b@example.com'] } }, /to/],
    [
      { type: 'webhook', settings: { url: 'https://example.com', signing_secret: 'short' } },
      /signing_secret/,
    ],
    [{ type: 'pager', settings: {} }, /type/],
    [{ type: 'email', settings: { to: ['a@example.com'] }, name: 'a\nb' }, /name/],
  ])('is refused: %j', async (body, why) => {
    const answer = await send('POST', CHANNELS, { name: 'x', ...body });
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      400,
      expect.stringMatching(why),
    ]);
    expect(answer.body).not.toContain(':p@');
  });

  test('has a name of its own', async () => {
    await make(webhookBody());
    expect((await send('POST', CHANNELS, webhookBody())).statusCode).toBe(409);
  });

  test('is changed by admins alone', async () => {
    const id = await make(webhookBody());
    const answers = [
      await send('POST', CHANNELS, webhookBody({ name: 'x' }), reader),
      await send('PATCH', `${CHANNELS}/${id}`, { name: 'x' }, reader),
      await send('DELETE', `${CHANNELS}/${id}`, undefined, reader),
      await send('POST', `${CHANNELS}/${id}/test`, undefined, reader),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403, 403]);
  });

  test('keeps its secrets where they are not given anew, encrypted in the database', async () => {
    const id = await make(webhookBody());
    await send('PATCH', `${CHANNELS}/${id}`, { name: 'Renamed' });
    await send('PATCH', `${CHANNELS}/${id}`, { settings: { url: `${receiver.url}/other` } });
    expect((await send('POST', `${CHANNELS}/${id}/test`)).json()).toMatchObject({ outcome: 'delivered' });
    expect(receiver.received[0]?.path).toBe('/other');
    expect(receiver.received[0]?.headers['x-promptops-signature']).toMatch(/^v1=[0-9a-f]{64}$/);
    const { rows } = await collector.pool.query<{ text: string }>(
      `SELECT c::text || encode(s.secrets, 'escape') AS text FROM notification_channels c JOIN notification_channel_secrets s USING (channel_id) WHERE channel_id = $1`,
      [id],
    );
    expect(rows[0]?.text).not.toMatch(/hush|other/);
  });

  test('that a route uses cannot be deleted', async () => {
    const id = await make(webhookBody());
    const route = await make({ name: 'All', channel_ids: [id] }, ROUTES);
    const refused = await send('DELETE', `${CHANNELS}/${id}`);
    expect([refused.statusCode, refused.json<{ detail: string }>().detail]).toEqual([
      409,
      expect.stringMatching(/routes "All"/),
    ]);
    expect((await send('DELETE', `${ROUTES}/${route}`)).statusCode).toBe(204);
    expect((await send('DELETE', `${CHANNELS}/${id}`)).statusCode).toBe(204);
  });
});

describe('the test button', () => {
  test('sends now, says that it is a test, and answers how it went', async () => {
    const id = await make(webhookBody());
    const answer = await send('POST', `${CHANNELS}/${id}/test`);
    expect(answer.json()).toEqual({
      outcome: 'delivered',
      latency_ms: expect.any(Number),
      response_status: 200,
      error: null,
    });
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
      type: 'test',
      alerts: [{ rule_name: 'Test message' }],
    });
    expect((await list()).channels).toMatchObject([{ health: { status: 'ok' } }]);
    receiver.answer = (response) => response.writeHead(403).end('hush');
    const refused = await send('POST', `${CHANNELS}/${id}/test`);
    expect(refused.json()).toMatchObject({
      outcome: 'failed',
      response_status: 403,
      error: expect.stringMatching(/answered 403/),
    });
    expect(refused.body).not.toContain('hush');
  });

  test('of a mail channel without a server that answers', async () => {
    const id = await make({ name: 'Mail', type: 'email', settings: { to: ['ada@example.com'] } });
    expect((await send('POST', `${CHANNELS}/${id}/test`)).json()).toMatchObject({
      outcome: 'failed',
      response_status: null,
      error: expect.stringMatching(/^The mail server /),
    });
  });

  test('is not a way to send many messages', async () => {
    const id = await make(webhookBody());
    const codes: number[] = [];
    for (let index = 0; index <= TESTS_PER_MINUTE; index += 1)
      codes.push((await send('POST', `${CHANNELS}/${id}/test`)).statusCode);
    expect(codes).toEqual([...Array.from({ length: TESTS_PER_MINUTE }, () => 200), 429]);
  });
});

describe('a route', () => {
  test('is made with defaults, changed field by field, and keeps its place', async () => {
    const id = await make(webhookBody());
    const first = await make({ name: 'Critical', channel_ids: [id], severities: ['critical'] }, ROUTES);
    await make({ name: 'Rest', channel_ids: [id] }, ROUTES);
    const { routes } = (await send('GET', ROUTES, undefined, reader)).json<{ routes: object[] }>();
    expect(routes).toMatchObject([
      {
        name: 'Critical',
        position: 0,
        severities: ['critical'],
        alert_types: [],
        filters: {},
        group_by: [],
        group_wait_seconds: 5,
        send_reminders: true,
        send_resolved: true,
        continue: false,
        enabled: true,
      },
      { name: 'Rest', position: 10 },
    ]);
    const body = {
      filters: { project_id: { in: ['checkout'] } },
      group_by: ['rule'],
      continue: true,
      position: 30,
      rule_ids: [3],
    };
    expect((await send('PATCH', `${ROUTES}/${first}`, body)).json()).toMatchObject({
      name: 'Critical',
      severities: ['critical'],
      channel_ids: [id],
      ...body,
    });
    expect((await send('GET', ROUTES)).json<{ routes: object[] }>().routes).toMatchObject([
      { name: 'Rest' },
      { name: 'Critical' },
    ]);
    expect((await send('GET', `${ROUTES}/${first}`)).json()).toMatchObject(body);
  });

  test.each([
    [{ channel_ids: [999_999] }, /channel_ids: there is no notification channel 999999/],
    [{ channel_ids: [] }, /channel_ids/],
    [{ severities: ['fatal'] }, /severities/],
    [{ filters: { nonsense: { in: ['x'] } } }, /nonsense|filters/],
    [{ group_wait_seconds: 5_000 }, /group_wait_seconds/],
  ])('is refused: %j', async (fields, why) => {
    const id = await make(webhookBody());
    const answer = await send('POST', ROUTES, { name: 'x', channel_ids: [id], ...fields });
    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringMatching(why)]);
  });
});

describe('deliveries', () => {
  test('are made and sent by the running collector, and listed by pages and filters', async () => {
    const id = await make(webhookBody());
    await make({ name: 'One by one', channel_ids: [id], group_by: ['rule'], group_wait_seconds: 0 }, ROUTES);
    for (let rule = 1; rule <= 3; rule += 1) await alert({ alert_id: rule, rule_id: rule });
    const all = await until(
      (found) => found.length === 3 && found.every(({ status }) => status === 'delivered'),
    );
    expect(receiver.received).toHaveLength(3);
    expect(all.map(({ alerts }) => alerts[0]?.alert_id).sort()).toEqual([1, 2, 3]);
    const page = await deliveries('?limit=2');
    const rest = await deliveries(`?limit=2&cursor=${page.next_cursor ?? ''}`);
    expect([...page.deliveries, ...rest.deliveries]).toEqual(all);
    expect(rest.next_cursor).toBeNull();
    expect((await deliveries('?alert_id=2')).deliveries.map(({ alerts }) => alerts[0]?.alert_id)).toEqual([
      2,
    ]);
    expect((await deliveries(`?status=dead`)).deliveries).toEqual([]);
    expect((await deliveries(`?channel_id=${id}&status=delivered`)).deliveries).toHaveLength(3);
    expect((await send('GET', `${DELIVERIES}?cursor=nonsense`)).statusCode).toBe(400);
  });

  test('that were refused are sent again by hand', async () => {
    const id = await make(webhookBody());
    await make({ name: 'All', channel_ids: [id], group_wait_seconds: 0 }, ROUTES);
    receiver.answer = (response, _request, seen) => response.writeHead(seen === 1 ? 404 : 200).end();
    await alert();
    const [dead] = await until(([first]) => first?.status === 'dead');
    expect((await list()).channels).toMatchObject([
      { health: { status: 'failing', last_error: expect.stringMatching(/404/) } },
    ]);
    const retried = await send('POST', `${DELIVERIES}/${dead?.delivery_id ?? 0}/retry`);
    expect([retried.statusCode, retried.json<Delivery>().idempotency_key]).toEqual([
      202,
      dead?.idempotency_key,
    ]);
    await until(([first]) => first?.status === 'delivered');
    expect((await send('POST', `${DELIVERIES}/${dead?.delivery_id ?? 0}/retry`)).statusCode).toBe(409);
    expect(
      (await send('POST', `${DELIVERIES}/${dead?.delivery_id ?? 0}/retry`, undefined, reader)).statusCode,
    ).toBe(403);
  });

  test('that wait for a channel are given up when it is switched off', async () => {
    const id = await make(webhookBody());
    await make({ name: 'Late', channel_ids: [id], group_wait_seconds: 900 }, ROUTES);
    await alert();
    await until((found) => found.length === 1);
    await send('PATCH', `${CHANNELS}/${id}`, { enabled: false });
    expect((await deliveries()).deliveries).toMatchObject([
      { status: 'dead', last_error: 'The channel was switched off.' },
    ]);
  });

  test('that nobody gets can be seen', async () => {
    await alert();
    for (;;) {
      const { silence, channels } = await list();
      expect(channels).toEqual([]);
      if (silence.changes_last_24_hours === 0) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      expect(silence).toMatchObject({
        changes_last_24_hours: 1,
        reasons: [{ reason: 'no_channel', text: 'There is no notification channel.', changes: 1 }],
      });
      return;
    }
  });
});

test('what waits is in the metrics, of the own tenant alone', async () => {
  const id = await make(webhookBody());
  await make({ name: 'Late', channel_ids: [id], group_wait_seconds: 900 }, ROUTES);
  await alert();
  await until((found) => found.length === 1);
  const metricsOf = async (key: string) => (await collector.call({ url: '/metrics', key })).body;
  const own = await metricsOf(await collector.makeKey(tenant, ['metrics']));
  expect(own).toMatch(/^promptops_notification_waiting\{type="webhook"\} 1$/m);
  expect(own).toMatch(/^promptops_notification_waiting_age_seconds\{type="webhook"\} [\d.e-]+$/m);
  expect(own).toMatch(/^promptops_notification_attempts_total\{type="webhook",outcome="delivered"\} \d+$/m);
  await collector.makeTenant(`${tenant}-other`);
  expect(await metricsOf(await collector.makeKey(`${tenant}-other`, ['metrics']))).toMatch(
    /^promptops_notification_waiting\{type="webhook"\} 0$/m,
  );
});
