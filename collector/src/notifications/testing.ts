import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NoticeKind } from '../alerts/notices.ts';
import type { Alert, AlertChange } from './alert-change.ts';
import type { Message } from './message.ts';

/** What a receiver got. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** What each request is answered; by default 200. */
  answer: (response: ServerResponse, request: Received, count: number) => void;
  /** Resolves when so many requests have come. */
  has(count: number): Promise<void>;
  close(): Promise<void>;
}

/** An HTTP server that keeps what it gets and answers as a test says. */
export async function startReceiver(): Promise<Receiver> {
  const waiting: { count: number; resolve: () => void }[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const got = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      receiver.received.push(got);
      for (const { count, resolve } of waiting) if (receiver.received.length >= count) resolve();
      receiver.answer(response, got, receiver.received.length);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    answer: (response) => response.end('ok'),
    has: (count) =>
      receiver.received.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ count, resolve })),
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return receiver;
}

export function testAlert(fields: Partial<Alert> = {}): Alert {
  return {
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
    evidence_path: '/v1/analytics/usage/errors?project_id=checkout',
    page_path: '/analytics/errors?project_id=checkout',
    tenant_id: 'default',
    ...fields,
  };
}

export function testChange(
  fields: Partial<Alert> = {},
  { kind = 'firing', outboxId = 1 }: { kind?: NoticeKind; outboxId?: number } = {},
): AlertChange {
  const alert = testAlert(fields);
  return { outboxId, alertId: alert.alert_id, kind, alert };
}

export function testMessageOf(changes: AlertChange[], fields: Partial<Message> = {}): Message {
  return {
    type: 'alerts',
    idempotencyKey: 'pon_0123456789abcdef',
    tenantId: 'default',
    channel: { channelId: 5, name: 'On call' },
    createdAt: new Date('2026-03-10T12:00:05Z'),
    followsKey: null,
    changes,
    ...fields,
  };
}
