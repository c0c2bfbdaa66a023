-- Rollups on PostgreSQL: tables kept exact by the ingest transaction itself, so they are never behind the log and retention
-- of the log never changes them. The dimensions are those that go together (a prompt lives in one project and uses one or two
-- models); users and sessions are kept out, they would make the rollup as large as the log.
-- The finest grain is a quarter of an hour, so that days and hours of every time zone (:30 and :45 too) are sums of rows.

CREATE TABLE usage_rollup_quarter_hour (
  tenant_id                  text NOT NULL,
  bucket_start               timestamptz NOT NULL,
  hour_start                 timestamptz NOT NULL GENERATED ALWAYS AS (date_bin('1 hour', bucket_start, '2000-01-01 00:00Z')) STORED,
  project_id                 text,
  prompt_id                  text,
  prompt_version             text,
  endpoint                   text,
  model_provider             text NOT NULL,
  model_name                 text NOT NULL,
  environment                text,
  request_count              bigint NOT NULL DEFAULT 0,
  successful_requests        bigint NOT NULL DEFAULT 0,
  failed_requests            bigint NOT NULL DEFAULT 0,
  cache_hits                 bigint NOT NULL DEFAULT 0,  -- answered by the application's own response cache
  streamed_requests          bigint NOT NULL DEFAULT 0,
  input_tokens               bigint NOT NULL DEFAULT 0,  -- uncached
  cache_read_tokens          bigint NOT NULL DEFAULT 0,
  cache_write_5m_tokens      bigint NOT NULL DEFAULT 0,
  cache_write_1h_tokens      bigint NOT NULL DEFAULT 0,
  output_tokens              bigint NOT NULL DEFAULT 0,
  reasoning_tokens           bigint NOT NULL DEFAULT 0,  -- a part of output
  total_tokens_requested     bigint NOT NULL DEFAULT 0,
  total_tokens_used          bigint NOT NULL DEFAULT 0,
  total_cost_nano_usd        bigint NOT NULL DEFAULT 0,  -- of the priced requests
  unpriced_requests          bigint NOT NULL DEFAULT 0,
  unpriced_tokens            bigint NOT NULL DEFAULT 0,
  unknown_usage_requests     bigint NOT NULL DEFAULT 0,  -- successful, but no token count was told
  reported_cost_nano_usd     bigint NOT NULL DEFAULT 0,  -- what clients claimed
  reported_cost_requests     bigint NOT NULL DEFAULT 0,
  latency_sum_us             bigint NOT NULL DEFAULT 0,
  latency_count              bigint NOT NULL DEFAULT 0,
  time_to_first_token_sum_us bigint NOT NULL DEFAULT 0,
  time_to_first_token_count  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX usage_rollup_quarter_hour_key ON usage_rollup_quarter_hour
  (tenant_id, bucket_start, project_id, prompt_id, prompt_version, endpoint, model_provider, model_name, environment) NULLS NOT DISTINCT;
CREATE INDEX usage_rollup_quarter_hour_by_hour ON usage_rollup_quarter_hour (tenant_id, hour_start);
CREATE INDEX usage_rollup_quarter_hour_by_prompt ON usage_rollup_quarter_hour (tenant_id, prompt_id, bucket_start);
CREATE INDEX usage_rollup_quarter_hour_by_model ON usage_rollup_quarter_hour (tenant_id, model_provider, model_name, bucket_start);

CREATE TABLE usage_rollup_day (
  tenant_id                  text NOT NULL,
  bucket_start               timestamptz NOT NULL,             -- UTC midnight
  project_id                 text,
  prompt_id                  text,
  prompt_version             text,
  endpoint                   text,
  model_provider             text NOT NULL,
  model_name                 text NOT NULL,
  environment                text,
  request_count              bigint NOT NULL DEFAULT 0,
  successful_requests        bigint NOT NULL DEFAULT 0,
  failed_requests            bigint NOT NULL DEFAULT 0,
  cache_hits                 bigint NOT NULL DEFAULT 0,  -- answered by the application's own response cache
  streamed_requests          bigint NOT NULL DEFAULT 0,
  input_tokens               bigint NOT NULL DEFAULT 0,  -- uncached
  cache_read_tokens          bigint NOT NULL DEFAULT 0,
  cache_write_5m_tokens      bigint NOT NULL DEFAULT 0,
  cache_write_1h_tokens      bigint NOT NULL DEFAULT 0,
  output_tokens              bigint NOT NULL DEFAULT 0,
  reasoning_tokens           bigint NOT NULL DEFAULT 0,  -- a part of output
  total_tokens_requested     bigint NOT NULL DEFAULT 0,
  total_tokens_used          bigint NOT NULL DEFAULT 0,
  total_cost_nano_usd        bigint NOT NULL DEFAULT 0,  -- of the priced requests
  unpriced_requests          bigint NOT NULL DEFAULT 0,
  unpriced_tokens            bigint NOT NULL DEFAULT 0,
  unknown_usage_requests     bigint NOT NULL DEFAULT 0,  -- successful, but no token count was told
  reported_cost_nano_usd     bigint NOT NULL DEFAULT 0,  -- what clients claimed
  reported_cost_requests     bigint NOT NULL DEFAULT 0,
  latency_sum_us             bigint NOT NULL DEFAULT 0,
  latency_count              bigint NOT NULL DEFAULT 0,
  time_to_first_token_sum_us bigint NOT NULL DEFAULT 0,
  time_to_first_token_count  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX usage_rollup_day_key ON usage_rollup_day
  (tenant_id, bucket_start, project_id, prompt_id, prompt_version, endpoint, model_provider, model_name, environment) NULLS NOT DISTINCT;
CREATE INDEX usage_rollup_day_by_date ON usage_rollup_day (tenant_id, ((bucket_start AT TIME ZONE 'UTC')::date));

-- Without prompts and endpoints: the few rows that a long time series needs.
CREATE TABLE usage_rollup_hour_by_model (
  tenant_id                  text NOT NULL,
  bucket_start               timestamptz NOT NULL,
  project_id                 text,
  model_provider             text NOT NULL,
  model_name                 text NOT NULL,
  environment                text,
  request_count              bigint NOT NULL DEFAULT 0,
  successful_requests        bigint NOT NULL DEFAULT 0,
  failed_requests            bigint NOT NULL DEFAULT 0,
  cache_hits                 bigint NOT NULL DEFAULT 0,  -- answered by the application's own response cache
  streamed_requests          bigint NOT NULL DEFAULT 0,
  input_tokens               bigint NOT NULL DEFAULT 0,  -- uncached
  cache_read_tokens          bigint NOT NULL DEFAULT 0,
  cache_write_5m_tokens      bigint NOT NULL DEFAULT 0,
  cache_write_1h_tokens      bigint NOT NULL DEFAULT 0,
  output_tokens              bigint NOT NULL DEFAULT 0,
  reasoning_tokens           bigint NOT NULL DEFAULT 0,  -- a part of output
  total_tokens_requested     bigint NOT NULL DEFAULT 0,
  total_tokens_used          bigint NOT NULL DEFAULT 0,
  total_cost_nano_usd        bigint NOT NULL DEFAULT 0,  -- of the priced requests
  unpriced_requests          bigint NOT NULL DEFAULT 0,
  unpriced_tokens            bigint NOT NULL DEFAULT 0,
  unknown_usage_requests     bigint NOT NULL DEFAULT 0,  -- successful, but no token count was told
  reported_cost_nano_usd     bigint NOT NULL DEFAULT 0,  -- what clients claimed
  reported_cost_requests     bigint NOT NULL DEFAULT 0,
  latency_sum_us             bigint NOT NULL DEFAULT 0,
  latency_count              bigint NOT NULL DEFAULT 0,
  time_to_first_token_sum_us bigint NOT NULL DEFAULT 0,
  time_to_first_token_count  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX usage_rollup_hour_by_model_key ON usage_rollup_hour_by_model
  (tenant_id, bucket_start, project_id, model_provider, model_name, environment) NULLS NOT DISTINCT;

-- The whole tenant: what time series without a filter are read from.
CREATE TABLE usage_rollup_total (
  tenant_id                  text NOT NULL,
  bucket_start               timestamptz NOT NULL,
  request_count              bigint NOT NULL DEFAULT 0,
  successful_requests        bigint NOT NULL DEFAULT 0,
  failed_requests            bigint NOT NULL DEFAULT 0,
  cache_hits                 bigint NOT NULL DEFAULT 0,  -- answered by the application's own response cache
  streamed_requests          bigint NOT NULL DEFAULT 0,
  input_tokens               bigint NOT NULL DEFAULT 0,  -- uncached
  cache_read_tokens          bigint NOT NULL DEFAULT 0,
  cache_write_5m_tokens      bigint NOT NULL DEFAULT 0,
  cache_write_1h_tokens      bigint NOT NULL DEFAULT 0,
  output_tokens              bigint NOT NULL DEFAULT 0,
  reasoning_tokens           bigint NOT NULL DEFAULT 0,  -- a part of output
  total_tokens_requested     bigint NOT NULL DEFAULT 0,
  total_tokens_used          bigint NOT NULL DEFAULT 0,
  total_cost_nano_usd        bigint NOT NULL DEFAULT 0,  -- of the priced requests
  unpriced_requests          bigint NOT NULL DEFAULT 0,
  unpriced_tokens            bigint NOT NULL DEFAULT 0,
  unknown_usage_requests     bigint NOT NULL DEFAULT 0,  -- successful, but no token count was told
  reported_cost_nano_usd     bigint NOT NULL DEFAULT 0,  -- what clients claimed
  reported_cost_requests     bigint NOT NULL DEFAULT 0,
  latency_sum_us             bigint NOT NULL DEFAULT 0,
  latency_count              bigint NOT NULL DEFAULT 0,
  time_to_first_token_sum_us bigint NOT NULL DEFAULT 0,
  time_to_first_token_count  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX usage_rollup_total_key ON usage_rollup_total
  (tenant_id, bucket_start);

-- Log-scale latency buckets: OpenTelemetry's exponential mapping at scale 3, in milliseconds. Bucket i holds (2^(i/8), 2^((i+1)/8)],
-- so a percentile read from it is within 4.4 % of the true one. Fewer dimensions than above: with prompts it would not pay.
CREATE TABLE usage_rollup_latency (
  tenant_id      text NOT NULL,
  hour_start     timestamptz NOT NULL,
  project_id     text,
  endpoint       text,
  model_provider text NOT NULL,
  model_name     text NOT NULL,
  environment    text,
  latency_bucket smallint NOT NULL,
  request_count  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX usage_rollup_latency_key ON usage_rollup_latency
  (tenant_id, hour_start, project_id, endpoint, model_provider, model_name, environment, latency_bucket) NULLS NOT DISTINCT;

-- The whole tenant's by UTC days, which percentiles without a filter are read from.
CREATE TABLE usage_rollup_latency_total (
  tenant_id      text NOT NULL,
  bucket_start   timestamptz NOT NULL,
  latency_bucket smallint NOT NULL,
  request_count  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX usage_rollup_latency_total_key ON usage_rollup_latency_total (tenant_id, bucket_start, latency_bucket);
