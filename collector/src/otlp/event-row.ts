import { eventUuidOf } from '../ingest/event-id.ts';
import type { UsageRow } from '../ingest/usage-row.ts';
import { parseNanoUsd } from '../ingest/normalise.ts';
import { latencyBucket } from '../usage/latency-buckets.ts';
import { modelOf, type CallFields } from './call-report.ts';

/** What a provider or a model is called that the telemetry does not name. */
export const UNKNOWN = 'unknown';

/** A call as it is stored; still to be priced. */
export function eventRow(tenantId: string, eventId: string, call: CallFields): UsageRow {
  const { tokens } = call;
  const uuid = eventUuidOf(eventId);
  // A cache write of an untold lifetime: five minutes is what providers give to who does not ask for another.
  const isSplit = tokens.cacheWriteUnsplit === null;
  const cacheWrite5m = isSplit
    ? tokens.cacheWrite5m
    : (tokens.cacheWrite5m ?? 0) + (tokens.cacheWriteUnsplit ?? 0);
  const parts = [tokens.input, tokens.cacheRead, cacheWrite5m, tokens.cacheWrite1h, tokens.output];
  const notes = [
    call.usageNote,
    isSplit || cacheWrite5m === 0 ? null : 'cache-write-lifetime-unknown',
  ].filter((note) => note !== null);
  const responseTimeMs = call.responseTimeMs;
  return {
    tenantId,
    timestampUs: call.timestampUs,
    eventId,
    eventUuid: uuid,
    identity: uuid,
    projectId: call.projectId,
    promptId: call.promptId,
    promptVersion: call.promptVersion,
    endpoint: call.endpoint,
    modelProvider: call.provider ?? UNKNOWN,
    modelName: modelOf(call) ?? UNKNOWN,
    serviceTier: call.serviceTier,
    environment: call.environment,
    userId: call.userId,
    sessionId: call.sessionId,
    stream: call.stream,
    inputTokens: tokens.input,
    cacheReadTokens: tokens.cacheRead,
    cacheWrite5mTokens: cacheWrite5m,
    cacheWrite1hTokens: tokens.cacheWrite1h,
    outputTokens: tokens.output,
    reasoningTokens: tokens.reasoning,
    tokensRequested: call.tokensRequested,
    tokensUsed: parts.every((part) => part === null)
      ? null
      : parts.reduce<number>((sum, part) => sum + (part ?? 0), 0),
    usageNote: notes.length === 0 ? null : notes.join(' '),
    responseTimeMs,
    timeToFirstTokenMs: call.timeToFirstTokenMs,
    latencyBucket: responseTimeMs === null ? null : latencyBucket(responseTimeMs),
    status: call.status,
    statusCode: call.statusCode,
    errorType: call.errorType,
    cacheHit: call.cacheHit,
    costNanoUsd: null,
    priceId: null,
    discountId: null,
    reportedCostNanoUsd: call.costUsd === null ? null : parseNanoUsd(call.costUsd),
    metadata: call.metadata,
  };
}
