-- The surface that people and everything above storage query, as far as it is read off the rollups in the same words on both engines; the rest
-- of it is in each engine's 0005. The same columns on every engine.
-- Costs: total_cost_usd is NULL where nothing in the group has a price, never 0. user_id is not kept in these rollups.
-- Sums and counts stack (add them up over any rows); averages do not.
-- OR REPLACE: a database made before they stood here has them already.

CREATE OR REPLACE VIEW usage_analytics_quarter_hourly AS
SELECT
  tenant_id,
  bucket_start,
  bucket_start AS "timestamp",
  project_id,
  prompt_id,
  prompt_version,
  NULL::text AS user_id,
  endpoint,
  model_provider,
  model_name,
  environment,
  request_count,
  successful_requests,
  failed_requests,
  cache_hits,
  streamed_requests,
  input_tokens,
  cache_read_tokens,
  cache_write_5m_tokens,
  cache_write_1h_tokens,
  output_tokens,
  reasoning_tokens,
  total_tokens_requested,
  total_tokens_used,
  CASE WHEN request_count > unpriced_requests THEN total_cost_nano_usd END AS total_cost_nano_usd,
  CASE WHEN request_count > unpriced_requests THEN total_cost_nano_usd * 0.000000001 END AS total_cost_usd,
  unpriced_requests,
  unpriced_tokens,
  unknown_usage_requests,
  CASE WHEN reported_cost_requests > 0 THEN reported_cost_nano_usd END AS reported_cost_nano_usd,
  CASE WHEN reported_cost_requests > 0 THEN reported_cost_nano_usd * 0.000000001 END AS reported_cost_usd,
  reported_cost_requests,
  latency_sum_us,
  latency_sum_us / 1000.0 AS latency_sum_ms,
  latency_count,
  time_to_first_token_sum_us,
  time_to_first_token_sum_us / 1000.0 AS time_to_first_token_sum_ms,
  time_to_first_token_count
FROM usage_rollup_quarter_hour;

-- Without prompts and endpoints: fewer rows for long time series.
CREATE OR REPLACE VIEW usage_analytics_hourly_by_model AS
SELECT
  tenant_id,
  bucket_start AS hour_start,
  bucket_start AS "timestamp",
  project_id,
  model_provider,
  model_name,
  environment,
  request_count,
  successful_requests,
  failed_requests,
  cache_hits,
  streamed_requests,
  input_tokens,
  cache_read_tokens,
  cache_write_5m_tokens,
  cache_write_1h_tokens,
  output_tokens,
  reasoning_tokens,
  total_tokens_requested,
  total_tokens_used,
  CASE WHEN request_count > unpriced_requests THEN total_cost_nano_usd END AS total_cost_nano_usd,
  CASE WHEN request_count > unpriced_requests THEN total_cost_nano_usd * 0.000000001 END AS total_cost_usd,
  unpriced_requests,
  unpriced_tokens,
  unknown_usage_requests,
  CASE WHEN reported_cost_requests > 0 THEN reported_cost_nano_usd END AS reported_cost_nano_usd,
  CASE WHEN reported_cost_requests > 0 THEN reported_cost_nano_usd * 0.000000001 END AS reported_cost_usd,
  reported_cost_requests,
  latency_sum_us,
  latency_sum_us / 1000.0 AS latency_sum_ms,
  latency_count,
  time_to_first_token_sum_us,
  time_to_first_token_sum_us / 1000.0 AS time_to_first_token_sum_ms,
  time_to_first_token_count
FROM usage_rollup_hour_by_model;

-- The whole tenant by quarters of an hour: the fewest rows for time series without a filter.
CREATE OR REPLACE VIEW usage_analytics_total AS
SELECT
  tenant_id,
  bucket_start,
  bucket_start AS "timestamp",
  request_count,
  successful_requests,
  failed_requests,
  cache_hits,
  streamed_requests,
  input_tokens,
  cache_read_tokens,
  cache_write_5m_tokens,
  cache_write_1h_tokens,
  output_tokens,
  reasoning_tokens,
  total_tokens_requested,
  total_tokens_used,
  CASE WHEN request_count > unpriced_requests THEN total_cost_nano_usd END AS total_cost_nano_usd,
  CASE WHEN request_count > unpriced_requests THEN total_cost_nano_usd * 0.000000001 END AS total_cost_usd,
  unpriced_requests,
  unpriced_tokens,
  unknown_usage_requests,
  CASE WHEN reported_cost_requests > 0 THEN reported_cost_nano_usd END AS reported_cost_nano_usd,
  CASE WHEN reported_cost_requests > 0 THEN reported_cost_nano_usd * 0.000000001 END AS reported_cost_usd,
  reported_cost_requests,
  latency_sum_us,
  latency_sum_us / 1000.0 AS latency_sum_ms,
  latency_count,
  time_to_first_token_sum_us,
  time_to_first_token_sum_us / 1000.0 AS time_to_first_token_sum_ms,
  time_to_first_token_count
FROM usage_rollup_total;

CREATE OR REPLACE VIEW usage_analytics_daily AS
SELECT
  tenant_id,
  (bucket_start AT TIME ZONE 'UTC')::date AS date,
  bucket_start AS "timestamp",
  project_id,
  prompt_id,
  prompt_version,
  NULL::text AS user_id,
  endpoint,
  model_provider,
  model_name,
  environment,
  request_count,
  successful_requests,
  failed_requests,
  cache_hits,
  streamed_requests,
  input_tokens,
  cache_read_tokens,
  cache_write_5m_tokens,
  cache_write_1h_tokens,
  output_tokens,
  reasoning_tokens,
  total_tokens_requested,
  total_tokens_used,
  CASE WHEN request_count > unpriced_requests THEN total_cost_nano_usd END AS total_cost_nano_usd,
  CASE WHEN request_count > unpriced_requests THEN total_cost_nano_usd * 0.000000001 END AS total_cost_usd,
  unpriced_requests,
  unpriced_tokens,
  unknown_usage_requests,
  CASE WHEN reported_cost_requests > 0 THEN reported_cost_nano_usd END AS reported_cost_nano_usd,
  CASE WHEN reported_cost_requests > 0 THEN reported_cost_nano_usd * 0.000000001 END AS reported_cost_usd,
  reported_cost_requests,
  latency_sum_us,
  latency_sum_us / 1000.0 AS latency_sum_ms,
  latency_count,
  time_to_first_token_sum_us,
  time_to_first_token_sum_us / 1000.0 AS time_to_first_token_sum_ms,
  time_to_first_token_count
FROM usage_rollup_day;

CREATE OR REPLACE VIEW usage_latency_hourly AS
SELECT tenant_id, hour_start, hour_start AS "timestamp", project_id, endpoint, model_provider, model_name, environment, latency_bucket, request_count
FROM usage_rollup_latency;

CREATE OR REPLACE VIEW usage_latency_total_daily AS
SELECT tenant_id, bucket_start AS "timestamp", latency_bucket, request_count
FROM usage_rollup_latency_total;
