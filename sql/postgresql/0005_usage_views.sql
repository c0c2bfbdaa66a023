-- The surface that people and everything above storage query; the same columns on every engine.
-- Costs: total_cost_usd is NULL where nothing in the group has a price, never 0. user_id is not kept in these rollups.
-- Sums and counts stack (add them up over any rows); averages do not.

CREATE VIEW usage_analytics_quarter_hourly AS
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

CREATE VIEW usage_analytics_hourly AS
SELECT
  tenant_id,
  hour_start,
  hour_start AS "timestamp",
  project_id,
  prompt_id,
  prompt_version,
  NULL::text AS user_id,
  endpoint,
  model_provider,
  model_name,
  environment,
  sum(request_count)::bigint AS request_count,
  sum(successful_requests)::bigint AS successful_requests,
  sum(failed_requests)::bigint AS failed_requests,
  sum(cache_hits)::bigint AS cache_hits,
  sum(streamed_requests)::bigint AS streamed_requests,
  sum(input_tokens)::bigint AS input_tokens,
  sum(cache_read_tokens)::bigint AS cache_read_tokens,
  sum(cache_write_5m_tokens)::bigint AS cache_write_5m_tokens,
  sum(cache_write_1h_tokens)::bigint AS cache_write_1h_tokens,
  sum(output_tokens)::bigint AS output_tokens,
  sum(reasoning_tokens)::bigint AS reasoning_tokens,
  sum(total_tokens_requested)::bigint AS total_tokens_requested,
  sum(total_tokens_used)::bigint AS total_tokens_used,
  CASE WHEN sum(request_count) > sum(unpriced_requests) THEN sum(total_cost_nano_usd)::bigint END AS total_cost_nano_usd,
  CASE WHEN sum(request_count) > sum(unpriced_requests) THEN sum(total_cost_nano_usd)::bigint * 0.000000001 END AS total_cost_usd,
  sum(unpriced_requests)::bigint AS unpriced_requests,
  sum(unpriced_tokens)::bigint AS unpriced_tokens,
  sum(unknown_usage_requests)::bigint AS unknown_usage_requests,
  CASE WHEN sum(reported_cost_requests) > 0 THEN sum(reported_cost_nano_usd)::bigint END AS reported_cost_nano_usd,
  CASE WHEN sum(reported_cost_requests) > 0 THEN sum(reported_cost_nano_usd)::bigint * 0.000000001 END AS reported_cost_usd,
  sum(reported_cost_requests)::bigint AS reported_cost_requests,
  sum(latency_sum_us)::bigint AS latency_sum_us,
  sum(latency_sum_us) / 1000.0 AS latency_sum_ms,
  sum(latency_count)::bigint AS latency_count,
  sum(time_to_first_token_sum_us)::bigint AS time_to_first_token_sum_us,
  sum(time_to_first_token_sum_us) / 1000.0 AS time_to_first_token_sum_ms,
  sum(time_to_first_token_count)::bigint AS time_to_first_token_count
FROM usage_rollup_quarter_hour
GROUP BY tenant_id, hour_start, project_id, prompt_id, prompt_version, endpoint, model_provider, model_name, environment;

-- Without prompts and endpoints: fewer rows for long time series.
CREATE VIEW usage_analytics_hourly_by_model AS
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
CREATE VIEW usage_analytics_total AS
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

CREATE VIEW usage_analytics_daily AS
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

CREATE VIEW usage_latency_hourly AS
SELECT tenant_id, hour_start, hour_start AS "timestamp", project_id, endpoint, model_provider, model_name, environment, latency_bucket, request_count
FROM usage_rollup_latency;

CREATE VIEW usage_latency_daily AS
SELECT
  tenant_id,
  date_trunc('day', hour_start, 'UTC') AS "timestamp",
  project_id,
  endpoint,
  model_provider,
  model_name,
  environment,
  latency_bucket,
  sum(request_count)::bigint AS request_count
FROM usage_rollup_latency
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

CREATE VIEW usage_latency_total_daily AS
SELECT tenant_id, bucket_start AS "timestamp", latency_bucket, request_count
FROM usage_rollup_latency_total;
