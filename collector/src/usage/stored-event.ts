import { Type, type Static } from 'typebox';
import type { UsageRow } from '../ingest/usage-row.ts';
import { usd } from './usd.ts';

const text = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const count = (description: string) =>
  Type.Union([Type.Integer(), Type.Null()], { description: `${description}; null: the sender did not say` });
const number = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const id = (description: string) => Type.Union([Type.Integer(), Type.Null()], { description });

/** One LLM call as it is stored, in the words of the API. */
export const StoredEventSchema = Type.Object({
  event_id: Type.String(),
  timestamp: Type.String({ description: 'When the call started, RFC 3339 in UTC, to the microsecond' }),
  received_at: Type.String({ description: 'When the collector first knew of it' }),
  project_id: text('Project or application'),
  prompt_id: text('Prompt (template)'),
  prompt_version: text('Version of the prompt'),
  endpoint: text("The provider's endpoint"),
  model_provider: Type.String(),
  model_name: Type.String(),
  service_tier: text('As the sender wrote it'),
  environment: text('e.g. production'),
  user_id: text("The application's user"),
  session_id: text('Conversation or session'),
  stream: Type.Union([Type.Boolean(), Type.Null()]),
  input_tokens: count('Uncached input tokens'),
  cache_read_tokens: count("Input tokens read from the provider's prompt cache"),
  cache_write_5m_tokens: count('Input tokens written to the prompt cache for 5 minutes'),
  cache_write_1h_tokens: count('Input tokens written to the prompt cache for an hour'),
  output_tokens: count('Output tokens, reasoning included'),
  reasoning_tokens: count('Reasoning tokens, a part of output_tokens'),
  total_tokens_used: count('input + cache_read + cache_write_5m + cache_write_1h + output tokens'),
  total_tokens_requested: count('What the caller allowed (max tokens)'),
  usage_note: text('How a contradictory usage report was read'),
  response_time_ms: number('Response time in milliseconds'),
  time_to_first_token_ms: number('Time to the first token in milliseconds'),
  output_tokens_per_second: number(
    'Output tokens over the time after the first token (over the whole response time where that is not known)',
  ),
  status: Type.Enum(['success', 'error'] as const),
  status_code: id("The provider's HTTP status"),
  error_type: text('Kind of the error'),
  cache_hit: Type.Boolean({ description: "Answered by the application's own response cache" }),
  cost_usd: text('USD, a decimal string; null: unpriced'),
  price_id: id('The price that made the cost; null: none'),
  discount_id: id('The discount that was taken off; null: none'),
  reported_cost_usd: text('What the sender claims'),
  metadata: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
});
export type StoredEvent = Static<typeof StoredEventSchema>;

export function storedEvent(row: UsageRow, receivedAt: Date): StoredEvent {
  return {
    event_id: row.eventId,
    timestamp: timeText(row.timestampUs),
    received_at: receivedAt.toISOString(),
    project_id: row.projectId,
    prompt_id: row.promptId,
    prompt_version: row.promptVersion,
    endpoint: row.endpoint,
    model_provider: row.modelProvider,
    model_name: row.modelName,
    service_tier: row.serviceTier,
    environment: row.environment,
    user_id: row.userId,
    session_id: row.sessionId,
    stream: row.stream,
    input_tokens: row.inputTokens,
    cache_read_tokens: row.cacheReadTokens,
    cache_write_5m_tokens: row.cacheWrite5mTokens,
    cache_write_1h_tokens: row.cacheWrite1hTokens,
    output_tokens: row.outputTokens,
    reasoning_tokens: row.reasoningTokens,
    total_tokens_used: row.tokensUsed,
    total_tokens_requested: row.tokensRequested,
    usage_note: row.usageNote,
    response_time_ms: row.responseTimeMs,
    time_to_first_token_ms: row.timeToFirstTokenMs,
    output_tokens_per_second: tokensPerSecond(row),
    status: row.status,
    status_code: row.statusCode,
    error_type: row.errorType,
    cache_hit: row.cacheHit,
    cost_usd: row.costNanoUsd === null ? null : usd(BigInt(row.costNanoUsd)),
    price_id: row.priceId,
    discount_id: row.discountId,
    reported_cost_usd: row.reportedCostNanoUsd === null ? null : usd(BigInt(row.reportedCostNanoUsd)),
    metadata: row.metadata,
  };
}

/** RFC 3339 in UTC; the digits of microseconds only where there are some. */
export function timeText(timestampUs: number): string {
  const ms = Math.floor(timestampUs / 1000);
  const us = timestampUs - ms * 1000;
  const iso = new Date(ms).toISOString();
  return us === 0 ? iso : `${iso.slice(0, -1)}${String(us).padStart(3, '0')}Z`;
}

function tokensPerSecond({ outputTokens, responseTimeMs, timeToFirstTokenMs }: UsageRow): number | null {
  if (outputTokens === null || outputTokens === 0 || responseTimeMs === null) return null;
  const whole = responseTimeMs;
  const afterFirst = whole - (timeToFirstTokenMs ?? 0);
  const ms = afterFirst > 0 ? afterFirst : whole;
  return ms > 0 ? Math.round((outputTokens * 1_000_000) / ms) / 1000 : null;
}
