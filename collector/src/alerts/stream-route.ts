import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { tellAlert } from './alert.ts';
import type { AlertFeed, FeedEvent } from './alert-feed.ts';
import { countOpen, listAlerts } from './query-alerts.ts';

const HEARTBEAT_MS = 15_000;
/** A key or session that ended ends its streams within this time. */
const CHECK_EVERY_MS = 30_000;
const MAX_STREAMS = 200;
export const MAX_STREAMS_OF_TENANT = 50;
const LONGEST_SECONDS = 3_600;
const MAX_OPEN = 200;
/** A reader that is so far behind has gone, or never reads. */
const MAX_WAITING_BYTES = 1024 * 1024;

export interface AlertStreamOptions {
  pool: Pool;
  authenticator: Authenticator;
  feed: AlertFeed;
}

/**
 * `GET /v1/analytics/alerts/stream`: server-sent events. First `open` with the alerts that are open, then `alert` with each that changes, `gone` with the
 * id of a pending one whose condition did not hold, `reload` when too much changed at once. A comment every 15 s keeps the connection up.
 */
export const alertStreamRoute: FastifyPluginCallbackTypebox<AlertStreamOptions> = (
  app,
  { pool, authenticator, feed },
  done,
) => {
  const ends = new Set<() => void>();
  const streams = new Map<string, number>();
  app.addHook('preClose', (closed) => {
    for (const end of ends) end();
    closed();
  });

  app.get(
    '/v1/analytics/alerts/stream',
    {
      schema: {
        tags: ['alerts'],
        summary: 'Changes of alerts as they happen, as server-sent events',
        description: `Events: \`open\` {alerts, open} first, then \`alert\` (as in the list), \`gone\` {alert_id} of a pending alert whose condition did not hold, \`reload\` when the list should be asked anew. At most ${MAX_STREAMS_OF_TENANT} streams a tenant; one ends after ${LONGEST_SECONDS} s and is opened again by the browser.`,
        querystring: Type.Object(
          {
            max_seconds: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: LONGEST_SECONDS,
                description: `When the stream ends; default ${LONGEST_SECONDS}`,
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: {
            description: 'Server-sent events',
            content: { 'text/event-stream': { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const ofTenant = streams.get(tenantId) ?? 0;
      if (ends.size >= MAX_STREAMS || ofTenant >= MAX_STREAMS_OF_TENANT) {
        throw new Problem(
          'too-many-requests',
          'There are as many streams of alerts as are allowed; close one, or ask for the list now and then.',
          { retryAfterSeconds: 30 },
        );
      }
      streams.set(tenantId, ofTenant + 1);
      const waiting: FeedEvent[] = [];
      let write = (event: FeedEvent): void => void waiting.push(event);
      let unfollow: (() => void) | undefined;
      const release = (): void => {
        unfollow?.();
        const left = (streams.get(tenantId) ?? 1) - 1;
        if (left === 0) streams.delete(tenantId);
        else streams.set(tenantId, left);
      };
      let first: string;
      try {
        // Followed before the first reading, so that nothing falls between the two.
        unfollow = await feed.follow(tenantId, (event) => write(event));
        const { rows } = await listAlerts(
          pool,
          tenantId,
          { status: ['pending', 'firing'] },
          MAX_OPEN,
          undefined,
        );
        first = frame('open', { alerts: rows.map(tellAlert), open: await countOpen(pool, tenantId) });
      } catch (error) {
        release();
        throw error;
      }
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // Nothing follows on its connection, and one that stayed open would hold a shutdown up.
        connection: 'close',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      let isEnded = false;
      const end = (): void => {
        if (isEnded) return;
        isEnded = true;
        clearInterval(heartbeat);
        clearInterval(check);
        clearTimeout(last);
        ends.delete(end);
        release();
        raw.end();
      };
      const send = (text: string): void => {
        if (isEnded) return;
        raw.write(text);
        if (raw.writableLength > MAX_WAITING_BYTES) {
          end();
          raw.destroy();
        }
      };
      const heartbeat = setInterval(() => send(': alive\n\n'), HEARTBEAT_MS).unref();
      const check = setInterval(() => {
        authenticator.require(request, 'read').catch(end);
      }, CHECK_EVERY_MS).unref();
      const last = setTimeout(end, (request.query.max_seconds ?? LONGEST_SECONDS) * 1000);
      ends.add(end);
      raw.on('close', end);
      raw.on('error', end);
      send(`retry: 2000\n${first}`);
      write = (event) => send(frameOf(event));
      for (const event of waiting) write(event);
      // Who went away meanwhile sends no word of it any more.
      if (raw.destroyed || raw.socket?.destroyed === true) end();
    },
  );
  done();
};

function frameOf(event: FeedEvent): string {
  if (event.type === 'alert') return frame('alert', event.alert);
  return event.type === 'gone' ? frame('gone', { alert_id: event.alert_id }) : frame('reload', {});
}

function frame(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
