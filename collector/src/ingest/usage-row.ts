import type { TokenCounts } from '../pricing/price.ts';

/** One event as it is stored: a row of client_usage_logs (sql/postgresql/0002_usage_logs.sql has the meanings). */
export interface UsageRow {
  tenantId: string;
  /** Microseconds since 1970, UTC. */
  timestampUs: number;
  eventId: string;
  /** The event_id itself where it is a UUID, else made from its hash. */
  eventUuid: string;
  /** The UUID by which another report is known as the same event; null: by none, the sender gave no id. */
  identity: string | null;
  projectId: string | null;
  promptId: string | null;
  promptVersion: string | null;
  endpoint: string | null;
  modelProvider: string;
  modelName: string;
  serviceTier: string | null;
  environment: string | null;
  userId: string | null;
  sessionId: string | null;
  stream: boolean | null;
  inputTokens: number | null;
  cacheReadTokens: number | null;
  cacheWrite5mTokens: number | null;
  cacheWrite1hTokens: number | null;
  outputTokens: number | null;
  reasoningTokens: number | null;
  tokensRequested: number | null;
  tokensUsed: number | null;
  usageNote: string | null;
  responseTimeMs: number | null;
  timeToFirstTokenMs: number | null;
  latencyBucket: number | null;
  status: 'success' | 'error';
  statusCode: number | null;
  errorType: string | null;
  cacheHit: boolean;
  costNanoUsd: number | null;
  /** Which row of model_prices made the cost; null: unpriced. */
  priceId: number | null;
  /** Which row of model_prices gave a discount on it; null: none. */
  discountId: number | null;
  reportedCostNanoUsd: number | null;
  metadata: Record<string, unknown> | null;
}

/** Column of client_usage_logs, its type and how a row gives it. The order is that of COPY. */
export const USAGE_COLUMNS: readonly {
  name: string;
  type: string;
  value: (row: UsageRow) => string | number | boolean | null;
}[] = [
  { name: 'tenant_id', type: 'text', value: (row) => row.tenantId },
  { name: '"timestamp"', type: 'timestamptz', value: (row) => formatTimestamp(row.timestampUs) },
  { name: 'event_uuid', type: 'uuid', value: (row) => row.eventUuid },
  { name: 'event_key', type: 'text', value: (row) => (row.eventUuid === row.eventId ? null : row.eventId) },
  { name: 'project_id', type: 'text', value: (row) => row.projectId },
  { name: 'prompt_id', type: 'text', value: (row) => row.promptId },
  { name: 'prompt_version', type: 'text', value: (row) => row.promptVersion },
  { name: 'endpoint', type: 'text', value: (row) => row.endpoint },
  { name: 'model_provider', type: 'text', value: (row) => row.modelProvider },
  { name: 'model_name', type: 'text', value: (row) => row.modelName },
  { name: 'service_tier', type: 'text', value: (row) => row.serviceTier },
  { name: 'environment', type: 'text', value: (row) => row.environment },
  { name: 'user_id', type: 'text', value: (row) => row.userId },
  { name: 'session_id', type: 'text', value: (row) => row.sessionId },
  { name: 'stream', type: 'boolean', value: (row) => row.stream },
  { name: 'input_tokens', type: 'bigint', value: (row) => row.inputTokens },
  { name: 'cache_read_tokens', type: 'bigint', value: (row) => row.cacheReadTokens },
  { name: 'cache_write_5m_tokens', type: 'bigint', value: (row) => row.cacheWrite5mTokens },
  { name: 'cache_write_1h_tokens', type: 'bigint', value: (row) => row.cacheWrite1hTokens },
  { name: 'output_tokens', type: 'bigint', value: (row) => row.outputTokens },
  { name: 'reasoning_tokens', type: 'bigint', value: (row) => row.reasoningTokens },
  { name: 'tokens_requested', type: 'bigint', value: (row) => row.tokensRequested },
  { name: 'tokens_used', type: 'bigint', value: (row) => row.tokensUsed },
  { name: 'usage_note', type: 'text', value: (row) => row.usageNote },
  { name: 'response_time_us', type: 'bigint', value: (row) => microseconds(row.responseTimeMs) },
  { name: 'time_to_first_token_us', type: 'bigint', value: (row) => microseconds(row.timeToFirstTokenMs) },
  { name: 'latency_bucket', type: 'smallint', value: (row) => row.latencyBucket },
  { name: 'status', type: 'text', value: (row) => row.status },
  { name: 'status_code', type: 'integer', value: (row) => row.statusCode },
  { name: 'error_type', type: 'text', value: (row) => row.errorType },
  { name: 'cache_hit', type: 'boolean', value: (row) => row.cacheHit },
  { name: 'cost_nano_usd', type: 'bigint', value: (row) => row.costNanoUsd },
  { name: 'price_id', type: 'bigint', value: (row) => row.priceId },
  { name: 'discount_id', type: 'bigint', value: (row) => row.discountId },
  { name: 'reported_cost_nano_usd', type: 'bigint', value: (row) => row.reportedCostNanoUsd },
  {
    name: 'metadata',
    type: 'jsonb',
    value: (row) => (row.metadata === null ? null : JSON.stringify(row.metadata)),
  },
];

function microseconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000);
}

/** The disjoint token counts of a row with unknown ones as 0, or null when the source told none. */
export function tokenCounts(row: UsageRow): TokenCounts | null {
  const { inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens, outputTokens } = row;
  if (
    inputTokens === null &&
    outputTokens === null &&
    cacheReadTokens === null &&
    cacheWrite5mTokens === null &&
    cacheWrite1hTokens === null
  ) {
    return null;
  }
  return {
    input: inputTokens ?? 0,
    cacheRead: cacheReadTokens ?? 0,
    cacheWrite5m: cacheWrite5mTokens ?? 0,
    cacheWrite1h: cacheWrite1hTokens ?? 0,
    output: outputTokens ?? 0,
    reasoning: row.reasoningTokens ?? 0,
  };
}

const MINUTE_US = 60_000_000;
/** The last minute that was formatted: events come together, and most of a time is the same as before. */
let formattedMinute = { number: NaN, text: '' };

/** RFC 3339 with microseconds. */
export function formatTimestamp(timestampUs: number): string {
  const minute = Math.floor(timestampUs / MINUTE_US);
  if (minute !== formattedMinute.number) {
    formattedMinute = { number: minute, text: new Date(minute * 60_000).toISOString().slice(0, 17) };
  }
  const rest = timestampUs - minute * MINUTE_US + 100_000_000; // eight digits and a one before them: 1SSffffff
  const digits = String(rest);
  return `${formattedMinute.text}${digits.slice(1, 3)}.${digits.slice(3)}Z`;
}

const SPECIAL = /[\\\b\f\n\r\t\v]/;
const ESCAPES: Record<string, string> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** A value in PostgreSQL's COPY text format. */
export function copyField(value: string | number | boolean | null): string {
  if (value === null) return '\\N';
  if (typeof value === 'string') {
    const text = value.isWellFormed() ? value : value.toWellFormed();
    return SPECIAL.test(text)
      ? text.replace(/[\\\b\f\n\r\t\v]/g, (character) => ESCAPES[character] ?? '')
      : text;
  }
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return String(value);
}
