import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { NetworkGuard } from './network-guard.ts';
import { outcomeOfStatus, readRetryAfter } from './outcome.ts';
import { startReceiver, testChange, testMessageOf, type Received, type Receiver } from './testing.ts';
import { sendWebhook } from './webhook.ts';

const SECRET = 'sixteen-characters-or-more';
const guard = new NetworkGuard({ allowed: ['127.0.0.1'] });
const message = testMessageOf([
  testChange(),
  testChange({ alert_id: 8, severity: 'critical', group: null }, { outboxId: 2, kind: 'resolved' }),
]);

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());
const send = (options: { timeoutMs?: number; nowMs?: number } = {}) =>
  sendWebhook({ url: `${receiver.url}/hook?token=hush`, signing_secret: SECRET }, message, {
    guard,
    publicUrl: 'https://llm.example.com/',
    ...options,
  });

test('the body has the documented shape', async () => {
  await send();
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toEqual({
    schema_version: 1,
    type: 'alerts',
    idempotency_key: 'pon_0123456789abcdef',
    tenant_id: 'default',
    channel: { channel_id: 5, name: 'On call' },
    created_at: '2026-03-10T12:00:05.000Z',
    status: 'firing',
    severity: 'high',
    alerts: [
      {
        event: 'firing',
        event_id: 1,
        alert_id: 7,
        rule_id: 3,
        rule_name: 'Error rate',
        description: 'More than 5 % of the requests failed.',
        message: 'Error rate: error_rate of project_id checkout is 7.1 % in 15 minutes, > 5 %.',
        alert_type: 'error_rate',
        severity: 'high',
        status: 'firing',
        metric: 'error_rate',
        value: 7.123456789,
        threshold: 5,
        operator: '>',
        window_minutes: 15,
        group: { dimension: 'project_id', member: 'checkout' },
        started_at: '2026-03-10T12:00:00.000Z',
        resolved_at: null,
        acknowledged: null,
        links: {
          alert: 'https://llm.example.com/analytics/alerts?alert=7',
          page: 'https://llm.example.com/analytics/errors?project_id=checkout',
          evidence: 'https://llm.example.com/v1/analytics/usage/errors?project_id=checkout',
        },
      },
      expect.objectContaining({
        event: 'resolved',
        event_id: 2,
        alert_id: 8,
        severity: 'critical',
        group: null,
      }),
    ],
  });
});

test('a receiver can check who sent it and when, and tell a repetition', async () => {
  const sent = [await send({ nowMs: 1_773_144_005_900 }), await send({ nowMs: 1_773_144_075_000 })];
  expect(sent.map(({ kind }) => kind)).toEqual(['delivered', 'delivered']);
  const [first, second] = receiver.received;
  for (const request of [first, second]) {
    const timestamp = String(request?.headers['x-promptops-timestamp']);
    const expected = createHmac('sha256', SECRET)
      .update(`${timestamp}.${request?.body ?? ''}`)
      .digest('hex');
    expect(request?.headers['x-promptops-signature']).toBe(`v1=${expected}`);
    expect(request?.headers['idempotency-key']).toBe('pon_0123456789abcdef');
  }
  expect([first, second].map((request) => request?.headers['x-promptops-timestamp'])).toEqual([
    '1773144005',
    '1773144075',
  ]);
  expect(second?.body).toBe(first?.body);
  expect(second?.headers['x-promptops-signature']).not.toBe(first?.headers['x-promptops-signature']);
  expect(first?.body).not.toContain(SECRET);
});

describe('docs/notifications.md', () => {
  const block = async (language: string): Promise<string> => {
    const text = await readFile(join(import.meta.dirname, '../../../docs/notifications.md'), 'utf8');
    return new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1] ?? '';
  };
  /** Names of fields, at every depth, without values. */
  const fieldsOf = (value: unknown): unknown => {
    if (Array.isArray(value)) return [fieldsOf(value[0])];
    if (typeof value !== 'object' || value === null) return null;
    return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, fieldsOf(inside)]));
  };

  test('shows the body as it is sent', async () => {
    await send();
    const sent = JSON.parse(receiver.received[0]?.body ?? '') as unknown;
    expect(fieldsOf(JSON.parse(await block('json')))).toEqual(fieldsOf(sent));
  });

  test('has a check of signatures that takes what is sent, and nothing else', async () => {
    await send({ nowMs: 1_773_144_005_000 });
    const { headers, body } = receiver.received[0] as Received;
    const source = await block('js');
    const { isGenuine } = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
      isGenuine: (headers: object, body: string, secret: string, nowSeconds: number) => boolean;
    };
    const at = 1_773_144_010;
    expect(isGenuine(headers, body, SECRET, at)).toBe(true);
    expect(isGenuine(headers, `${body} `, SECRET, at)).toBe(false);
    expect(isGenuine(headers, body, 'another secret of that length', at)).toBe(false);
    expect(isGenuine({ ...headers, 'x-promptops-timestamp': '1773144009' }, body, SECRET, at)).toBe(false);
    expect(isGenuine(headers, body, SECRET, at + 3_600)).toBe(false);
    expect(isGenuine({}, body, SECRET, at)).toBe(false);
  });
});

describe('a receiver with faults', () => {
  test.each([500, 502, 503, 408, 409, 425, 429])('%d is tried again', async (status) => {
    receiver.answer = (response) => response.writeHead(status).end();
    expect(await send()).toMatchObject({ kind: 'retry', responseStatus: status });
  });

  test.each([400, 401, 403, 404, 410, 413, 422])('%d is given up', async (status) => {
    receiver.answer = (response) => response.writeHead(status).end();
    expect(await send()).toEqual({
      kind: 'dead',
      responseStatus: status,
      error: `The receiver answered ${status}: it will not take this message.`,
    });
  });

  test('Retry-After is heard', async () => {
    receiver.answer = (response) => response.writeHead(429, { 'retry-after': '120' }).end();
    expect(await send()).toMatchObject({ kind: 'retry', retryAfterMs: 120_000 });
  });

  test('a redirect is not followed', async () => {
    receiver.answer = (response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
    expect(await send()).toMatchObject({
      kind: 'dead',
      responseStatus: 302,
      error: expect.stringMatching(/redirects are not followed/),
    });
    expect(receiver.received).toHaveLength(1);
  });

  test('one that takes the body and never answers', async () => {
    receiver.answer = () => undefined;
    expect(await send({ timeoutMs: 150 })).toEqual({
      kind: 'retry',
      responseStatus: null,
      error: 'The receiver did not answer within 0.15 s.',
    });
    expect(receiver.received).toHaveLength(1);
  });

  test('one that breaks the connection after it has read the body', async () => {
    receiver.answer = (response) => void response.socket?.resetAndDestroy();
    expect(await send()).toEqual({
      kind: 'retry',
      responseStatus: null,
      error: 'The receiver broke the connection before it answered.',
    });
  });

  test('one that answers without an end', async () => {
    receiver.answer = (response) => void response.writeHead(200).write('x');
    expect(await send({ timeoutMs: 5_000 })).toEqual({ kind: 'delivered', responseStatus: 200 });
  });

  test('one that is not there', async () => {
    const url = receiver.url;
    await receiver.close();
    const outcome = await sendWebhook({ url: `${url}/hook?token=hush`, signing_secret: SECRET }, message, {
      guard,
    });
    expect(outcome).toEqual({
      kind: 'retry',
      responseStatus: null,
      error: 'The receiver refused the connection.',
    });
    receiver = await startReceiver();
  });

  test('one that does not speak HTTP', async () => {
    const odd = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.0\r\n'));
    await new Promise<void>((listening) => odd.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(odd.address() as AddressInfo).port}/`;
    expect(await sendWebhook({ url, signing_secret: SECRET }, message, { guard })).toMatchObject({
      kind: 'retry',
      error: expect.stringMatching(/^The receiver /),
    });
    odd.close();
  });
});

test('Retry-After may be a date', () => {
  const now = Date.parse('2026-03-10T12:00:00Z');
  expect(readRetryAfter('Tue, 10 Mar 2026 12:02:00 GMT', now)).toBe(120_000);
  expect(readRetryAfter('Tue, 10 Mar 2026 11:00:00 GMT', now)).toBe(0);
  expect([readRetryAfter('soon', now), readRetryAfter(undefined, now), readRetryAfter('-5', now)]).toEqual([
    undefined,
    undefined,
    expect.anything(),
  ]);
  expect(outcomeOfStatus(204)).toEqual({ kind: 'delivered', responseStatus: 204 });
});
