-- migration: no-transaction
-- Rollups on TimescaleDB: real-time continuous aggregates. What the log has beyond the last refresh is added at query time; what
-- changes before it (late events, completions, repricing) is refreshed by the collector, which keeps the touched ranges in
-- usage_refresh_queue. Same names, columns and grain as the tables of PostgreSQL (sql/postgresql/0004).
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_rollup_quarter_hour
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false) AS
SELECT
  e.tenant_id,
  time_bucket(INTERVAL '15 minutes', e."timestamp") AS bucket_start,
  e.project_id,
  e.prompt_id,
  e.prompt_version,
  e.endpoint,
  e.model_provider,
  e.model_name,
  e.environment,
  count(*) AS request_count,
  count(*) FILTER (WHERE e.status = 'success') AS successful_requests,
  count(*) FILTER (WHERE e.status = 'error') AS failed_requests,
  count(*) FILTER (WHERE e.cache_hit) AS cache_hits,
  count(*) FILTER (WHERE e.stream) AS streamed_requests,
  (coalesce(sum(e.input_tokens), 0))::bigint AS input_tokens,
  (coalesce(sum(e.cache_read_tokens), 0))::bigint AS cache_read_tokens,
  (coalesce(sum(e.cache_write_5m_tokens), 0))::bigint AS cache_write_5m_tokens,
  (coalesce(sum(e.cache_write_1h_tokens), 0))::bigint AS cache_write_1h_tokens,
  (coalesce(sum(e.output_tokens), 0))::bigint AS output_tokens,
  (coalesce(sum(e.reasoning_tokens), 0))::bigint AS reasoning_tokens,
  (coalesce(sum(e.tokens_requested), 0))::bigint AS total_tokens_requested,
  (coalesce(sum(e.tokens_used), 0))::bigint AS total_tokens_used,
  (coalesce(sum(e.cost_nano_usd), 0))::bigint AS total_cost_nano_usd,
  count(*) FILTER (WHERE e.cost_nano_usd IS NULL) AS unpriced_requests,
  (coalesce(sum(e.tokens_used) FILTER (WHERE e.cost_nano_usd IS NULL), 0))::bigint AS unpriced_tokens,
  count(*) FILTER (WHERE e.tokens_used IS NULL AND e.status = 'success' AND NOT e.cache_hit) AS unknown_usage_requests,
  (coalesce(sum(e.reported_cost_nano_usd), 0))::bigint AS reported_cost_nano_usd,
  count(e.reported_cost_nano_usd) AS reported_cost_requests,
  (coalesce(sum(e.response_time_us), 0))::bigint AS latency_sum_us,
  count(e.response_time_us) AS latency_count,
  (coalesce(sum(e.time_to_first_token_us), 0))::bigint AS time_to_first_token_sum_us,
  count(e.time_to_first_token_us) AS time_to_first_token_count
FROM client_usage_logs e
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
WITH NO DATA;

-- statement
-- Stacked: reads a quarter of an hour's rows, never the log.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_rollup_hour
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false) AS
SELECT
  e.tenant_id,
  time_bucket(INTERVAL '1 hour', e.bucket_start) AS bucket_start,
  e.project_id,
  e.prompt_id,
  e.prompt_version,
  e.endpoint,
  e.model_provider,
  e.model_name,
  e.environment,
  sum(e.request_count)::bigint AS request_count,
  sum(e.successful_requests)::bigint AS successful_requests,
  sum(e.failed_requests)::bigint AS failed_requests,
  sum(e.cache_hits)::bigint AS cache_hits,
  sum(e.streamed_requests)::bigint AS streamed_requests,
  sum(e.input_tokens)::bigint AS input_tokens,
  sum(e.cache_read_tokens)::bigint AS cache_read_tokens,
  sum(e.cache_write_5m_tokens)::bigint AS cache_write_5m_tokens,
  sum(e.cache_write_1h_tokens)::bigint AS cache_write_1h_tokens,
  sum(e.output_tokens)::bigint AS output_tokens,
  sum(e.reasoning_tokens)::bigint AS reasoning_tokens,
  sum(e.total_tokens_requested)::bigint AS total_tokens_requested,
  sum(e.total_tokens_used)::bigint AS total_tokens_used,
  sum(e.total_cost_nano_usd)::bigint AS total_cost_nano_usd,
  sum(e.unpriced_requests)::bigint AS unpriced_requests,
  sum(e.unpriced_tokens)::bigint AS unpriced_tokens,
  sum(e.unknown_usage_requests)::bigint AS unknown_usage_requests,
  sum(e.reported_cost_nano_usd)::bigint AS reported_cost_nano_usd,
  sum(e.reported_cost_requests)::bigint AS reported_cost_requests,
  sum(e.latency_sum_us)::bigint AS latency_sum_us,
  sum(e.latency_count)::bigint AS latency_count,
  sum(e.time_to_first_token_sum_us)::bigint AS time_to_first_token_sum_us,
  sum(e.time_to_first_token_count)::bigint AS time_to_first_token_count
FROM usage_rollup_quarter_hour e
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
WITH NO DATA;

-- statement
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_rollup_day
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false) AS
SELECT
  e.tenant_id,
  time_bucket(INTERVAL '1 day', e.bucket_start) AS bucket_start,
  e.project_id,
  e.prompt_id,
  e.prompt_version,
  e.endpoint,
  e.model_provider,
  e.model_name,
  e.environment,
  sum(e.request_count)::bigint AS request_count,
  sum(e.successful_requests)::bigint AS successful_requests,
  sum(e.failed_requests)::bigint AS failed_requests,
  sum(e.cache_hits)::bigint AS cache_hits,
  sum(e.streamed_requests)::bigint AS streamed_requests,
  sum(e.input_tokens)::bigint AS input_tokens,
  sum(e.cache_read_tokens)::bigint AS cache_read_tokens,
  sum(e.cache_write_5m_tokens)::bigint AS cache_write_5m_tokens,
  sum(e.cache_write_1h_tokens)::bigint AS cache_write_1h_tokens,
  sum(e.output_tokens)::bigint AS output_tokens,
  sum(e.reasoning_tokens)::bigint AS reasoning_tokens,
  sum(e.total_tokens_requested)::bigint AS total_tokens_requested,
  sum(e.total_tokens_used)::bigint AS total_tokens_used,
  sum(e.total_cost_nano_usd)::bigint AS total_cost_nano_usd,
  sum(e.unpriced_requests)::bigint AS unpriced_requests,
  sum(e.unpriced_tokens)::bigint AS unpriced_tokens,
  sum(e.unknown_usage_requests)::bigint AS unknown_usage_requests,
  sum(e.reported_cost_nano_usd)::bigint AS reported_cost_nano_usd,
  sum(e.reported_cost_requests)::bigint AS reported_cost_requests,
  sum(e.latency_sum_us)::bigint AS latency_sum_us,
  sum(e.latency_count)::bigint AS latency_count,
  sum(e.time_to_first_token_sum_us)::bigint AS time_to_first_token_sum_us,
  sum(e.time_to_first_token_count)::bigint AS time_to_first_token_count
FROM usage_rollup_hour e
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
WITH NO DATA;

-- statement
-- Without prompts: two months of hours of the wide one are too many rows for one answer.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_rollup_hour_by_model
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false) AS
SELECT
  e.tenant_id,
  time_bucket(INTERVAL '1 hour', e.bucket_start) AS bucket_start,
  e.project_id,
  e.model_provider,
  e.model_name,
  e.environment,
  sum(e.request_count)::bigint AS request_count,
  sum(e.successful_requests)::bigint AS successful_requests,
  sum(e.failed_requests)::bigint AS failed_requests,
  sum(e.cache_hits)::bigint AS cache_hits,
  sum(e.streamed_requests)::bigint AS streamed_requests,
  sum(e.input_tokens)::bigint AS input_tokens,
  sum(e.cache_read_tokens)::bigint AS cache_read_tokens,
  sum(e.cache_write_5m_tokens)::bigint AS cache_write_5m_tokens,
  sum(e.cache_write_1h_tokens)::bigint AS cache_write_1h_tokens,
  sum(e.output_tokens)::bigint AS output_tokens,
  sum(e.reasoning_tokens)::bigint AS reasoning_tokens,
  sum(e.total_tokens_requested)::bigint AS total_tokens_requested,
  sum(e.total_tokens_used)::bigint AS total_tokens_used,
  sum(e.total_cost_nano_usd)::bigint AS total_cost_nano_usd,
  sum(e.unpriced_requests)::bigint AS unpriced_requests,
  sum(e.unpriced_tokens)::bigint AS unpriced_tokens,
  sum(e.unknown_usage_requests)::bigint AS unknown_usage_requests,
  sum(e.reported_cost_nano_usd)::bigint AS reported_cost_nano_usd,
  sum(e.reported_cost_requests)::bigint AS reported_cost_requests,
  sum(e.latency_sum_us)::bigint AS latency_sum_us,
  sum(e.latency_count)::bigint AS latency_count,
  sum(e.time_to_first_token_sum_us)::bigint AS time_to_first_token_sum_us,
  sum(e.time_to_first_token_count)::bigint AS time_to_first_token_count
FROM usage_rollup_hour e
GROUP BY 1, 2, 3, 4, 5, 6
WITH NO DATA;

-- statement
-- The whole tenant: what time series without a filter are read from, for zones of :30 and :45 too.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_rollup_total
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false) AS
SELECT
  e.tenant_id,
  time_bucket(INTERVAL '15 minutes', e.bucket_start) AS bucket_start,
  sum(e.request_count)::bigint AS request_count,
  sum(e.successful_requests)::bigint AS successful_requests,
  sum(e.failed_requests)::bigint AS failed_requests,
  sum(e.cache_hits)::bigint AS cache_hits,
  sum(e.streamed_requests)::bigint AS streamed_requests,
  sum(e.input_tokens)::bigint AS input_tokens,
  sum(e.cache_read_tokens)::bigint AS cache_read_tokens,
  sum(e.cache_write_5m_tokens)::bigint AS cache_write_5m_tokens,
  sum(e.cache_write_1h_tokens)::bigint AS cache_write_1h_tokens,
  sum(e.output_tokens)::bigint AS output_tokens,
  sum(e.reasoning_tokens)::bigint AS reasoning_tokens,
  sum(e.total_tokens_requested)::bigint AS total_tokens_requested,
  sum(e.total_tokens_used)::bigint AS total_tokens_used,
  sum(e.total_cost_nano_usd)::bigint AS total_cost_nano_usd,
  sum(e.unpriced_requests)::bigint AS unpriced_requests,
  sum(e.unpriced_tokens)::bigint AS unpriced_tokens,
  sum(e.unknown_usage_requests)::bigint AS unknown_usage_requests,
  sum(e.reported_cost_nano_usd)::bigint AS reported_cost_nano_usd,
  sum(e.reported_cost_requests)::bigint AS reported_cost_requests,
  sum(e.latency_sum_us)::bigint AS latency_sum_us,
  sum(e.latency_count)::bigint AS latency_count,
  sum(e.time_to_first_token_sum_us)::bigint AS time_to_first_token_sum_us,
  sum(e.time_to_first_token_count)::bigint AS time_to_first_token_count
FROM usage_rollup_quarter_hour e
GROUP BY 1, 2
WITH NO DATA;

-- statement
-- Latency buckets; the dimensions of the wide rollup would make it larger than the log.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_rollup_latency
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false) AS
SELECT
  e.tenant_id,
  time_bucket(INTERVAL '1 hour', e."timestamp") AS hour_start,
  e.project_id,
  e.endpoint,
  e.model_provider,
  e.model_name,
  e.environment,
  e.latency_bucket,
  count(*) AS request_count
FROM client_usage_logs e
WHERE e.latency_bucket IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
WITH NO DATA;

-- statement
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_rollup_latency_day
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false) AS
SELECT
  e.tenant_id,
  time_bucket(INTERVAL '1 day', e.hour_start) AS bucket_start,
  e.project_id,
  e.endpoint,
  e.model_provider,
  e.model_name,
  e.environment,
  e.latency_bucket,
  sum(e.request_count)::bigint AS request_count
FROM usage_rollup_latency e
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
WITH NO DATA;

-- statement
-- The whole tenant's latency buckets, which percentiles without a filter are read from.
CREATE MATERIALIZED VIEW IF NOT EXISTS usage_rollup_latency_total
WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false) AS
SELECT
  e.tenant_id,
  time_bucket(INTERVAL '1 day', e.bucket_start) AS bucket_start,
  e.latency_bucket,
  sum(e.request_count)::bigint AS request_count
FROM usage_rollup_latency_day e
GROUP BY 1, 2, 3
WITH NO DATA;

-- statement
CREATE INDEX IF NOT EXISTS usage_rollup_quarter_hour_by_time ON usage_rollup_quarter_hour (tenant_id, bucket_start DESC);
-- statement
CREATE INDEX IF NOT EXISTS usage_rollup_quarter_hour_by_prompt ON usage_rollup_quarter_hour (tenant_id, prompt_id, bucket_start DESC);
-- statement
CREATE INDEX IF NOT EXISTS usage_rollup_hour_by_time ON usage_rollup_hour (tenant_id, bucket_start DESC);
-- statement
CREATE INDEX IF NOT EXISTS usage_rollup_hour_by_prompt ON usage_rollup_hour (tenant_id, prompt_id, bucket_start DESC);
-- statement
CREATE INDEX IF NOT EXISTS usage_rollup_day_by_time ON usage_rollup_day (tenant_id, bucket_start DESC);
-- statement
CREATE INDEX IF NOT EXISTS usage_rollup_hour_by_model_by_time ON usage_rollup_hour_by_model (tenant_id, bucket_start DESC);
-- statement
CREATE INDEX IF NOT EXISTS usage_rollup_total_by_time ON usage_rollup_total (tenant_id, bucket_start DESC);
-- statement
CREATE INDEX IF NOT EXISTS usage_rollup_latency_by_time ON usage_rollup_latency (tenant_id, hour_start DESC);
-- statement
CREATE INDEX IF NOT EXISTS usage_rollup_latency_day_by_time ON usage_rollup_latency_day (tenant_id, bucket_start DESC);
-- statement
CREATE INDEX IF NOT EXISTS usage_rollup_latency_total_by_time ON usage_rollup_latency_total (tenant_id, bucket_start DESC);
-- statement
ALTER MATERIALIZED VIEW usage_rollup_quarter_hour SET (timescaledb.enable_columnstore = true, timescaledb.segmentby = 'tenant_id', timescaledb.orderby = 'bucket_start DESC');
-- statement
ALTER MATERIALIZED VIEW usage_rollup_hour SET (timescaledb.enable_columnstore = true, timescaledb.segmentby = 'tenant_id', timescaledb.orderby = 'bucket_start DESC');
-- statement
ALTER MATERIALIZED VIEW usage_rollup_day SET (timescaledb.enable_columnstore = true, timescaledb.segmentby = 'tenant_id', timescaledb.orderby = 'bucket_start DESC');
-- statement
ALTER MATERIALIZED VIEW usage_rollup_hour_by_model SET (timescaledb.enable_columnstore = true, timescaledb.segmentby = 'tenant_id', timescaledb.orderby = 'bucket_start DESC');
-- statement
ALTER MATERIALIZED VIEW usage_rollup_latency SET (timescaledb.enable_columnstore = true, timescaledb.segmentby = 'tenant_id', timescaledb.orderby = 'hour_start DESC');
-- statement
ALTER MATERIALIZED VIEW usage_rollup_latency_day SET (timescaledb.enable_columnstore = true, timescaledb.segmentby = 'tenant_id', timescaledb.orderby = 'bucket_start DESC');
-- statement
ALTER MATERIALIZED VIEW usage_rollup_total SET (timescaledb.enable_columnstore = true, timescaledb.segmentby = 'tenant_id', timescaledb.orderby = 'bucket_start DESC');
-- statement
ALTER MATERIALIZED VIEW usage_rollup_latency_total SET (timescaledb.enable_columnstore = true, timescaledb.segmentby = 'tenant_id', timescaledb.orderby = 'bucket_start DESC');
