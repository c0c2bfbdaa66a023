import { eventUuidOf, uuidv7 } from './event-id.ts';
import type { PostedEvent } from './event-schema.ts';
import type { FieldError } from './event-schema.ts';
import type { UsageRow } from './usage-row.ts';
import { latencyBucket } from '../usage/latency-buckets.ts';

/** Nothing called a model before this. */
const EARLIEST_MS = Date.UTC(2015, 0, 1);

/**
 * Turns a posted event into a row: one time, disjoint tokens, whole microseconds. The cost is set by `applyPrice`.
 * @param fallbackIdentity identity for an event without event_id (from an Idempotency-Key), or null
 */
export function normalise(
  event: PostedEvent,
  context: { tenantId: string; nowMs: number; maxFutureMs: number; fallbackIdentity: string | null },
): UsageRow | FieldError {
  const timestampUs = parseTimestamp(event.timestamp);
  if (timestampUs === undefined)
    return { field: 'timestamp', reason: `is not a time that exists: ${JSON.stringify(event.timestamp)}` };
  const timestampMs = timestampUs / 1000;
  if (timestampMs > context.nowMs + context.maxFutureMs) {
    return {
      field: 'timestamp',
      reason: `lies ${Math.round((timestampMs - context.nowMs) / 1000)} s in the future; at most ${context.maxFutureMs / 1000} s are taken. Check the sender's clock`,
    };
  }
  if (timestampMs < EARLIEST_MS) return { field: 'timestamp', reason: 'lies before 2015' };

  const givenId = event.event_id ?? context.fallbackIdentity;
  const eventId = givenId ?? uuidv7(context.nowMs);
  const eventUuid = eventUuidOf(eventId);
  const usage = splitTokens(event);
  const responseTimeMs = wholeMicroseconds(event.response_time_ms);
  const statusCode = event.status_code ?? null;
  const status =
    event.status ??
    (event.error_type != null || (statusCode !== null && statusCode >= 400) ? 'error' : 'success');
  return {
    tenantId: context.tenantId,
    timestampUs,
    eventId,
    eventUuid,
    identity: givenId === null ? null : eventUuid,
    projectId: event.project_id ?? null,
    promptId: event.prompt_id ?? null,
    promptVersion: event.prompt_version ?? null,
    endpoint: event.endpoint ?? null,
    modelProvider: event.model_provider,
    modelName: event.model_name,
    serviceTier: event.service_tier ?? null,
    environment: event.environment ?? null,
    userId: event.user_id ?? null,
    sessionId: event.session_id ?? null,
    stream: event.stream ?? null,
    ...usage,
    tokensRequested: event.tokens_requested ?? null,
    responseTimeMs,
    timeToFirstTokenMs: wholeMicroseconds(event.time_to_first_token_ms),
    latencyBucket: responseTimeMs === null ? null : latencyBucket(responseTimeMs),
    status,
    statusCode,
    errorType: event.error_type ?? null,
    cacheHit: event.cache_hit ?? false,
    costNanoUsd: null,
    priceId: null,
    discountId: null,
    reportedCostNanoUsd: event.cost_usd == null ? null : parseNanoUsd(event.cost_usd),
    metadata: event.metadata ?? null,
  };
}

type Usage = Pick<
  UsageRow,
  | 'inputTokens'
  | 'cacheReadTokens'
  | 'cacheWrite5mTokens'
  | 'cacheWrite1hTokens'
  | 'outputTokens'
  | 'reasoningTokens'
  | 'tokensUsed'
  | 'usageNote'
>;

/**
 * Splits the posted counts into disjoint ones. `input_tokens` includes the cached ones and `output_tokens` the reasoning. A
 * report that contradicts this is of a source that leaves them out (Anthropic's raw input_tokens, Gemini's candidate tokens):
 * it is read that way and noted in `usage_note`. Unknown stays unknown (null).
 */
export function splitTokens(event: PostedEvent): Usage {
  const cacheReadTokens = event.cache_read_tokens ?? null;
  const cacheWrite5mTokens = event.cache_write_5m_tokens ?? null;
  const cacheWrite1hTokens = event.cache_write_1h_tokens ?? null;
  const cached = (cacheReadTokens ?? 0) + (cacheWrite5mTokens ?? 0) + (cacheWrite1hTokens ?? 0);
  const notes: string[] = [];

  let inputTokens = event.input_tokens ?? null;
  if (inputTokens !== null) {
    if (inputTokens >= cached) inputTokens -= cached;
    else notes.push('input_tokens excluded cached tokens');
  }
  const reasoningTokens = event.reasoning_tokens ?? null;
  let outputTokens = event.output_tokens ?? null;
  if (reasoningTokens !== null && outputTokens !== null && reasoningTokens > outputTokens) {
    outputTokens += reasoningTokens;
    notes.push('output_tokens excluded reasoning tokens');
  }
  if (outputTokens === null && reasoningTokens !== null) outputTokens = reasoningTokens;
  const isKnown = inputTokens !== null || outputTokens !== null || cached > 0;
  return {
    inputTokens,
    cacheReadTokens,
    cacheWrite5mTokens,
    cacheWrite1hTokens,
    outputTokens,
    reasoningTokens,
    tokensUsed: isKnown ? (inputTokens ?? 0) + cached + (outputTokens ?? 0) : null,
    usageNote: notes.length > 0 ? notes.join('; ') : null,
  };
}

const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** Microseconds since 1970 of an RFC 3339 time, or undefined when there is no such time (30 February). */
export function parseTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [, date = '', time = '', fraction = '', zone = ''] = match;
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8))];
  const [hour, minute, second] = [Number(time.slice(0, 2)), Number(time.slice(3, 5)), Number(time.slice(6))];
  // A leap second (:60) is the second after it, as every clock here counts.
  if (
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > daysOf(year, month) ||
    hour > 23 ||
    minute > 59 ||
    second > 60
  )
    return undefined;
  let offsetMinutes = 0;
  if (zone.length > 1) {
    const [offsetHour, offsetMinute] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
    if (offsetHour > 23 || offsetMinute > 59) return undefined;
    offsetMinutes = (zone.startsWith('-') ? -1 : 1) * (offsetHour * 60 + offsetMinute);
  }
  const ms = Date.UTC(year, month - 1, day, hour, minute - offsetMinutes, second);
  return ms * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Nano-USD of a decimal string in USD; digits past the ninth are rounded half up. */
export function parseNanoUsd(text: string): number {
  const [whole = '0', fraction = ''] = text.split('.');
  const nano = Number(whole) * 1_000_000_000 + Number(fraction.slice(0, 9).padEnd(9, '0'));
  return nano + ((fraction[9] ?? '0') >= '5' ? 1 : 0);
}

function wholeMicroseconds(ms: number | null | undefined): number | null {
  return ms == null ? null : Math.round(ms * 1000) / 1000;
}
