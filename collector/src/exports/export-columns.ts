import { ROLLUP_DIMENSIONS } from '../usage/measures.ts';

/** What a column holds; each format writes a kind in its own way. Values come as PostgreSQL's text. */
export type ColumnKind =
  | 'text'
  | 'integer'
  | 'double'
  | 'boolean'
  /** Integer nano-USD; shown as USD, exact to the ninth decimal. */
  | 'nano_usd'
  /** `2026-03-10 12:00:00.123456+00`, always in UTC. */
  | 'timestamp'
  /** JSON text of the database. */
  | 'json';

export interface ExportColumn {
  name: string;
  kind: ColumnKind;
  /** Never null. */
  required?: boolean;
}

/** A column that a statement selects. */
export interface SelectedColumn extends ExportColumn {
  sql: string;
}

const event = (name: string, kind: ColumnKind, column = name, required = false): SelectedColumn => ({
  name,
  kind,
  sql: `e.${column}`,
  required,
});

/** Everything that is stored of a call, in the words of `GET /v1/analytics/usage/events`. */
export const FULL_SELECTED: readonly SelectedColumn[] = [
  event('event_id', 'text', 'event_id', true),
  event('timestamp', 'timestamp', '"timestamp"', true),
  event('received_at', 'timestamp', 'received_at', true),
  event('project_id', 'text'),
  event('prompt_id', 'text'),
  event('prompt_version', 'text'),
  event('endpoint', 'text'),
  event('model_provider', 'text', 'model_provider', true),
  event('model_name', 'text', 'model_name', true),
  event('service_tier', 'text'),
  event('environment', 'text'),
  event('user_id', 'text'),
  event('session_id', 'text'),
  event('stream', 'boolean'),
  event('input_tokens', 'integer'),
  event('cache_read_tokens', 'integer'),
  event('cache_write_5m_tokens', 'integer'),
  event('cache_write_1h_tokens', 'integer'),
  event('output_tokens', 'integer'),
  event('reasoning_tokens', 'integer'),
  event('total_tokens_used', 'integer', 'tokens_used'),
  event('total_tokens_requested', 'integer', 'tokens_requested'),
  event('usage_note', 'text'),
  event('response_time_ms', 'double'),
  event('time_to_first_token_ms', 'double'),
  event('status', 'text', 'status', true),
  event('status_code', 'integer'),
  event('error_type', 'text'),
  event('cache_hit', 'boolean', 'cache_hit', true),
  event('cost_usd', 'nano_usd', 'cost_nano_usd'),
  event('reported_cost_usd', 'nano_usd', 'reported_cost_nano_usd'),
  event('metadata', 'json'),
  event('price_id', 'integer'),
  event('discount_id', 'integer'),
];

/** Looked up in the price book by price_id and discount_id, which are the last two selected columns. */
const FULL_LOOKED_UP: readonly ExportColumn[] = [
  { name: 'price_source', kind: 'text' },
  { name: 'price_version', kind: 'text' },
  { name: 'discount_source', kind: 'text' },
  { name: 'discount_version', kind: 'text' },
];
export const FULL_COLUMNS: readonly ExportColumn[] = [...FULL_SELECTED, ...FULL_LOOKED_UP];

const sum = (name: string, column: string, kind: ColumnKind = 'integer'): SelectedColumn => ({
  name,
  kind,
  // Costs stay NULL where nothing has one; counts are never NULL.
  sql: `sum(r.${column})`,
  required: kind === 'integer',
});

/** What a summary adds up; names and meanings are those of the overview's figures. Sums and counts can be added up further. */
export const SUMMARY_SUMS: readonly SelectedColumn[] = [
  sum('total_requests', 'request_count'),
  sum('successful_requests', 'successful_requests'),
  sum('failed_requests', 'failed_requests'),
  sum('cache_hits', 'cache_hits'),
  sum('total_tokens_requested', 'total_tokens_requested'),
  sum('total_tokens_used', 'total_tokens_used'),
  sum('input_tokens', 'input_tokens'),
  sum('cache_read_tokens', 'cache_read_tokens'),
  sum('cache_write_5m_tokens', 'cache_write_5m_tokens'),
  sum('cache_write_1h_tokens', 'cache_write_1h_tokens'),
  sum('output_tokens', 'output_tokens'),
  sum('reasoning_tokens', 'reasoning_tokens'),
  sum('total_cost_usd', 'total_cost_nano_usd', 'nano_usd'),
  sum('unpriced_requests', 'unpriced_requests'),
  sum('unpriced_tokens', 'unpriced_tokens'),
  sum('unknown_usage_requests', 'unknown_usage_requests'),
  sum('reported_cost_usd', 'reported_cost_nano_usd', 'nano_usd'),
  {
    name: 'response_time_ms_sum',
    kind: 'double',
    sql: '(sum(r.latency_sum_us) / 1000.0)::float8',
    required: true,
  },
  sum('response_time_count', 'latency_count'),
  {
    name: 'time_to_first_token_ms_sum',
    kind: 'double',
    sql: '(sum(r.time_to_first_token_sum_us) / 1000.0)::float8',
    required: true,
  },
  sum('time_to_first_token_count', 'time_to_first_token_count'),
];

/** One row for each hour or day of the zone and each combination of these that had a call. */
export const SUMMARY_DIMENSIONS = ROLLUP_DIMENSIONS;

export const SUMMARY_COLUMNS: readonly ExportColumn[] = [
  { name: 'period_start', kind: 'timestamp', required: true },
  { name: 'period_start_local', kind: 'text', required: true },
  ...SUMMARY_DIMENSIONS.map((name): ExportColumn => ({ name, kind: 'text' })),
  ...SUMMARY_SUMS.map(({ name, kind, required = false }) => ({ name, kind, required })),
];
