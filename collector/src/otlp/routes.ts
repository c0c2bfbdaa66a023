import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Configuration } from '../configuration/configuration.ts';
import { isDatabaseAway } from '../database/errors.ts';
import { Problem } from '../http/errors.ts';
import { quietLogLevel } from '../http/quiet-route.ts';
import { decodeBody } from '../ingest/body.ts';
import type { ByteBudget, Reservation } from '../ingest/byte-budget.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { normaliseAuthorization } from './authorization.ts';
import type { CallReport } from './call-report.ts';
import { decodeLogsJson, decodeMetricsJson, decodeTracesJson } from './decode-json.ts';
import { decodeLogs, decodeMetrics, decodeTraces } from './decode-protobuf.ts';
import { inBothFormats, OtlpAnswerSchema, RpcStatusSchema } from './answer-schemas.ts';
import { MalformedOtlp, OversizedOtlp } from './malformed-otlp.ts';
import { reportsOfLogs, reportsOfSpans } from './map-call.ts';
import { metricPoints, type MetricPoint } from './metric-points.ts';
import {
  failureBody,
  MEDIA_TYPE,
  REJECTED_FIELD,
  successBody,
  type OtlpFormat,
  type OtlpSignal,
} from './otlp-answer.ts';
import { UnknownShapes } from './unknown-shapes.ts';

/** What one request told. */
export interface OtlpBatch {
  tenantId: string;
  signal: OtlpSignal;
  /** Spans, log records or data points in the request, whatever they are about. */
  received: number;
  reports: CallReport[];
  metricPoints: MetricPoint[];
  /** What could not be read; to be kept where it is seen. */
  unknown: UnknownShapes;
}

export interface OtlpOutcome {
  /** Items that were refused and must not be sent again. */
  rejected: number;
  /** Why, for the exporter's log; '' where there is nothing to say. */
  message: string;
}

export interface OtlpRoutesOptions {
  configuration: Pick<Configuration, 'INGEST_MAX_BODY_BYTES' | 'INGEST_MAX_DECOMPRESSED_BYTES'>;
  authenticator: Pick<Authenticator, 'require'>;
  budget: ByteBudget;
  /** Stores what a request told; returns when it is committed. Throws a Problem when the request should be sent again. */
  submit: (batch: OtlpBatch) => Promise<OtlpOutcome>;
  /** Notes a request that was refused for lack of room. */
  noteThrottled: (tenantId: string) => void;
}

const FORMATS: Readonly<Record<string, OtlpFormat>> = {
  'application/x-protobuf': 'protobuf',
  'application/protobuf': 'protobuf',
  'application/vnd.google.protobuf': 'protobuf',
  'application/json': 'json',
};

/** Where exporters send: the standard paths, and those of Langfuse's and PostHog's SDKs, whose host can be set but not their path. */
const PATHS: Readonly<Record<OtlpSignal, readonly string[]>> = {
  traces: ['/v1/traces', '/api/public/otel/v1/traces', '/i/v0/ai/otel'],
  logs: ['/v1/logs'],
  metrics: ['/v1/metrics'],
};

const SUMMARIES: Readonly<Record<OtlpSignal, string>> = {
  traces: 'OTLP/HTTP traces: model calls from the spans of any GenAI instrumentation',
  logs: 'OTLP/HTTP logs: model calls from log events (GenAI events, coding agents)',
  metrics: 'OTLP/HTTP metrics: metered usage, kept apart from events',
};

const SERVICES: Readonly<Record<OtlpSignal, string>> = { traces: 'Trace', logs: 'Logs', metrics: 'Metrics' };
const RESOURCES: Readonly<Record<OtlpSignal, string>> = {
  traces: 'resourceSpans',
  logs: 'resourceLogs',
  metrics: 'resourceMetrics',
};

/**
 * `POST /v1/traces`, `/v1/logs` and `/v1/metrics`, as OpenTelemetry's exporters and its collector send them: protobuf or JSON, compressed
 * or not. Answered when what was told is committed; with 429 or 503 and Retry-After where sending it again helps.
 */
export const otlpRoutes: FastifyPluginCallbackTypebox<OtlpRoutesOptions> = (app, options, done) => {
  const { configuration, authenticator, budget, submit, noteThrottled } = options;
  app.decorateRequest('otlp', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: configuration.INGEST_MAX_BODY_BYTES },
    (_request, body, parsed) => {
      parsed(null, body);
    },
  );
  app.setErrorHandler((error: FastifyError, request, reply) => sendFailure(request, reply, error));

  const throttle = (tenantId: string): Problem => {
    noteThrottled(tenantId);
    return new Problem(
      'too-many-requests',
      'Too much waits for the database right now. Send this request again after a moment; nothing of it was stored.',
      {
        retryAfterSeconds: 1,
      },
    );
  };

  for (const signal of Object.keys(REJECTED_FIELD) as OtlpSignal[]) {
    for (const path of PATHS[signal]) {
      app.post(
        path,
        {
          bodyLimit: configuration.INGEST_MAX_BODY_BYTES,
          logLevel: quietLogLevel(app),
          schema: {
            tags: ['otlp'],
            summary: SUMMARIES[signal],
            description:
              'As the OTLP/HTTP specification has it: the answer is in the content type of the request, partial_success tells what was refused, failures are a google.rpc.Status.',
            response: {
              200: {
                description: `Export${SERVICES[signal]}ServiceResponse`,
                content: inBothFormats(OtlpAnswerSchema),
              },
              '4XX': { description: 'google.rpc.Status', content: inBothFormats(RpcStatusSchema) },
              '5XX': { description: 'google.rpc.Status', content: inBothFormats(RpcStatusSchema) },
            },
          },
          config: {
            openApiBody: {
              content: inBothFormats(
                Type.Object(
                  {
                    [RESOURCES[signal]]: Type.Optional(
                      Type.Union([Type.Array(Type.Object({}, { additionalProperties: true })), Type.Null()]),
                    ),
                  },
                  { description: `Export${SERVICES[signal]}ServiceRequest` },
                ),
              ),
            },
          },
          // What leaves is bytes already.
          serializerCompiler: () => (body) => body as string,
          // The key and the room are checked before a byte of the body is read.
          onRequest: async (request) => {
            const format = FORMATS[mediaType(request.headers['content-type']) ?? ''];
            request.otlp = { format: format ?? 'json', tenantId: '', reservation: null };
            normaliseAuthorization(request.headers);
            const { tenantId } = await authenticator.require(request, 'ingest');
            request.otlp.tenantId = tenantId;
            if (format === undefined) {
              throw new Problem(
                'unsupported-media-type',
                `Content-Type "${request.headers['content-type'] ?? ''}" is not supported; use application/x-protobuf or application/json.`,
              );
            }
            const announced = Number(
              request.headers['content-length'] ?? configuration.INGEST_MAX_BODY_BYTES,
            );
            const reservation = budget.reserve(
              tenantId,
              Math.min(announced, configuration.INGEST_MAX_BODY_BYTES),
            );
            if (!reservation) throw throttle(tenantId);
            request.otlp.reservation = reservation;
          },
          onResponse: (request, _reply, next) => {
            request.otlp?.reservation?.release();
            next();
          },
          onRequestAbort: (request, next) => {
            request.otlp?.reservation?.release();
            next();
          },
        },
        async (request, reply) => {
          const { format, tenantId, reservation } = request.otlp ?? {
            format: 'json',
            tenantId: '',
            reservation: null,
          };
          const sent = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
          const body = await decodeBody(
            sent,
            request.headers['content-encoding'],
            configuration.INGEST_MAX_DECOMPRESSED_BYTES,
          );
          if (!reservation?.grow(body.length)) throw throttle(tenantId);
          const outcome = await submit({ tenantId, ...readOtlp(signal, format, body) });
          return reply
            .code(200)
            .type(MEDIA_TYPE[format])
            .send(successBody(format, signal, outcome.rejected, outcome.message));
        },
      );
    }
  }
  done();
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the OTLP routes. */
    otlp: { format: OtlpFormat; tenantId: string; reservation: Reservation | null } | null;
  }
}

/**
 * What a body tells.
 * @throws MalformedOtlp, OversizedOtlp
 */
export function readOtlp(signal: OtlpSignal, format: OtlpFormat, body: Buffer): Omit<OtlpBatch, 'tenantId'> {
  const unknown = new UnknownShapes();
  const isJson = format === 'json';
  if (signal === 'traces') {
    const spans = isJson ? decodeTracesJson(body) : decodeTraces(body);
    return {
      signal,
      received: spans.length,
      reports: reportsOfSpans(spans, unknown),
      metricPoints: [],
      unknown,
    };
  }
  if (signal === 'logs') {
    const records = isJson ? decodeLogsJson(body) : decodeLogs(body);
    return {
      signal,
      received: records.length,
      reports: reportsOfLogs(records, unknown),
      metricPoints: [],
      unknown,
    };
  }
  const points = isJson ? decodeMetricsJson(body) : decodeMetrics(body);
  return {
    signal,
    received: points.length,
    reports: [],
    metricPoints: metricPoints(points, unknown),
    unknown,
  };
}

/** Every failure in the form that exporters understand, in this one place. Internals are logged and never sent. */
function sendFailure(request: FastifyRequest, reply: FastifyReply, error: FastifyError): FastifyReply {
  const { status, message, retryAfterSeconds } = explain(error);
  if (status >= 500) request.log.error({ err: error }, 'request failed');
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="promptops"');
  const format = request.otlp?.format ?? 'json';
  return reply
    .code(status)
    .type(MEDIA_TYPE[format])
    .serializer((body: unknown) => body as string)
    .send(failureBody(format, status, message));
}

function explain(error: FastifyError): {
  status: number;
  message: string;
  retryAfterSeconds?: number | undefined;
} {
  if (error instanceof Problem)
    return { status: error.status, message: error.message, retryAfterSeconds: error.retryAfterSeconds };
  if (error instanceof OversizedOtlp)
    return { status: 413, message: `The request is too large: ${error.message}.` };
  if (error instanceof MalformedOtlp)
    return {
      status: 400,
      message: `The body is not a valid OTLP request: ${error.message}. Nothing of it was stored.`,
    };
  if (isDatabaseAway(error)) {
    return {
      status: 503,
      message: 'The database cannot be reached right now. Send the request again in a few seconds.',
      retryAfterSeconds: 2,
    };
  }
  const status = error.statusCode ?? 500;
  if (status === 413)
    return { status, message: 'The body is larger than this collector accepts. Send smaller batches.' };
  if (status >= 400 && status < 500)
    return { status, message: error.message, ...(status === 429 ? { retryAfterSeconds: 1 } : {}) };
  return { status: 500, message: 'The collector failed to answer this request; its log has the reason.' };
}

function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(';')[0]?.trim().toLowerCase();
}
