-- Views that PostgreSQL computes from finer rollups than they show. The others, and what holds for all of them: shared/0011.

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
