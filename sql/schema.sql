-- Written by: npm run promptops -- schema dump

CREATE TABLE alert_evaluation (
  is_only boolean NOT NULL DEFAULT true,
  round bigint NOT NULL DEFAULT 0,
  claimed_at timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone,
  lease_until timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone,
  finished_at timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone,
  evaluated_until timestamp with time zone,
  duration_seconds double precision,
  rules integer NOT NULL DEFAULT 0,
  failed_rules integer NOT NULL DEFAULT 0,
  failed_rounds bigint NOT NULL DEFAULT 0,
  CONSTRAINT alert_evaluation_is_only_check CHECK (is_only),
  CONSTRAINT alert_evaluation_pkey PRIMARY KEY (is_only)
);

CREATE TABLE alert_outbox (
  outbox_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  alert_id bigint NOT NULL,
  kind text NOT NULL,
  dedupe_key text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  routed_at timestamp with time zone,
  CONSTRAINT alert_outbox_dedupe_key_key UNIQUE (dedupe_key),
  CONSTRAINT alert_outbox_kind_check CHECK ((kind = ANY (ARRAY['firing'::text, 'renotify'::text, 'resolved'::text]))),
  CONSTRAINT alert_outbox_pkey PRIMARY KEY (outbox_id)
);

CREATE TABLE alert_rule_looks (
  alert_rule_id bigint NOT NULL,
  tenant_id text NOT NULL,
  looked_at timestamp with time zone NOT NULL,
  window_start timestamp with time zone,
  window_end timestamp with time zone,
  value double precision,
  members integer NOT NULL DEFAULT 0,
  members_left_out integer NOT NULL DEFAULT 0,
  error text,
  CONSTRAINT alert_rule_looks_alert_rule_id_fkey FOREIGN KEY (alert_rule_id) REFERENCES alert_rules(alert_rule_id) ON DELETE CASCADE,
  CONSTRAINT alert_rule_looks_pkey PRIMARY KEY (alert_rule_id)
);

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
  group_by text,
  time_zone text,
  for_minutes integer NOT NULL DEFAULT 0,
  resolve_threshold double precision,
  keep_firing_minutes integer NOT NULL DEFAULT 0,
  renotify_minutes integer,
  min_requests integer NOT NULL DEFAULT 0,
  no_data text NOT NULL DEFAULT 'ok'::text,
  mute_windows jsonb NOT NULL DEFAULT '[]'::jsonb,
  budget_id bigint,
  version integer NOT NULL DEFAULT 1,
  created_by text NOT NULL DEFAULT 'setup'::text,
  updated_by text NOT NULL DEFAULT 'setup'::text,
  CONSTRAINT alert_rules_alert_type_check CHECK ((alert_type = ANY (ARRAY['usage_spike'::text, 'cost_threshold'::text, 'performance'::text, 'error_rate'::text, 'budget'::text, 'unpriced'::text, 'no_data'::text, 'anomaly'::text, 'custom'::text]))),
  CONSTRAINT alert_rules_baseline_check CHECK ((baseline = ANY (ARRAY['previous_window'::text, 'same_hour_last_weeks'::text]))),
  CONSTRAINT alert_rules_budget_id_fkey FOREIGN KEY (budget_id) REFERENCES budgets(budget_id) ON DELETE CASCADE,
  CONSTRAINT alert_rules_for_minutes_check CHECK (((for_minutes >= 0) AND (for_minutes <= 10080))),
  CONSTRAINT alert_rules_keep_firing_minutes_check CHECK (((keep_firing_minutes >= 0) AND (keep_firing_minutes <= 10080))),
  CONSTRAINT alert_rules_min_requests_check CHECK ((min_requests >= 0)),
  CONSTRAINT alert_rules_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT alert_rules_no_data_check CHECK ((no_data = ANY (ARRAY['ok'::text, 'keep'::text, 'fire'::text]))),
  CONSTRAINT alert_rules_operator_check CHECK ((operator = ANY (ARRAY['>'::text, '>='::text, '<'::text, '<='::text]))),
  CONSTRAINT alert_rules_pkey PRIMARY KEY (alert_rule_id),
  CONSTRAINT alert_rules_renotify_minutes_check CHECK (((renotify_minutes >= 5) AND (renotify_minutes <= 43200))),
  CONSTRAINT alert_rules_severity_check CHECK ((severity = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text, 'critical'::text]))),
  CONSTRAINT alert_rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE,
  CONSTRAINT alert_rules_tenant_id_name_key UNIQUE (tenant_id, name),
  CONSTRAINT alert_rules_window_duration_check CHECK (((window_duration >= 1) AND (window_duration <= 525600)))
);

CREATE TABLE alert_timeline (
  entry_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  alert_id bigint NOT NULL,
  tenant_id text NOT NULL,
  at timestamp with time zone NOT NULL,
  kind text NOT NULL,
  by text,
  note text,
  value double precision,
  CONSTRAINT alert_timeline_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES alerts(alert_id) ON DELETE CASCADE,
  CONSTRAINT alert_timeline_kind_check CHECK ((kind = ANY (ARRAY['pending'::text, 'firing'::text, 'notified'::text, 'renotified'::text, 'muted'::text, 'resolved'::text, 'acknowledged'::text, 'unacknowledged'::text, 'acknowledgement_expired'::text, 'comment'::text]))),
  CONSTRAINT alert_timeline_note_check CHECK ((length(note) <= 4000)),
  CONSTRAINT alert_timeline_pkey PRIMARY KEY (entry_id)
);

CREATE TABLE alerts (
  alert_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  source text NOT NULL DEFAULT 'rule'::text,
  alert_rule_id bigint,
  rule_version integer,
  rule_name text NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  alert_type text NOT NULL,
  severity text NOT NULL,
  metric text NOT NULL,
  operator text,
  threshold double precision,
  window_duration integer,
  baseline text,
  filters jsonb NOT NULL DEFAULT '{}'::jsonb,
  dimension text,
  member text,
  member_key text NOT NULL DEFAULT ''::text,
  budget_id bigint,
  status text NOT NULL,
  is_no_data boolean NOT NULL DEFAULT false,
  value double precision,
  baseline_value double precision,
  first_value double precision,
  peak_value double precision,
  window_start timestamp with time zone,
  window_end timestamp with time zone,
  pending_since timestamp with time zone,
  breached_until timestamp with time zone,
  started_at timestamp with time zone,
  resolved_at timestamp with time zone,
  resolved_by text,
  resolve_reason text,
  is_held_down boolean NOT NULL DEFAULT false,
  acknowledged_at timestamp with time zone,
  acknowledged_by text,
  acknowledged_note text,
  acknowledged_until timestamp with time zone,
  first_acknowledged_at timestamp with time zone,
  notified_at timestamp with time zone,
  notification_count integer NOT NULL DEFAULT 0,
  owed text,
  fingerprint text,
  labels jsonb NOT NULL DEFAULT '{}'::jsonb,
  links jsonb NOT NULL DEFAULT '{}'::jsonb,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  change_id bigint NOT NULL DEFAULT 0,
  CONSTRAINT alerts_alert_rule_id_fkey FOREIGN KEY (alert_rule_id) REFERENCES alert_rules(alert_rule_id) ON DELETE SET NULL,
  CONSTRAINT alerts_check CHECK (((source = 'grafana'::text) = (fingerprint IS NOT NULL))),
  CONSTRAINT alerts_check1 CHECK (((status = 'pending'::text) OR (started_at IS NOT NULL))),
  CONSTRAINT alerts_check2 CHECK (((status = 'resolved'::text) = (resolved_at IS NOT NULL))),
  CONSTRAINT alerts_owed_check CHECK ((owed = ANY (ARRAY['firing'::text, 'resolved'::text]))),
  CONSTRAINT alerts_pkey PRIMARY KEY (alert_id),
  CONSTRAINT alerts_severity_check CHECK ((severity = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text, 'critical'::text]))),
  CONSTRAINT alerts_source_check CHECK ((source = ANY (ARRAY['rule'::text, 'grafana'::text]))),
  CONSTRAINT alerts_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'firing'::text, 'resolved'::text]))),
  CONSTRAINT alerts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE
);

CREATE TABLE answer_versions (
  tenant_id text NOT NULL,
  writer integer NOT NULL,
  version bigint NOT NULL,
  CONSTRAINT answer_versions_pkey PRIMARY KEY (tenant_id, writer)
) WITH (fillfactor=50);

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

CREATE TABLE budget_evaluation (
  is_only boolean NOT NULL DEFAULT true,
  claimed_by uuid,
  claimed_at timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone,
  finished_at timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone,
  CONSTRAINT budget_evaluation_is_only_check CHECK (is_only),
  CONSTRAINT budget_evaluation_pkey PRIMARY KEY (is_only)
);

CREATE TABLE budget_periods (
  budget_id bigint NOT NULL,
  tenant_id text NOT NULL,
  period_start timestamp with time zone NOT NULL,
  period_end timestamp with time zone NOT NULL,
  version integer NOT NULL,
  measure text NOT NULL,
  filters jsonb NOT NULL,
  limit_amount bigint NOT NULL,
  spent bigint NOT NULL,
  spent_at_close bigint NOT NULL,
  requests bigint NOT NULL,
  unpriced_requests bigint NOT NULL,
  closed_at timestamp with time zone NOT NULL DEFAULT now(),
  mended_at timestamp with time zone,
  CONSTRAINT budget_periods_budget_id_fkey FOREIGN KEY (budget_id) REFERENCES budgets(budget_id) ON DELETE CASCADE,
  CONSTRAINT budget_periods_pkey PRIMARY KEY (budget_id, period_start, period_end)
);

CREATE TABLE budget_statuses (
  budget_id bigint NOT NULL,
  tenant_id text NOT NULL,
  version integer NOT NULL,
  period_start timestamp with time zone NOT NULL,
  period_end timestamp with time zone NOT NULL,
  limit_amount bigint NOT NULL,
  spent bigint NOT NULL,
  requests bigint NOT NULL,
  unpriced_requests bigint NOT NULL,
  forecast bigint,
  forecast_lower bigint,
  forecast_upper bigint,
  exhausted_at timestamp with time zone,
  as_of timestamp with time zone NOT NULL,
  complete_until timestamp with time zone NOT NULL,
  CONSTRAINT budget_statuses_budget_id_fkey FOREIGN KEY (budget_id) REFERENCES budgets(budget_id) ON DELETE CASCADE,
  CONSTRAINT budget_statuses_pkey PRIMARY KEY (budget_id)
);

CREATE TABLE budget_threshold_crossings (
  crossing_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  budget_id bigint NOT NULL,
  tenant_id text NOT NULL,
  version integer NOT NULL,
  kind text NOT NULL,
  threshold_percent numeric(7,3) NOT NULL,
  period_start timestamp with time zone NOT NULL,
  period_end timestamp with time zone NOT NULL,
  limit_amount bigint NOT NULL,
  spent bigint NOT NULL,
  forecast bigint,
  unpriced_requests bigint NOT NULL,
  message text NOT NULL,
  as_of timestamp with time zone NOT NULL,
  crossed_at timestamp with time zone NOT NULL DEFAULT now(),
  resolved_at timestamp with time zone,
  CONSTRAINT budget_threshold_crossings_budget_id_fkey FOREIGN KEY (budget_id) REFERENCES budgets(budget_id) ON DELETE CASCADE,
  CONSTRAINT budget_threshold_crossings_budget_id_version_kind_threshold_key UNIQUE (budget_id, version, kind, threshold_percent, period_start),
  CONSTRAINT budget_threshold_crossings_kind_check CHECK ((kind = ANY (ARRAY['actual'::text, 'forecast'::text]))),
  CONSTRAINT budget_threshold_crossings_pkey PRIMARY KEY (crossing_id)
);

CREATE TABLE budgets (
  budget_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT ''::text,
  measure text NOT NULL DEFAULT 'cost'::text,
  amount bigint NOT NULL,
  filters jsonb NOT NULL DEFAULT '{}'::jsonb,
  period_type text NOT NULL,
  week_start smallint NOT NULL DEFAULT 1,
  rolling_hours integer,
  time_zone text,
  thresholds jsonb NOT NULL DEFAULT '[]'::jsonb,
  enforcement text NOT NULL DEFAULT 'none'::text,
  enabled boolean NOT NULL DEFAULT true,
  version integer NOT NULL DEFAULT 1,
  defined_at timestamp with time zone NOT NULL DEFAULT now(),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_by text NOT NULL,
  CONSTRAINT budgets_amount_check CHECK ((amount > 0)),
  CONSTRAINT budgets_check CHECK (((period_type = 'rolling'::text) = (rolling_hours IS NOT NULL))),
  CONSTRAINT budgets_description_check CHECK ((length(description) <= 2000)),
  CONSTRAINT budgets_enforcement_check CHECK ((enforcement = ANY (ARRAY['none'::text, 'warn'::text, 'block'::text]))),
  CONSTRAINT budgets_measure_check CHECK ((measure = ANY (ARRAY['cost'::text, 'requests'::text, 'tokens'::text]))),
  CONSTRAINT budgets_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT budgets_period_type_check CHECK ((period_type = ANY (ARRAY['day'::text, 'week'::text, 'month'::text, 'quarter'::text, 'year'::text, 'rolling'::text]))),
  CONSTRAINT budgets_pkey PRIMARY KEY (budget_id),
  CONSTRAINT budgets_rolling_hours_check CHECK (((rolling_hours >= 1) AND (rolling_hours <= 8784))),
  CONSTRAINT budgets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE,
  CONSTRAINT budgets_tenant_id_name_key UNIQUE (tenant_id, name),
  CONSTRAINT budgets_week_start_check CHECK (((week_start >= 1) AND (week_start <= 7)))
);

CREATE TABLE call_candidates (
  tenant_id text NOT NULL,
  observation uuid NOT NULL,
  trace uuid,
  response_key bigint,
  local_key bigint,
  request_key bigint,
  near_key bigint,
  near_output bigint,
  near_us bigint,
  start_us bigint NOT NULL,
  end_us bigint NOT NULL,
  event_id text,
  report text NOT NULL,
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT call_candidates_pkey PRIMARY KEY (observation, tenant_id)
) WITH (fillfactor=95);

CREATE TABLE call_emitters (
  tenant_id text NOT NULL,
  process text NOT NULL,
  emitter text NOT NULL,
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT call_emitters_pkey PRIMARY KEY (tenant_id, process, emitter)
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
  price_id bigint,
  discount_id bigint,
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

CREATE TABLE export_files (
  export_id bigint NOT NULL,
  file_number integer NOT NULL,
  stored_name text NOT NULL,
  row_count bigint NOT NULL,
  bytes bigint NOT NULL,
  sha256 bytea NOT NULL,
  CONSTRAINT export_files_export_id_fkey FOREIGN KEY (export_id) REFERENCES exports(export_id) ON DELETE CASCADE,
  CONSTRAINT export_files_file_number_check CHECK ((file_number >= 1)),
  CONSTRAINT export_files_pkey PRIMARY KEY (export_id, file_number)
);

CREATE TABLE export_links (
  token_sha256 bytea NOT NULL,
  export_id bigint NOT NULL,
  file_number integer NOT NULL,
  created_by text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT export_links_export_id_fkey FOREIGN KEY (export_id) REFERENCES exports(export_id) ON DELETE CASCADE,
  CONSTRAINT export_links_pkey PRIMARY KEY (token_sha256)
);

CREATE TABLE exports (
  export_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  status text NOT NULL DEFAULT 'queued'::text,
  export_type text NOT NULL,
  format text NOT NULL,
  group_by text,
  range_start timestamp with time zone NOT NULL,
  range_end timestamp with time zone NOT NULL,
  time_zone text NOT NULL,
  filters jsonb NOT NULL DEFAULT '{}'::jsonb,
  requested_by text NOT NULL,
  requested_at timestamp with time zone NOT NULL DEFAULT now(),
  started_at timestamp with time zone,
  snapshot_at timestamp with time zone,
  finished_at timestamp with time zone,
  expires_at timestamp with time zone,
  failure text,
  claimed_by uuid,
  claimed_until timestamp with time zone,
  attempts integer NOT NULL DEFAULT 0,
  estimated_rows bigint NOT NULL,
  estimate_basis text NOT NULL,
  rows_written bigint NOT NULL DEFAULT 0,
  bytes_written bigint NOT NULL DEFAULT 0,
  CONSTRAINT exports_check CHECK ((range_end > range_start)),
  CONSTRAINT exports_estimate_basis_check CHECK ((estimate_basis = ANY (ARRAY['exact'::text, 'at_most'::text]))),
  CONSTRAINT exports_export_type_check CHECK ((export_type = ANY (ARRAY['csv'::text, 'json'::text, 'ndjson'::text, 'parquet'::text]))),
  CONSTRAINT exports_format_check CHECK ((format = ANY (ARRAY['full'::text, 'summary'::text]))),
  CONSTRAINT exports_group_by_check CHECK ((group_by = ANY (ARRAY['hour'::text, 'day'::text]))),
  CONSTRAINT exports_pkey PRIMARY KEY (export_id),
  CONSTRAINT exports_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text, 'expired'::text]))),
  CONSTRAINT exports_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE
);

CREATE TABLE grafana_alert_secrets (
  tenant_id text NOT NULL,
  secret text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_by text NOT NULL,
  CONSTRAINT grafana_alert_secrets_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT grafana_alert_secrets_secret_check CHECK (((length(secret) >= 16) AND (length(secret) <= 200))),
  CONSTRAINT grafana_alert_secrets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE
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

CREATE TABLE metered_series (
  tenant_id text NOT NULL,
  series uuid NOT NULL,
  start_us bigint NOT NULL,
  time_us bigint NOT NULL,
  sum double precision,
  count bigint,
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT metered_series_pkey PRIMARY KEY (tenant_id, series)
);

CREATE TABLE metered_usage (
  tenant_id text NOT NULL,
  "timestamp" timestamp with time zone NOT NULL,
  resource_key text NOT NULL,
  service_name text,
  scope_name text NOT NULL,
  metric text NOT NULL,
  measure text NOT NULL,
  token_type text,
  model_provider text,
  model_name text,
  attributes jsonb NOT NULL DEFAULT '{}'::jsonb,
  sum double precision,
  count bigint,
  CONSTRAINT metered_usage_measure_check CHECK ((measure = ANY (ARRAY['tokens'::text, 'cost_usd'::text, 'duration_seconds'::text, 'first_token_seconds'::text, 'requests'::text])))
);

CREATE TABLE model_prices (
  price_id bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  kind text NOT NULL,
  tenant_id text,
  provider_id text NOT NULL,
  model_pattern text NOT NULL,
  model_match jsonb NOT NULL,
  list_model_id text,
  list_position integer,
  service_tier text NOT NULL DEFAULT 'standard'::text,
  effective_from timestamp with time zone NOT NULL,
  effective_to timestamp with time zone,
  currency text NOT NULL DEFAULT 'USD'::text,
  input_per_mtok numeric(24,12),
  cache_read_per_mtok numeric(24,12),
  cache_write_5m_per_mtok numeric(24,12),
  cache_write_1h_per_mtok numeric(24,12),
  output_per_mtok numeric(24,12),
  reasoning_per_mtok numeric(24,12),
  per_request numeric(30,18),
  input_audio_per_mtok numeric(24,12),
  output_audio_per_mtok numeric(24,12),
  input_image_per_mtok numeric(24,12),
  output_image_per_mtok numeric(24,12),
  context_tiers jsonb NOT NULL DEFAULT '[]'::jsonb,
  daily_windows jsonb NOT NULL DEFAULT '[]'::jsonb,
  price_basis jsonb NOT NULL DEFAULT '{}'::jsonb,
  unpriced_reason text,
  discount_percent numeric(10,6),
  source text NOT NULL,
  version text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  ended_at timestamp with time zone,
  ended_by text,
  note text,
  overlap_key bigint NOT NULL GENERATED ALWAYS AS (hashtextextended(((((((((kind || chr(31)) || COALESCE(tenant_id, ''::text)) || chr(31)) || provider_id) || chr(31)) || COALESCE(list_model_id, model_pattern)) || chr(31)) || service_tier), (0)::bigint)) STORED,
  CONSTRAINT model_prices_check CHECK ((effective_to >= effective_from)),
  CONSTRAINT model_prices_check1 CHECK (((kind = 'list'::text) = ((list_model_id IS NOT NULL) AND (list_position IS NOT NULL)))),
  CONSTRAINT model_prices_check2 CHECK (((kind <> 'list'::text) OR ((tenant_id IS NULL) AND (provider_id <> '*'::text) AND (service_tier <> '*'::text)))),
  CONSTRAINT model_prices_check3 CHECK (((kind = 'discount'::text) = (discount_percent IS NOT NULL))),
  CONSTRAINT model_prices_check4 CHECK (((kind <> ALL (ARRAY['list'::text, 'override'::text])) OR (unpriced_reason IS NOT NULL) OR (num_nulls(input_per_mtok, cache_read_per_mtok, cache_write_5m_per_mtok, cache_write_1h_per_mtok) = 0))),
  CONSTRAINT model_prices_check5 CHECK ((LEAST(input_per_mtok, cache_read_per_mtok, cache_write_5m_per_mtok, cache_write_1h_per_mtok, output_per_mtok, reasoning_per_mtok, per_request, input_audio_per_mtok, output_audio_per_mtok, input_image_per_mtok, output_image_per_mtok) >= (0)::numeric)),
  CONSTRAINT model_prices_currency_check CHECK ((currency = 'USD'::text)),
  CONSTRAINT model_prices_discount_percent_check CHECK (((discount_percent > (0)::numeric) AND (discount_percent <= (100)::numeric))),
  CONSTRAINT model_prices_kind_check CHECK ((kind = ANY (ARRAY['list'::text, 'override'::text, 'discount'::text, 'rule'::text]))),
  CONSTRAINT model_prices_no_overlap EXCLUDE USING gist (int8range(overlap_key, overlap_key, '[]'::text) WITH &&, tstzrange(effective_from, effective_to) WITH &&) WHERE ((kind <> 'rule'::text)),
  CONSTRAINT model_prices_note_check CHECK ((length(note) <= 2000)),
  CONSTRAINT model_prices_pkey PRIMARY KEY (price_id),
  CONSTRAINT model_prices_source_check CHECK (((length(source) >= 1) AND (length(source) <= 200))),
  CONSTRAINT model_prices_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE,
  CONSTRAINT model_prices_version_check CHECK (((length(version) >= 1) AND (length(version) <= 500)))
);

CREATE TABLE notification_channel_health (
  channel_id bigint NOT NULL,
  tenant_id text NOT NULL,
  consecutive_failures integer NOT NULL DEFAULT 0,
  paused_until timestamp with time zone,
  last_delivered_at timestamp with time zone,
  last_failed_at timestamp with time zone,
  last_error text,
  CONSTRAINT notification_channel_health_pkey PRIMARY KEY (channel_id),
  CONSTRAINT notification_channel_health_tenant_id_channel_id_fkey FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channels(tenant_id, channel_id) ON DELETE CASCADE
);

CREATE TABLE notification_channel_secrets (
  channel_id bigint NOT NULL,
  tenant_id text NOT NULL,
  is_encrypted boolean NOT NULL,
  secrets bytea NOT NULL,
  CONSTRAINT notification_channel_secrets_pkey PRIMARY KEY (channel_id),
  CONSTRAINT notification_channel_secrets_tenant_id_channel_id_fkey FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channels(tenant_id, channel_id) ON DELETE CASCADE
);

CREATE TABLE notification_channels (
  channel_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  name text NOT NULL,
  type text NOT NULL,
  settings jsonb NOT NULL DEFAULT '{}'::jsonb,
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_by text NOT NULL,
  CONSTRAINT notification_channels_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT notification_channels_pkey PRIMARY KEY (channel_id),
  CONSTRAINT notification_channels_tenant_id_channel_id_key UNIQUE (tenant_id, channel_id),
  CONSTRAINT notification_channels_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE,
  CONSTRAINT notification_channels_tenant_id_name_key UNIQUE (tenant_id, name),
  CONSTRAINT notification_channels_type_check CHECK ((type = ANY (ARRAY['slack'::text, 'email'::text, 'webhook'::text])))
);

CREATE TABLE notification_deliveries (
  delivery_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  channel_id bigint NOT NULL,
  route_id bigint,
  group_key text NOT NULL,
  idempotency_key text NOT NULL,
  status text NOT NULL DEFAULT 'pending'::text,
  attempts integer NOT NULL DEFAULT 0,
  attempt_log jsonb NOT NULL DEFAULT '[]'::jsonb,
  next_attempt_at timestamp with time zone,
  give_up_at timestamp with time zone NOT NULL,
  claimed_by uuid,
  lease_until timestamp with time zone,
  last_error text,
  response_status integer,
  created_at timestamp with time zone NOT NULL,
  last_attempt_at timestamp with time zone,
  delivered_at timestamp with time zone,
  CONSTRAINT notification_deliveries_idempotency_key_key UNIQUE (idempotency_key),
  CONSTRAINT notification_deliveries_pkey PRIMARY KEY (delivery_id),
  CONSTRAINT notification_deliveries_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'sending'::text, 'delivered'::text, 'failed'::text, 'dead'::text]))),
  CONSTRAINT notification_deliveries_tenant_id_channel_id_fkey FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channels(tenant_id, channel_id) ON DELETE CASCADE
);

CREATE TABLE notification_delivery_alerts (
  channel_id bigint NOT NULL,
  outbox_id bigint NOT NULL,
  delivery_id bigint NOT NULL,
  tenant_id text NOT NULL,
  alert_id bigint NOT NULL,
  kind text NOT NULL,
  payload jsonb NOT NULL,
  CONSTRAINT notification_delivery_alerts_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES notification_deliveries(delivery_id) ON DELETE CASCADE,
  CONSTRAINT notification_delivery_alerts_kind_check CHECK ((kind = ANY (ARRAY['firing'::text, 'renotify'::text, 'resolved'::text]))),
  CONSTRAINT notification_delivery_alerts_pkey PRIMARY KEY (channel_id, outbox_id)
);

CREATE TABLE notification_route_channels (
  route_id bigint NOT NULL,
  channel_id bigint NOT NULL,
  tenant_id text NOT NULL,
  CONSTRAINT notification_route_channels_pkey PRIMARY KEY (route_id, channel_id),
  CONSTRAINT notification_route_channels_tenant_id_channel_id_fkey FOREIGN KEY (tenant_id, channel_id) REFERENCES notification_channels(tenant_id, channel_id),
  CONSTRAINT notification_route_channels_tenant_id_route_id_fkey FOREIGN KEY (tenant_id, route_id) REFERENCES notification_routes(tenant_id, route_id) ON DELETE CASCADE
);

CREATE TABLE notification_routes (
  route_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  name text NOT NULL,
  "position" integer NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  severities text[] NOT NULL DEFAULT '{}'::text[],
  alert_types text[] NOT NULL DEFAULT '{}'::text[],
  rule_ids bigint[] NOT NULL DEFAULT '{}'::bigint[],
  filters jsonb NOT NULL DEFAULT '{}'::jsonb,
  group_by text[] NOT NULL DEFAULT '{}'::text[],
  group_wait_seconds integer NOT NULL DEFAULT 5,
  send_reminders boolean NOT NULL DEFAULT true,
  send_resolved boolean NOT NULL DEFAULT true,
  continue_matching boolean NOT NULL DEFAULT false,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_by text NOT NULL,
  CONSTRAINT notification_routes_group_by_check CHECK ((group_by <@ ARRAY['rule'::text, 'severity'::text, 'alert_type'::text, 'member'::text])),
  CONSTRAINT notification_routes_group_wait_seconds_check CHECK (((group_wait_seconds >= 0) AND (group_wait_seconds <= 900))),
  CONSTRAINT notification_routes_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT notification_routes_pkey PRIMARY KEY (route_id),
  CONSTRAINT notification_routes_position_check CHECK ((("position" >= 0) AND ("position" <= 10000))),
  CONSTRAINT notification_routes_severities_check CHECK ((severities <@ ARRAY['low'::text, 'medium'::text, 'high'::text, 'critical'::text])),
  CONSTRAINT notification_routes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE,
  CONSTRAINT notification_routes_tenant_id_name_key UNIQUE (tenant_id, name),
  CONSTRAINT notification_routes_tenant_id_route_id_key UNIQUE (tenant_id, route_id)
);

CREATE TABLE notification_unrouted (
  outbox_id bigint NOT NULL,
  tenant_id text NOT NULL,
  alert_id bigint NOT NULL,
  reason text NOT NULL,
  noted_at timestamp with time zone NOT NULL,
  CONSTRAINT notification_unrouted_pkey PRIMARY KEY (outbox_id),
  CONSTRAINT notification_unrouted_reason_check CHECK ((reason = ANY (ARRAY['no_channel'::text, 'no_route'::text, 'below_default_severity'::text, 'channels_disabled'::text]))),
  CONSTRAINT notification_unrouted_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE
);

CREATE TABLE price_book_state (
  only_row boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 0,
  CONSTRAINT price_book_state_only_row_check CHECK (only_row),
  CONSTRAINT price_book_state_pkey PRIMARY KEY (only_row)
);

CREATE TABLE price_list_imports (
  price_list_import_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  source text NOT NULL,
  version text NOT NULL,
  content_sha256 text NOT NULL,
  imported_at timestamp with time zone NOT NULL DEFAULT now(),
  imported_by text NOT NULL,
  rows_added integer NOT NULL,
  rows_ended integer NOT NULL,
  CONSTRAINT price_list_imports_pkey PRIMARY KEY (price_list_import_id)
);

CREATE TABLE price_list_providers (
  provider_id text NOT NULL,
  fallback_provider_ids text[] NOT NULL DEFAULT '{}'::text[],
  CONSTRAINT price_list_providers_pkey PRIMARY KEY (provider_id)
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

CREATE TABLE repricing_changes (
  job_id bigint NOT NULL,
  date date NOT NULL,
  model_provider text NOT NULL,
  model_name text NOT NULL,
  price_id_before bigint,
  price_id_after bigint,
  events bigint NOT NULL,
  cost_before_nano_usd numeric NOT NULL,
  cost_after_nano_usd numeric NOT NULL,
  CONSTRAINT repricing_changes_job_id_fkey FOREIGN KEY (job_id) REFERENCES repricing_jobs(job_id) ON DELETE CASCADE
);

CREATE TABLE repricing_jobs (
  job_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  status text NOT NULL DEFAULT 'queued'::text,
  dry_run boolean NOT NULL,
  range_start timestamp with time zone NOT NULL,
  range_end timestamp with time zone NOT NULL,
  model_provider text,
  model_name text,
  unpriced_only boolean NOT NULL DEFAULT false,
  note text NOT NULL DEFAULT ''::text,
  requested_by text NOT NULL,
  requested_at timestamp with time zone NOT NULL DEFAULT now(),
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  failure text,
  claimed_by uuid,
  claimed_until timestamp with time zone,
  done_until timestamp with time zone,
  events_estimated bigint,
  events_examined bigint NOT NULL DEFAULT 0,
  events_changed bigint NOT NULL DEFAULT 0,
  CONSTRAINT repricing_jobs_check CHECK ((range_end > range_start)),
  CONSTRAINT repricing_jobs_pkey PRIMARY KEY (job_id),
  CONSTRAINT repricing_jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text]))),
  CONSTRAINT repricing_jobs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE
);

CREATE TABLE schema_migrations (
  number integer NOT NULL,
  name text NOT NULL,
  breaking boolean NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT schema_migrations_pkey PRIMARY KEY (number)
);

CREATE TABLE sign_in_links (
  token_sha256 bytea NOT NULL,
  tenant_id text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT sign_in_links_pkey PRIMARY KEY (token_sha256),
  CONSTRAINT sign_in_links_scopes_check CHECK (((scopes <@ ARRAY['read'::text, 'admin'::text]) AND (cardinality(scopes) > 0))),
  CONSTRAINT sign_in_links_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE,
  CONSTRAINT sign_in_links_token_sha256_check CHECK ((length(token_sha256) = 32))
);

CREATE TABLE sign_in_sessions (
  token_sha256 bytea NOT NULL,
  tenant_id text NOT NULL,
  key_id text,
  scopes text[],
  created_at timestamp with time zone NOT NULL,
  last_used_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT sign_in_sessions_check CHECK (((key_id IS NULL) <> (scopes IS NULL))),
  CONSTRAINT sign_in_sessions_key_id_fkey FOREIGN KEY (key_id) REFERENCES api_keys(key_id) ON DELETE CASCADE,
  CONSTRAINT sign_in_sessions_pkey PRIMARY KEY (token_sha256),
  CONSTRAINT sign_in_sessions_scopes_check CHECK (((scopes <@ ARRAY['read'::text, 'admin'::text]) AND (cardinality(scopes) > 0))),
  CONSTRAINT sign_in_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id) ON DELETE CASCADE,
  CONSTRAINT sign_in_sessions_token_sha256_check CHECK ((length(token_sha256) = 32))
);

CREATE TABLE sql_roles (
  role_name name NOT NULL,
  tenant_id text NOT NULL,
  name text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  password_changed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT sql_roles_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  CONSTRAINT sql_roles_pkey PRIMARY KEY (role_name),
  CONSTRAINT sql_roles_role_name_check CHECK ((role_name ~ '^po_sql_[0-9a-z]{8}$'::text)),
  CONSTRAINT sql_roles_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(tenant_id)
);

CREATE TABLE telemetry_sources (
  tenant_id text NOT NULL,
  resource_key text NOT NULL,
  last_events_at timestamp with time zone,
  last_metrics_at timestamp with time zone,
  CONSTRAINT telemetry_sources_pkey PRIMARY KEY (tenant_id, resource_key)
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

CREATE TABLE unknown_telemetry (
  tenant_id text NOT NULL,
  emitter text NOT NULL,
  reason text NOT NULL,
  example text NOT NULL,
  items bigint NOT NULL,
  first_seen timestamp with time zone NOT NULL DEFAULT now(),
  last_seen timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT unknown_telemetry_pkey PRIMARY KEY (tenant_id, emitter, reason)
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

CREATE VIEW usage_analytics_total AS
 SELECT tenant_id,
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
   FROM usage_rollup_total;

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

CREATE VIEW usage_latency_total_daily AS
 SELECT tenant_id,
    bucket_start AS "timestamp",
    latency_bucket,
    request_count
   FROM usage_rollup_latency_total;

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

CREATE TABLE usage_rollup_latency_total (
  tenant_id text NOT NULL,
  bucket_start timestamp with time zone NOT NULL,
  latency_bucket smallint NOT NULL,
  request_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor=80);

CREATE TABLE usage_rollup_quarter_hour (
  tenant_id text NOT NULL,
  bucket_start timestamp with time zone NOT NULL,
  hour_start timestamp with time zone NOT NULL GENERATED ALWAYS AS (date_bin('01:00:00'::interval, bucket_start, '2000-01-01 00:00:00+00'::timestamp with time zone)) STORED,
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

CREATE TABLE usage_rollup_total (
  tenant_id text NOT NULL,
  bucket_start timestamp with time zone NOT NULL,
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

CREATE INDEX alert_outbox_waiting ON public.alert_outbox USING btree (outbox_id) WHERE (routed_at IS NULL);

CREATE INDEX alert_timeline_by_alert ON public.alert_timeline USING btree (alert_id, entry_id);

CREATE INDEX alerts_by_change ON public.alerts USING btree (tenant_id, change_id);

CREATE INDEX alerts_by_rule ON public.alerts USING btree (alert_rule_id);

CREATE INDEX alerts_by_start ON public.alerts USING btree (tenant_id, started_at);

CREATE INDEX alerts_by_tenant ON public.alerts USING btree (tenant_id, alert_id DESC);

CREATE INDEX alerts_live ON public.alerts USING btree (alert_rule_id) WHERE ((status <> 'resolved'::text) OR is_held_down OR (owed IS NOT NULL));

CREATE UNIQUE INDEX alerts_of_grafana ON public.alerts USING btree (tenant_id, fingerprint, started_at) WHERE (source = 'grafana'::text);

CREATE UNIQUE INDEX alerts_open ON public.alerts USING btree (alert_rule_id, member_key) WHERE ((status <> 'resolved'::text) AND (source = 'rule'::text));

CREATE INDEX alerts_orphaned ON public.alerts USING btree (alert_id) WHERE ((alert_rule_id IS NULL) AND (source = 'rule'::text) AND (status <> 'resolved'::text));

CREATE INDEX api_keys_by_tenant ON public.api_keys USING btree (tenant_id, created_at);

CREATE INDEX budget_periods_by_tenant ON public.budget_periods USING btree (tenant_id, period_end DESC);

CREATE INDEX budget_statuses_by_tenant ON public.budget_statuses USING btree (tenant_id);

CREATE INDEX budget_threshold_crossings_by_tenant ON public.budget_threshold_crossings USING btree (tenant_id, crossed_at DESC);

CREATE UNIQUE INDEX budget_threshold_crossings_open ON public.budget_threshold_crossings USING btree (budget_id, version, kind, threshold_percent) WHERE (resolved_at IS NULL);

CREATE INDEX call_candidates_by_age ON public.call_candidates USING brin (seen_at);

CREATE INDEX call_candidates_by_event ON public.call_candidates USING btree (tenant_id, event_id) WHERE (event_id <> ''::text);

CREATE INDEX call_candidates_by_local_id ON public.call_candidates USING btree (local_key, end_us) WHERE (local_key IS NOT NULL);

CREATE INDEX call_candidates_by_request ON public.call_candidates USING btree (request_key, end_us) WHERE (request_key IS NOT NULL);

CREATE INDEX call_candidates_by_response ON public.call_candidates USING btree (response_key, end_us) WHERE (response_key IS NOT NULL);

CREATE INDEX call_candidates_by_trace ON public.call_candidates USING btree (trace, end_us) WHERE (trace IS NOT NULL);

CREATE INDEX call_candidates_near ON public.call_candidates USING btree (near_key, near_output, near_us) WHERE (near_key IS NOT NULL);

CREATE INDEX client_usage_logs_by_prompt ON ONLY public.client_usage_logs USING btree (tenant_id, prompt_id, "timestamp" DESC);

CREATE INDEX client_usage_logs_by_time ON ONLY public.client_usage_logs USING btree (tenant_id, "timestamp" DESC);

CREATE INDEX event_identities_by_time ON public.event_identities USING brin (event_timestamp);

CREATE INDEX export_links_by_export ON public.export_links USING btree (export_id, created_at);

CREATE INDEX exports_by_tenant ON public.exports USING btree (tenant_id, export_id DESC);

CREATE INDEX exports_kept ON public.exports USING btree (expires_at) WHERE (status = 'completed'::text);

CREATE INDEX exports_open ON public.exports USING btree (export_id) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX idempotency_keys_by_time ON public.idempotency_keys USING btree (created_at);

CREATE INDEX metered_series_by_age ON public.metered_series USING brin (seen_at);

CREATE INDEX metered_usage_by_time ON public.metered_usage USING btree (tenant_id, "timestamp" DESC);

CREATE INDEX notification_deliveries_by_channel ON public.notification_deliveries USING btree (channel_id, delivery_id DESC);

CREATE INDEX notification_deliveries_claimed ON public.notification_deliveries USING btree (lease_until) WHERE (status = 'sending'::text);

CREATE INDEX notification_deliveries_due ON public.notification_deliveries USING btree (next_attempt_at) WHERE (status = ANY (ARRAY['pending'::text, 'failed'::text]));

CREATE INDEX notification_deliveries_newest ON public.notification_deliveries USING btree (tenant_id, delivery_id DESC);

CREATE INDEX notification_deliveries_old ON public.notification_deliveries USING btree (created_at);

CREATE INDEX notification_delivery_alerts_by_alert ON public.notification_delivery_alerts USING btree (tenant_id, alert_id, channel_id);

CREATE INDEX notification_delivery_alerts_by_delivery ON public.notification_delivery_alerts USING btree (delivery_id);

CREATE INDEX notification_route_channels_by_channel ON public.notification_route_channels USING btree (tenant_id, channel_id);

CREATE INDEX notification_routes_in_order ON public.notification_routes USING btree (tenant_id, "position", route_id);

CREATE INDEX notification_unrouted_newest ON public.notification_unrouted USING btree (tenant_id, noted_at DESC);

CREATE INDEX notification_unrouted_old ON public.notification_unrouted USING btree (noted_at);

CREATE INDEX rejected_events_by_tenant ON public.rejected_events USING btree (tenant_id, received_at DESC);

CREATE UNIQUE INDEX repricing_changes_key ON public.repricing_changes USING btree (job_id, date, model_provider, model_name, price_id_before, price_id_after) NULLS NOT DISTINCT;

CREATE INDEX repricing_jobs_by_tenant ON public.repricing_jobs USING btree (tenant_id, job_id DESC);

CREATE INDEX repricing_jobs_open ON public.repricing_jobs USING btree (job_id) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX sign_in_links_by_tenant ON public.sign_in_links USING btree (tenant_id, created_at);

CREATE INDEX sign_in_sessions_by_tenant ON public.sign_in_sessions USING btree (tenant_id, last_used_at);

CREATE INDEX sql_roles_by_tenant ON public.sql_roles USING btree (tenant_id, created_at);

CREATE UNIQUE INDEX tenants_one_operator ON public.tenants USING btree (is_operator) WHERE is_operator;

CREATE INDEX usage_rollup_day_by_date ON public.usage_rollup_day USING btree (tenant_id, (((bucket_start AT TIME ZONE 'UTC'::text))::date));

CREATE UNIQUE INDEX usage_rollup_day_key ON public.usage_rollup_day USING btree (tenant_id, bucket_start, project_id, prompt_id, prompt_version, endpoint, model_provider, model_name, environment) NULLS NOT DISTINCT;

CREATE UNIQUE INDEX usage_rollup_hour_by_model_key ON public.usage_rollup_hour_by_model USING btree (tenant_id, bucket_start, project_id, model_provider, model_name, environment) NULLS NOT DISTINCT;

CREATE UNIQUE INDEX usage_rollup_latency_key ON public.usage_rollup_latency USING btree (tenant_id, hour_start, project_id, endpoint, model_provider, model_name, environment, latency_bucket) NULLS NOT DISTINCT;

CREATE UNIQUE INDEX usage_rollup_latency_total_key ON public.usage_rollup_latency_total USING btree (tenant_id, bucket_start, latency_bucket);

CREATE INDEX usage_rollup_quarter_hour_by_hour ON public.usage_rollup_quarter_hour USING btree (tenant_id, hour_start);

CREATE INDEX usage_rollup_quarter_hour_by_model ON public.usage_rollup_quarter_hour USING btree (tenant_id, model_provider, model_name, bucket_start);

CREATE INDEX usage_rollup_quarter_hour_by_prompt ON public.usage_rollup_quarter_hour USING btree (tenant_id, prompt_id, bucket_start);

CREATE UNIQUE INDEX usage_rollup_quarter_hour_key ON public.usage_rollup_quarter_hour USING btree (tenant_id, bucket_start, project_id, prompt_id, prompt_version, endpoint, model_provider, model_name, environment) NULLS NOT DISTINCT;

CREATE UNIQUE INDEX usage_rollup_total_key ON public.usage_rollup_total USING btree (tenant_id, bucket_start);

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

CREATE OR REPLACE FUNCTION public.keep_model_prices()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  allowed text[] := ARRAY['effective_to', 'ended_at', 'ended_by', 'overlap_key'];
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF pg_trigger_depth() > 1 THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'A price is never deleted, since events refer to it: set its end.' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.kind = 'list' THEN allowed := allowed || ARRAY['model_pattern', 'model_match', 'list_position']; END IF;
  IF to_jsonb(NEW) - allowed IS DISTINCT FROM to_jsonb(OLD) - allowed THEN
    RAISE EXCEPTION 'Of a price only its end can be set, since events refer to it: end it and add another one.' USING ERRCODE = 'restrict_violation';
  END IF;
  IF coalesce(NEW.effective_to, 'infinity') > coalesce(OLD.effective_to, 'infinity') THEN
    RAISE EXCEPTION 'A price that has an end cannot be extended: add another one that begins there.' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $function$
;

CREATE OR REPLACE FUNCTION public.note_alert_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  NEW.change_id := nextval('alert_changes');
  -- Without a word of whose: any role of the database may listen, SQL roles of other tenants too.
  PERFORM pg_notify('promptops_alerts', '');
  RETURN NEW;
END $function$
;

CREATE OR REPLACE FUNCTION public.note_changed_answers(changed_tenant_id text DEFAULT ''::text)
 RETURNS void
 LANGUAGE sql
AS $function$
  INSERT INTO answer_versions AS v (tenant_id, writer, version) VALUES (changed_tenant_id, pg_backend_pid(), 1)
  ON CONFLICT (tenant_id, writer) DO UPDATE SET version = v.version + 1
$function$
;

CREATE OR REPLACE FUNCTION public.raise_price_book_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  UPDATE price_book_state SET version = version + 1;
  RETURN NULL;
END $function$
;
