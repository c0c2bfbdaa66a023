import { createHash } from 'node:crypto';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Configuration } from '../configuration/configuration.ts';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import { quietLogLevel } from '../http/quiet-route.ts';
import type { Pricer } from '../pricing/price.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { applyPrice } from './apply-price.ts';
import { decodeBody, readItems, type BodyItem } from './body.ts';
import type { ByteBudget, Reservation } from './byte-budget.ts';
import { checkEvent, isFieldError, PostedEventSchema, type FieldError } from './event-schema.ts';
import { idempotentEventId } from './event-id.ts';
import type { GroupCommit } from './group-commit.ts';
import type { IngestCounters } from './counters.ts';
import { normalise } from './normalise.ts';
import type { UsageRow } from './usage-row.ts';
import type { RejectedItem } from './write-extras.ts';

const NDJSON = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
]);
/** Errors listed in one answer; all are counted, and kept in rejected_events. */
const LISTED = 100;
const STORED_PAYLOAD_CHARACTERS = 4_096;

const ItemError = Type.Object({
  index: Type.Integer({ description: 'Place in the batch, from 0' }),
  event_id: Type.Union([Type.String(), Type.Null()]),
  field: Type.Union([Type.String(), Type.Null()]),
  reason: Type.String(),
});
const BatchAnswer = Type.Object({
  received: Type.Integer({ description: 'accepted + duplicate + rejected' }),
  accepted: Type.Integer(),
  duplicate: Type.Integer({ description: 'Known already, counted once' }),
  rejected: Type.Integer(),
  duplicates: Type.Array(Type.Integer(), { description: `Places of duplicates, at most ${LISTED}` }),
  errors: Type.Array(ItemError, { description: `The rejected items, at most ${LISTED}` }),
});

export interface IngestRoutesOptions {
  configuration: Configuration;
  pool: Pool;
  authenticator: Authenticator;
  budget: ByteBudget;
  groupCommit: GroupCommit<UsageRow>;
  pricer: Pricer;
  counters: IngestCounters;
}

/** `POST /v1/client/usage/log`: events from SDKs and plain REST. Answered when they are committed. */
export const ingestRoutes: FastifyPluginCallbackTypebox<IngestRoutesOptions> = (app, options, done) => {
  const { configuration, pool, authenticator, budget, groupCommit, pricer, counters } = options;

  app.decorateRequest('tenantId', '');
  app.decorateRequest('reservation', null);

  // Bodies stay bytes here: they may be compressed, NDJSON, or damaged in one item only.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: configuration.INGEST_MAX_BODY_BYTES },
    (_request, body, parsed) => {
      parsed(null, body);
    },
  );

  // A body that is refused unread counts as one item: how many it holds is not known.
  const throttle = (tenantId: string): Problem => {
    groupCommit.noteThrottled(tenantId, 1);
    counters.count({ throttled: 1 });
    return new Problem(
      'too-many-requests',
      'Too many events wait for the database right now. Send this batch again after a moment; nothing of it was stored.',
      {
        retryAfterSeconds: 1,
      },
    );
  };

  app.post(
    '/v1/client/usage/log',
    {
      bodyLimit: configuration.INGEST_MAX_BODY_BYTES,
      logLevel: quietLogLevel(app),
      // The key and the room are checked before a byte of the body is read.
      onRequest: async (request) => {
        const { tenantId } = await authenticator.require(request, 'ingest');
        request.tenantId = tenantId;
        const type = mediaType(request.headers['content-type']);
        if (
          type !== undefined &&
          type !== 'application/json' &&
          !type.endsWith('+json') &&
          !NDJSON.has(type)
        ) {
          throw new Problem(
            'unsupported-media-type',
            `Content-Type "${type}" is not supported; use application/json or application/x-ndjson.`,
          );
        }
        const announced = Number(request.headers['content-length'] ?? configuration.INGEST_MAX_BODY_BYTES);
        const reservation = budget.reserve(
          tenantId,
          Math.min(announced, configuration.INGEST_MAX_BODY_BYTES),
        );
        if (!reservation) throw throttle(tenantId);
        request.reservation = reservation;
      },
      onResponse: (request, _reply, next) => {
        request.reservation?.release();
        next();
      },
      onRequestAbort: (request, next) => {
        request.reservation?.release();
        next();
      },
      schema: {
        tags: ['ingest'],
        summary: 'Record LLM calls: one event, an array, {"events": […]}, or NDJSON; may be compressed',
        description:
          'A 2xx means that the accepted events are committed. One bad item never fails its neighbours. ' +
          'An `Idempotency-Key` header protects a whole batch of events without event_id against a re-send.',
        consumes: ['application/json', 'application/x-ndjson'],
        headers: Type.Object({
          'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
        }),
        response: { 200: BatchAnswer },
      },
      // For the description only: items are checked one by one below.
      config: {
        openApiBody: {
          content: {
            'application/json': {
              schema: Type.Union([
                PostedEventSchema,
                Type.Array(PostedEventSchema, { minItems: 1 }),
                Type.Object(
                  { events: Type.Array(PostedEventSchema, { minItems: 1 }) },
                  { additionalProperties: false },
                ),
              ]),
            },
            'application/x-ndjson': { schema: Type.String({ description: 'One event a line' }) },
          },
        },
      },
    },
    async (request, reply) => {
      const { tenantId } = request;
      const sent = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const body = await decodeBody(
        sent,
        request.headers['content-encoding'],
        configuration.INGEST_MAX_DECOMPRESSED_BYTES,
      );
      if (!request.reservation?.grow(body.length)) throw throttle(tenantId);
      const type = mediaType(request.headers['content-type']);
      const items = readItems(
        body,
        type !== undefined && NDJSON.has(type),
        configuration.INGEST_MAX_BATCH_EVENTS,
      );

      const key = request.headers['idempotency-key'];
      const idempotencyKey =
        key === undefined ? null : { key, bodySha256: createHash('sha256').update(body).digest() };
      if (idempotencyKey) await refuseOtherBody(pool, tenantId, idempotencyKey);

      const nowMs = Date.now();
      const rows: UsageRow[] = [];
      const rowIndex: number[] = [];
      const errors: Static['errors'] = [];
      const rejected: RejectedItem[] = [];
      const refuse = (index: number, item: BodyItem, { field, reason }: FieldError): void => {
        errors.push({ index, event_id: eventIdOf(item), field, reason });
        rejected.push({ tenantId, itemIndex: index, field, reason, payload: payloadOf(item) });
      };
      for (const [index, item] of items.entries()) {
        if ('unreadable' in item) {
          refuse(index, item, { field: null, reason: item.unreadable });
          continue;
        }
        const event = checkEvent(item.value);
        const row = isFieldError(event)
          ? event
          : normalise(event, {
              tenantId,
              nowMs,
              maxFutureMs: configuration.INGEST_MAX_FUTURE_SECONDS * 1000,
              fallbackIdentity: key === undefined ? null : idempotentEventId(key, index),
            });
        if ('reason' in row) {
          refuse(index, item, row);
          continue;
        }
        applyPrice(row, pricer);
        rows.push(row);
        rowIndex.push(index);
      }

      const outcome = await groupCommit
        .submit({ tenantId, rows, rejected, idempotencyKey })
        .catch((error: unknown) => {
          if (error instanceof Problem) counters.count({ throttled: items.length });
          throw error;
        });

      const duplicates: number[] = [];
      let accepted = 0;
      for (const [position, result] of outcome.entries()) {
        const index = rowIndex[position] ?? 0;
        if (result === 'accepted') {
          accepted += 1;
          const row = rows[position];
          if (row) counters.countAccepted(row);
        } else if (result === 'duplicate') duplicates.push(index);
        else
          errors.push({
            index,
            event_id: rows[position]?.eventId ?? null,
            field: null,
            reason: result.refused,
          });
      }
      errors.sort((a, b) => a.index - b.index);
      counters.count({ accepted, duplicate: duplicates.length, rejected: errors.length });
      const answer = {
        received: items.length,
        accepted,
        duplicate: duplicates.length,
        rejected: errors.length,
        duplicates: duplicates.slice(0, LISTED),
        errors: errors.slice(0, LISTED),
      };
      if (errors.length === items.length) {
        const [first] = errors;
        throw new Problem(
          'events-rejected',
          `${items.length === 1 ? 'The event was' : `All ${items.length} events were`} rejected; the first because ${first?.field ?? 'it'} ${first?.reason ?? ''}.`,
          {
            extensions: answer,
          },
        );
      }
      return reply.code(200).send(answer);
    },
  );
  done();
};

declare module 'fastify' {
  interface FastifyContextConfig {
    /** JSON schema of a body that the route checks by itself, for the API description. */
    openApiBody?: object;
  }
  interface FastifyRequest {
    /** The tenant of the API key; set by the ingest routes. */
    tenantId: string;
    reservation: Reservation | null;
  }
}

interface Static {
  errors: { index: number; event_id: string | null; field: string | null; reason: string }[];
}

function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(';')[0]?.trim().toLowerCase();
}

async function refuseOtherBody(
  pool: Pool,
  tenantId: string,
  { key, bodySha256 }: { key: string; bodySha256: Buffer },
): Promise<void> {
  const { rows } = await pool.query<{ body_sha256: Buffer }>(
    'SELECT body_sha256 FROM idempotency_keys WHERE tenant_id = $1 AND idempotency_key = $2',
    [tenantId, key],
  );
  if (rows[0] && !rows[0].body_sha256.equals(bodySha256)) {
    throw new Problem(
      'idempotency-key-reused',
      'This Idempotency-Key was used before for another body. Use a new key for each new batch.',
    );
  }
}

function eventIdOf(item: BodyItem): string | null {
  const id =
    'value' in item && typeof item.value === 'object' && item.value !== null
      ? (item.value as { event_id?: unknown }).event_id
      : null;
  return typeof id === 'string' ? id.slice(0, 200) : null;
}

function payloadOf(item: BodyItem): string {
  const text = 'unreadable' in item ? item.text : JSON.stringify(item.value);
  return text.slice(0, STORED_PAYLOAD_CHARACTERS).replaceAll('\0', '\ufffd');
}
