/**
 * One definition per measure. `event` is its value for one row of client_usage_logs; every rollup keeps the sum of it over its
 * rows, and every answer is a sum over rollup rows. The column of the rollup tables has the name of the key.
 */
export const MEASURES = {
  request_count: { event: '1' },
  successful_requests: { event: `(e.status = 'success')::int` },
  failed_requests: { event: `(e.status = 'error')::int` },
  cache_hits: { event: 'e.cache_hit::int' },
  streamed_requests: { event: 'coalesce(e.stream, false)::int' },
  input_tokens: { event: 'coalesce(e.input_tokens, 0)' },
  cache_read_tokens: { event: 'coalesce(e.cache_read_tokens, 0)' },
  cache_write_5m_tokens: { event: 'coalesce(e.cache_write_5m_tokens, 0)' },
  cache_write_1h_tokens: { event: 'coalesce(e.cache_write_1h_tokens, 0)' },
  output_tokens: { event: 'coalesce(e.output_tokens, 0)' },
  reasoning_tokens: { event: 'coalesce(e.reasoning_tokens, 0)' },
  total_tokens_requested: { event: 'coalesce(e.tokens_requested, 0)' },
  total_tokens_used: { event: 'coalesce(e.tokens_used, 0)' },
  total_cost_nano_usd: { event: 'coalesce(e.cost_nano_usd, 0)' },
  unpriced_requests: { event: '(e.cost_nano_usd IS NULL)::int' },
  unpriced_tokens: { event: 'CASE WHEN e.cost_nano_usd IS NULL THEN coalesce(e.tokens_used, 0) ELSE 0 END' },
  unknown_usage_requests: {
    event: `(e.tokens_used IS NULL AND e.status = 'success' AND NOT e.cache_hit)::int`,
  },
  reported_cost_nano_usd: { event: 'coalesce(e.reported_cost_nano_usd, 0)' },
  reported_cost_requests: { event: '(e.reported_cost_nano_usd IS NOT NULL)::int' },
  latency_sum_us: { event: 'coalesce(e.response_time_us, 0)' },
  latency_count: { event: '(e.response_time_us IS NOT NULL)::int' },
  time_to_first_token_sum_us: { event: 'coalesce(e.time_to_first_token_us, 0)' },
  time_to_first_token_count: { event: '(e.time_to_first_token_us IS NOT NULL)::int' },
} as const satisfies Record<string, { event: string }>;
export type Measure = keyof typeof MEASURES;
export const MEASURE_NAMES = Object.keys(MEASURES) as Measure[];

/** What the rollups can be grouped and filtered by. */
export const ROLLUP_DIMENSIONS = [
  'project_id',
  'prompt_id',
  'prompt_version',
  'endpoint',
  'model_provider',
  'model_name',
  'environment',
] as const;
export type RollupDimension = (typeof ROLLUP_DIMENSIONS)[number];

/** The dimensions of the narrow rollup, which long time series are read from. */
export const MODEL_DIMENSIONS = ['project_id', 'model_provider', 'model_name', 'environment'] as const;

/** The dimensions of the latency buckets: fewer, since each group takes up to a hundred rows an hour. */
export const LATENCY_DIMENSIONS = [
  'project_id',
  'endpoint',
  'model_provider',
  'model_name',
  'environment',
] as const;
