-- Written by: npm run promptops -- schema dump

CREATE TABLE alert_rules (
  alert_rule_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  alert_type text NOT NULL,
  severity text NOT NULL,
  metric text NOT NULL,
  operator text NOT NULL,
  threshold double precision NOT NULL,
  window_duration integer NOT NULL,
  baseline text,
  filters jsonb NOT NULL DEFAULT '{}'::jsonb,
  is_enabled boolean NOT NULL DEFAULT true,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT alert_rules_alert_type_check CHECK ((alert_type = ANY (ARRAY['usage_spike'::text, 'cost_threshold'::text, 'performance'::text, 'error_rate'::text, 'budget'::text, 'unpriced'::text, 'no_data'::text, 'anomaly'::text, 'custom'::text]))),
  CONSTRAINT alert_rules_baseline_check CHECK ((baseline = ANY (ARRAY['previous_window'::text, 'same_hour_last_weeks'::text]))),
  CONSTRAINT alert_rules_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT alert_rules_operator_check CHECK ((operator = ANY (ARRAY['>'::text, '>='::text, '<'::text, '<='::text]))),
  CONSTRAINT alert_rules_pkey PRIMARY KEY (alert_rule_id),
  CONSTRAINT alert_rules_severity_check CHECK ((severity = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text, 'critical'::text]))),
  CONSTRAINT alert_rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE,
  CONSTRAINT alert_rules_tenant_id_name_key UNIQUE (tenant_id, name),
  CONSTRAINT alert_rules_window_duration_check CHECK (((window_duration >= 1) AND (window_duration <= 525600)))
);

CREATE TABLE api_keys (
  key_id text NOT NULL,
  tenant_id text NOT NULL,
  name text NOT NULL,
  scopes text[] NOT NULL,
  key_sha256 bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone,
  CONSTRAINT api_keys_key_sha256_check CHECK ((length(key_sha256) = 32)),
  CONSTRAINT api_keys_key_sha256_key UNIQUE (key_sha256),
  CONSTRAINT api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT api_keys_pkey PRIMARY KEY (key_id),
  CONSTRAINT api_keys_scopes_check CHECK (((scopes <@ ARRAY['ingest'::text, 'read'::text, 'admin'::text, 'metrics'::text]) AND (cardinality(scopes) > 0))),
  CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE
);

CREATE TABLE client_usage_logs (
  tenant_id text NOT NULL,
  "timestamp" timestamp with time zone NOT NULL,
  event_uuid uuid NOT NULL,
  event_key text,
  project_id text,
  prompt_id text,
  prompt_version text,
  endpoint text,
  model_provider text NOT NULL,
  model_name text NOT NULL,
  service_tier text,
  environment text,
  user_id text,
  session_id text,
  stream boolean,
  input_tokens bigint,
  cache_read_tokens bigint,
  cache_write_5m_tokens bigint,
  cache_write_1h_tokens bigint,
  output_tokens bigint,
  reasoning_tokens bigint,
  tokens_requested bigint,
  tokens_used bigint,
  usage_note text,
  response_time_us bigint,
  time_to_first_token_us bigint,
  latency_bucket smallint,
  status text NOT NULL,
  status_code integer,
  error_type text,
  cache_hit boolean NOT NULL DEFAULT false,
  cost_nano_usd bigint,
  price_source text,
  price_version text,
  reported_cost_nano_usd bigint,
  metadata jsonb,
  received_at timestamp with time zone NOT NULL DEFAULT now(),
  event_id text GENERATED ALWAYS AS (COALESCE(event_key, (event_uuid)::text)) VIRTUAL,
  response_time_ms double precision GENERATED ALWAYS AS (((response_time_us)::double precision / (1000.0)::double precision)) VIRTUAL,
  time_to_first_token_ms double precision GENERATED ALWAYS AS (((time_to_first_token_us)::double precision / (1000.0)::double precision)) VIRTUAL,
  CONSTRAINT client_usage_logs_status_check CHECK ((status = ANY (ARRAY['success'::text, 'error'::text])))
) PARTITION BY RANGE ("timestamp");

CREATE TABLE data_retention_policies (
  policy_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  table_name text NOT NULL,
  tenant_id text,
  retention_period_days integer NOT NULL,
  archive_before_delete boolean NOT NULL DEFAULT true,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT data_retention_policies_pkey PRIMARY KEY (policy_id),
  CONSTRAINT data_retention_policies_retention_period_days_check CHECK (((retention_period_days >= 1) AND (retention_period_days <= 36500))),
  CONSTRAINT data_retention_policies_table_name_check CHECK ((table_name = ANY (ARRAY['client_usage_logs'::text, 'usage_analytics_hourly'::text, 'usage_analytics_daily'::text, 'rejected_events'::text]))),
  CONSTRAINT data_retention_policies_table_name_tenant_id_key UNIQUE NULLS NOT DISTINCT (table_name, tenant_id),
  CONSTRAINT data_retention_policies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE
);

CREATE TABLE event_identities (
  tenant_id text NOT NULL,
  identity uuid NOT NULL,
  event_timestamp timestamp with time zone NOT NULL,
  event_uuid uuid,
  CONSTRAINT event_identities_pkey PRIMARY KEY (tenant_id, identity)
);

CREATE TABLE idempotency_keys (
  tenant_id text NOT NULL,
  idempotency_key text NOT NULL,
  body_sha256 bytea NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, idempotency_key)
);

CREATE TABLE ingest_ledger (
  tenant_id text NOT NULL,
  hour_start timestamp with time zone NOT NULL,
  writer integer NOT NULL,
  accepted bigint NOT NULL DEFAULT 0,
  duplicate bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0,
  throttled bigint NOT NULL DEFAULT 0,
  received bigint GENERATED ALWAYS AS ((((accepted + duplicate) + rejected) + throttled)) STORED,
  CONSTRAINT ingest_ledger_pkey PRIMARY KEY (tenant_id, hour_start, writer)
);

CREATE TABLE rejected_events (
  rejected_event_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  received_at timestamp with time zone NOT NULL DEFAULT now(),
  item_index integer NOT NULL,
  field text,
  reason text NOT NULL,
  payload text NOT NULL,
  CONSTRAINT rejected_events_pkey PRIMARY KEY (rejected_event_id)
);

CREATE TABLE schema_migrations (
  number integer NOT NULL,
  name text NOT NULL,
  breaking boolean NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT schema_migrations_pkey PRIMARY KEY (number)
);

CREATE TABLE tenants (
  tenant_id text NOT NULL,
  name text NOT NULL,
  is_operator boolean NOT NULL DEFAULT false,
  time_zone text NOT NULL DEFAULT 'UTC'::text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT tenants_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT tenants_tenant_id_check CHECK ((tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
);

CREATE VIEW usage_analytics_daily AS
 SELECT tenant_id,
    ((bucket_start AT TIME ZONE 'UTC'::text))::date AS date,
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
        CASE
            WHEN (request_count > unpriced_requests) THEN total_cost_nano_usd
            ELSE NULL::bigint
        END AS total_cost_nano_usd,
        CASE
            WHEN (request_count > unpriced_requests) THEN ((total_cost_nano_usd)::numeric * 0.000000001)
            ELSE NULL::numeric
        END AS total_cost_usd,
    unpriced_requests,
    unpriced_tokens,
    unknown_usage_requests,
        CASE
            WHEN (reported_cost_requests > 0) THEN reported_cost_nano_usd
            ELSE NULL::bigint
        END AS reported_cost_nano_usd,
        CASE
            WHEN (reported_cost_requests > 0) THEN ((reported_cost_nano_usd)::numeric * 0.000000001)
            ELSE NULL::numeric
        END AS reported_cost_usd,
    reported_cost_requests,
    latency_sum_us,
    ((latency_sum_us)::numeric / 1000.0) AS latency_sum_ms,
    latency_count,
    time_to_first_token_sum_us,
    ((time_to_first_token_sum_us)::numeric / 1000.0) AS time_to_first_token_sum_ms,
    time_to_first_token_count
   FROM usage_rollup_day;

CREATE VIEW usage_analytics_hourly AS
 SELECT tenant_id,
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
    (sum(request_count))::bigint AS request_count,
    (sum(successful_requests))::bigint AS successful_requests,
    (sum(failed_requests))::bigint AS failed_requests,
    (sum(cache_hits))::bigint AS cache_hits,
    (sum(streamed_requests))::bigint AS streamed_requests,
    (sum(input_tokens))::bigint AS input_tokens,
    (sum(cache_read_tokens))::bigint AS cache_read_tokens,
    (sum(cache_write_5m_tokens))::bigint AS cache_write_5m_tokens,
    (sum(cache_write_1h_tokens))::bigint AS cache_write_1h_tokens,
    (sum(output_tokens))::bigint AS output_tokens,
    (sum(reasoning_tokens))::bigint AS reasoning_tokens,
    (sum(total_tokens_requested))::bigint AS total_tokens_requested,
    (sum(total_tokens_used))::bigint AS total_tokens_used,
        CASE
            WHEN (sum(request_count) > sum(unpriced_requests)) THEN (sum(total_cost_nano_usd))::bigint
            ELSE NULL::bigint
        END AS total_cost_nano_usd,
        CASE
            WHEN (sum(request_count) > sum(unpriced_requests)) THEN (((sum(total_cost_nano_usd))::bigint)::numeric * 0.000000001)
            ELSE NULL::numeric
        END AS total_cost_usd,
    (sum(unpriced_requests))::bigint AS unpriced_requests,
    (sum(unpriced_tokens))::bigint AS unpriced_tokens,
    (sum(unknown_usage_requests))::bigint AS unknown_usage_requests,
        CASE
            WHEN (sum(reported_cost_requests) > (0)::numeric) THEN (sum(reported_cost_nano_usd))::bigint
            ELSE NULL::bigint
        END AS reported_cost_nano_usd,
        CASE
            WHEN (sum(reported_cost_requests) > (0)::numeric) THEN (((sum(reported_cost_nano_usd))::bigint)::numeric * 0.000000001)
            ELSE NULL::numeric
        END AS reported_cost_usd,
    (sum(reported_cost_requests))::bigint AS reported_cost_requests,
    (sum(latency_sum_us))::bigint AS latency_sum_us,
    (sum(latency_sum_us) / 1000.0) AS latency_sum_ms,
    (sum(latency_count))::bigint AS latency_count,
    (sum(time_to_first_token_sum_us))::bigint AS time_to_first_token_sum_us,
    (sum(time_to_first_token_sum_us) / 1000.0) AS time_to_first_token_sum_ms,
    (sum(time_to_first_token_count))::bigint AS time_to_first_token_count
   FROM usage_rollup_quarter_hour
  GROUP BY tenant_id, hour_start, project_id, prompt_id, prompt_version, endpoint, model_provider, model_name, environment;

CREATE VIEW usage_analytics_hourly_by_model AS
 SELECT tenant_id,
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
        CASE
            WHEN (request_count > unpriced_requests) THEN total_cost_nano_usd
            ELSE NULL::bigint
        END AS total_cost_nano_usd,
        CASE
            WHEN (request_count > unpriced_requests) THEN ((total_cost_nano_usd)::numeric * 0.000000001)
            ELSE NULL::numeric
        END AS total_cost_usd,
    unpriced_requests,
    unpriced_tokens,
    unknown_usage_requests,
        CASE
            WHEN (reported_cost_requests > 0) THEN reported_cost_nano_usd
            ELSE NULL::bigint
        END AS reported_cost_nano_usd,
        CASE
            WHEN (reported_cost_requests > 0) THEN ((reported_cost_nano_usd)::numeric * 0.000000001)
            ELSE NULL::numeric
        END AS reported_cost_usd,
    reported_cost_requests,
    latency_sum_us,
    ((latency_sum_us)::numeric / 1000.0) AS latency_sum_ms,
    latency_count,
    time_to_first_token_sum_us,
    ((time_to_first_token_sum_us)::numeric / 1000.0) AS time_to_first_token_sum_ms,
    time_to_first_token_count
   FROM usage_rollup_hour_by_model;

CREATE VIEW usage_analytics_quarter_hourly AS
 SELECT tenant_id,
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
        CASE
            WHEN (request_count > unpriced_requests) THEN total_cost_nano_usd
            ELSE NULL::bigint
        END AS total_cost_nano_usd,
        CASE
            WHEN (request_count > unpriced_requests) THEN ((total_cost_nano_usd)::numeric * 0.000000001)
            ELSE NULL::numeric
        END AS total_cost_usd,
    unpriced_requests,
    unpriced_tokens,
    unknown_usage_requests,
        CASE
            WHEN (reported_cost_requests > 0) THEN reported_cost_nano_usd
            ELSE NULL::bigint
        END AS reported_cost_nano_usd,
        CASE
            WHEN (reported_cost_requests > 0) THEN ((reported_cost_nano_usd)::numeric * 0.000000001)
            ELSE NULL::numeric
        END AS reported_cost_usd,
    reported_cost_requests,
    latency_sum_us,
    ((latency_sum_us)::numeric / 1000.0) AS latency_sum_ms,
    latency_count,
    time_to_first_token_sum_us,
    ((time_to_first_token_sum_us)::numeric / 1000.0) AS time_to_first_token_sum_ms,
    time_to_first_token_count
   FROM usage_rollup_quarter_hour;

CREATE VIEW usage_latency_daily AS
 SELECT tenant_id,
    date_trunc('day'::text, hour_start, 'UTC'::text) AS "timestamp",
    project_id,
    endpoint,
    model_provider,
    model_name,
    environment,
    latency_bucket,
    (sum(request_count))::bigint AS request_count
   FROM usage_rollup_latency
  GROUP BY tenant_id, (date_trunc('day'::text, hour_start, 'UTC'::text)), project_id, endpoint, model_provider, model_name, environment, latency_bucket;

CREATE VIEW usage_latency_hourly AS
 SELECT tenant_id,
    hour_start,
    hour_start AS "timestamp",
    project_id,
    endpoint,
    model_provider,
    model_name,
    environment,
    latency_bucket,
    request_count
   FROM usage_rollup_latency;

CREATE TABLE usage_refresh_queue (
  refresh_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  range_start timestamp with time zone NOT NULL,
  range_end timestamp with time zone NOT NULL,
  queued_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT usage_refresh_queue_pkey PRIMARY KEY (refresh_id)
);

CREATE TABLE usage_rollup_day (
  tenant_id text NOT NULL,
  bucket_start timestamp with time zone NOT NULL,
  project_id text,
  prompt_id text,
  prompt_version text,
  endpoint text,
  model_provider text NOT NULL,
  model_name text NOT NULL,
  environment text,
  request_count bigint NOT NULL DEFAULT 0,
  successful_requests bigint NOT NULL DEFAULT 0,
  failed_requests bigint NOT NULL DEFAULT 0,
  cache_hits bigint NOT NULL DEFAULT 0,
  streamed_requests bigint NOT NULL DEFAULT 0,
  input_tokens bigint NOT NULL DEFAULT 0,
  cache_read_tokens bigint NOT NULL DEFAULT 0,
  cache_write_5m_tokens bigint NOT NULL DEFAULT 0,
  cache_write_1h_tokens bigint NOT NULL DEFAULT 0,
  output_tokens bigint NOT NULL DEFAULT 0,
  reasoning_tokens bigint NOT NULL DEFAULT 0,
  total_tokens_requested bigint NOT NULL DEFAULT 0,
  total_tokens_used bigint NOT NULL DEFAULT 0,
  total_cost_nano_usd bigint NOT NULL DEFAULT 0,
  unpriced_requests bigint NOT NULL DEFAULT 0,
  unpriced_tokens bigint NOT NULL DEFAULT 0,
  unknown_usage_requests bigint NOT NULL DEFAULT 0,
  reported_cost_nano_usd bigint NOT NULL DEFAULT 0,
  reported_cost_requests bigint NOT NULL DEFAULT 0,
  latency_sum_us bigint NOT NULL DEFAULT 0,
  latency_count bigint NOT NULL DEFAULT 0,
  time_to_first_token_sum_us bigint NOT NULL DEFAULT 0,
  time_to_first_token_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor=80);

CREATE TABLE usage_rollup_hour_by_model (
  tenant_id text NOT NULL,
  bucket_start timestamp with time zone NOT NULL,
  project_id text,
  model_provider text NOT NULL,
  model_name text NOT NULL,
  environment text,
  request_count bigint NOT NULL DEFAULT 0,
  successful_requests bigint NOT NULL DEFAULT 0,
  failed_requests bigint NOT NULL DEFAULT 0,
  cache_hits bigint NOT NULL DEFAULT 0,
  streamed_requests bigint NOT NULL DEFAULT 0,
  input_tokens bigint NOT NULL DEFAULT 0,
  cache_read_tokens bigint NOT NULL DEFAULT 0,
  cache_write_5m_tokens bigint NOT NULL DEFAULT 0,
  cache_write_1h_tokens bigint NOT NULL DEFAULT 0,
  output_tokens bigint NOT NULL DEFAULT 0,
  reasoning_tokens bigint NOT NULL DEFAULT 0,
  total_tokens_requested bigint NOT NULL DEFAULT 0,
  total_tokens_used bigint NOT NULL DEFAULT 0,
  total_cost_nano_usd bigint NOT NULL DEFAULT 0,
  unpriced_requests bigint NOT NULL DEFAULT 0,
  unpriced_tokens bigint NOT NULL DEFAULT 0,
  unknown_usage_requests bigint NOT NULL DEFAULT 0,
  reported_cost_nano_usd bigint NOT NULL DEFAULT 0,
  reported_cost_requests bigint NOT NULL DEFAULT 0,
  latency_sum_us bigint NOT NULL DEFAULT 0,
  latency_count bigint NOT NULL DEFAULT 0,
  time_to_first_token_sum_us bigint NOT NULL DEFAULT 0,
  time_to_first_token_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor=80);

CREATE TABLE usage_rollup_latency (
  tenant_id text NOT NULL,
  hour_start timestamp with time zone NOT NULL,
  project_id text,
  endpoint text,
  model_provider text NOT NULL,
  model_name text NOT NULL,
  environment text,
  latency_bucket smallint NOT NULL,
  request_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor=80);

CREATE TABLE usage_rollup_quarter_hour (
  tenant_id text NOT NULL,
  bucket_start timestamp with time zone NOT NULL,
  hour_start timestamp with time zone NOT NULL GENERATED ALWAYS AS (date_trunc('hour'::text, bucket_start, 'UTC'::text)) STORED,
  project_id text,
  prompt_id text,
  prompt_version text,
  endpoint text,
  model_provider text NOT NULL,
  model_name text NOT NULL,
  environment text,
  request_count bigint NOT NULL DEFAULT 0,
  successful_requests bigint NOT NULL DEFAULT 0,
  failed_requests bigint NOT NULL DEFAULT 0,
  cache_hits bigint NOT NULL DEFAULT 0,
  streamed_requests bigint NOT NULL DEFAULT 0,
  input_tokens bigint NOT NULL DEFAULT 0,
  cache_read_tokens bigint NOT NULL DEFAULT 0,
  cache_write_5m_tokens bigint NOT NULL DEFAULT 0,
  cache_write_1h_tokens bigint NOT NULL DEFAULT 0,
  output_tokens bigint NOT NULL DEFAULT 0,
  reasoning_tokens bigint NOT NULL DEFAULT 0,
  total_tokens_requested bigint NOT NULL DEFAULT 0,
  total_tokens_used bigint NOT NULL DEFAULT 0,
  total_cost_nano_usd bigint NOT NULL DEFAULT 0,
  unpriced_requests bigint NOT NULL DEFAULT 0,
  unpriced_tokens bigint NOT NULL DEFAULT 0,
  unknown_usage_requests bigint NOT NULL DEFAULT 0,
  reported_cost_nano_usd bigint NOT NULL DEFAULT 0,
  reported_cost_requests bigint NOT NULL DEFAULT 0,
  latency_sum_us bigint NOT NULL DEFAULT 0,
  latency_count bigint NOT NULL DEFAULT 0,
  time_to_first_token_sum_us bigint NOT NULL DEFAULT 0,
  time_to_first_token_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor=80);

CREATE INDEX api_keys_by_tenant ON public.api_keys USING btree (tenant_id, created_at);

CREATE INDEX client_usage_logs_by_prompt ON ONLY public.client_usage_logs USING btree (tenant_id, prompt_id, "timestamp" DESC);

CREATE INDEX client_usage_logs_by_time ON ONLY public.client_usage_logs USING btree (tenant_id, "timestamp" DESC);

CREATE INDEX event_identities_by_time ON public.event_identities USING brin (event_timestamp);

CREATE INDEX idempotency_keys_by_time ON public.idempotency_keys USING btree (created_at);

CREATE INDEX rejected_events_by_tenant ON public.rejected_events USING btree (tenant_id, received_at DESC);

CREATE UNIQUE INDEX tenants_one_operator ON public.tenants USING btree (is_operator) WHERE is_operator;

CREATE INDEX usage_rollup_day_by_date ON public.usage_rollup_day USING btree (tenant_id, (((bucket_start AT TIME ZONE 'UTC'::text))::date));

CREATE UNIQUE INDEX usage_rollup_day_key ON public.usage_rollup_day USING btree (tenant_id, bucket_start, project_id, prompt_id, prompt_version, endpoint, model_provider, model_name, environment) NULLS NOT DISTINCT;

CREATE UNIQUE INDEX usage_rollup_hour_by_model_key ON public.usage_rollup_hour_by_model USING btree (tenant_id, bucket_start, project_id, model_provider, model_name, environment) NULLS NOT DISTINCT;

CREATE UNIQUE INDEX usage_rollup_latency_key ON public.usage_rollup_latency USING btree (tenant_id, hour_start, project_id, endpoint, model_provider, model_name, environment, latency_bucket) NULLS NOT DISTINCT;

CREATE INDEX usage_rollup_quarter_hour_by_hour ON public.usage_rollup_quarter_hour USING btree (tenant_id, hour_start);

CREATE INDEX usage_rollup_quarter_hour_by_model ON public.usage_rollup_quarter_hour USING btree (tenant_id, model_provider, model_name, bucket_start);

CREATE INDEX usage_rollup_quarter_hour_by_prompt ON public.usage_rollup_quarter_hour USING btree (tenant_id, prompt_id, bucket_start);

CREATE UNIQUE INDEX usage_rollup_quarter_hour_key ON public.usage_rollup_quarter_hour USING btree (tenant_id, bucket_start, project_id, prompt_id, prompt_version, endpoint, model_provider, model_name, environment) NULLS NOT DISTINCT;

CREATE OR REPLACE FUNCTION public.ensure_usage_partitions(week_starts timestamp with time zone[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  week_start timestamptz;
  partition_name text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('promptops.ensure_usage_partitions'));
  FOREACH week_start IN ARRAY week_starts LOOP
    week_start := date_trunc('week', week_start, 'UTC');
    partition_name := 'client_usage_logs_' || to_char(week_start AT TIME ZONE 'UTC', 'YYYYMMDD');
    IF to_regclass(partition_name) IS NULL THEN
      EXECUTE format('CREATE TABLE %I (LIKE client_usage_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)', partition_name);
      EXECUTE format('ALTER TABLE client_usage_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                     partition_name, week_start, week_start + interval '7 days');
    END IF;
  END LOOP;
END $function$
;
