import type { UsageRow } from './usage-row.ts';

/** A row of client_usage_logs as `pg` reads it, made a UsageRow again. `timestamp_us` is its time in microseconds since 1970. */
export function rowFromDatabase(row: Record<string, unknown>): UsageRow {
  const text = (name: string): string | null => (row[name] as string | null | undefined) ?? null;
  const number = (name: string): number | null => (row[name] == null ? null : Number(row[name]));
  return {
    tenantId: text('tenant_id') ?? '',
    timestampUs: Number(row['timestamp_us']),
    eventId: text('event_id') ?? '',
    eventUuid: text('event_uuid') ?? '',
    identity: text('identity'),
    projectId: text('project_id'),
    promptId: text('prompt_id'),
    promptVersion: text('prompt_version'),
    endpoint: text('endpoint'),
    modelProvider: text('model_provider') ?? '',
    modelName: text('model_name') ?? '',
    serviceTier: text('service_tier'),
    environment: text('environment'),
    userId: text('user_id'),
    sessionId: text('session_id'),
    stream: (row['stream'] as boolean | null | undefined) ?? null,
    inputTokens: number('input_tokens'),
    cacheReadTokens: number('cache_read_tokens'),
    cacheWrite5mTokens: number('cache_write_5m_tokens'),
    cacheWrite1hTokens: number('cache_write_1h_tokens'),
    outputTokens: number('output_tokens'),
    reasoningTokens: number('reasoning_tokens'),
    tokensRequested: number('tokens_requested'),
    tokensUsed: number('tokens_used'),
    usageNote: text('usage_note'),
    responseTimeMs: number('response_time_ms'),
    timeToFirstTokenMs: number('time_to_first_token_ms'),
    latencyBucket: number('latency_bucket'),
    status: row['status'] === 'error' ? 'error' : 'success',
    statusCode: number('status_code'),
    errorType: text('error_type'),
    cacheHit: row['cache_hit'] === true,
    costNanoUsd: number('cost_nano_usd'),
    priceId: number('price_id'),
    discountId: number('discount_id'),
    reportedCostNanoUsd: number('reported_cost_nano_usd'),
    metadata: (row['metadata'] as Record<string, unknown> | null | undefined) ?? null,
  };
}
