-- Views for which TimescaleDB keeps an aggregate that PostgreSQL does not. The others, and what holds for all of them: shared/0011.

CREATE VIEW usage_analytics_hourly AS
SELECT
  tenant_id,
  bucket_start AS hour_start,
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
FROM usage_rollup_hour;

CREATE VIEW usage_latency_daily AS
SELECT tenant_id, bucket_start AS "timestamp", project_id, endpoint, model_provider, model_name, environment, latency_bucket, request_count
FROM usage_rollup_latency_day;
