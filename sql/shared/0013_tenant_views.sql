-- SQL for people: what a tenant's own database role (collector/src/sql-access) may read. Each view shows the rows of the tenant that the asking
-- role is mapped to in sql_roles, and none to any other role. Views and grants, since row-level security excludes TimescaleDB's columnstore and
-- continuous aggregates on the same table.
-- security_barrier: a condition of the asker that could tell of a row (a function that raises an error) is evaluated after the tenant's. What cannot
-- tell (comparisons of times, texts and numbers) still reaches the indexes, chunks and segments below. The tenant is looked up once a query, as an
-- init plan: to the planner it is one unknown constant.

-- Which tenant a database role reads for. Roles belong to the whole server, and pg_roles is open to everybody: their names say nothing.
-- No ON DELETE CASCADE: a role on the server must go first, with promptops sql-role drop.
CREATE TABLE sql_roles (
  role_name           name PRIMARY KEY CHECK (role_name ~ '^po_sql_[0-9a-z]{8}$'),
  tenant_id           text NOT NULL REFERENCES tenants,
  name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),   -- what it is for
  created_at          timestamptz NOT NULL DEFAULT now(),
  created_by          text NOT NULL,                                          -- an API key's id, or what the command line calls itself
  password_changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sql_roles_by_tenant ON sql_roles (tenant_id, created_at);

-- Not named as somebody could name the collector's user: "$user" stands first in the default search_path, and the views have the tables' names.
DO $$
BEGIN
  -- Without IF NOT EXISTS: that asks for the right to create even where an administrator has made the schema.
  IF to_regnamespace('tenant_views') IS NULL THEN CREATE SCHEMA tenant_views; END IF;
END $$;

CREATE VIEW tenant_views.tenants WITH (security_barrier) AS
SELECT tenant_id, name, time_zone, created_at
FROM tenants
WHERE tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

-- The log without what storage keeps for itself.
CREATE VIEW tenant_views.client_usage_logs WITH (security_barrier) AS
SELECT
  tenant_id,
  "timestamp",
  event_id,
  project_id,
  prompt_id,
  prompt_version,
  endpoint,
  model_provider,
  model_name,
  service_tier,
  environment,
  user_id,
  session_id,
  stream,
  input_tokens,
  cache_read_tokens,
  cache_write_5m_tokens,
  cache_write_1h_tokens,
  output_tokens,
  reasoning_tokens,
  tokens_requested,
  tokens_used,
  usage_note,
  response_time_ms,
  time_to_first_token_ms,
  latency_bucket,
  status,
  status_code,
  error_type,
  cache_hit,
  cost_nano_usd,
  cost_nano_usd * 0.000000001 AS cost_usd,
  price_id,
  discount_id,
  reported_cost_nano_usd,
  reported_cost_nano_usd * 0.000000001 AS reported_cost_usd,
  metadata,
  received_at
FROM client_usage_logs
WHERE tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.usage_analytics_quarter_hourly WITH (security_barrier) AS
SELECT v.* FROM usage_analytics_quarter_hourly v
WHERE v.tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.usage_analytics_hourly WITH (security_barrier) AS
SELECT v.* FROM usage_analytics_hourly v
WHERE v.tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.usage_analytics_hourly_by_model WITH (security_barrier) AS
SELECT v.* FROM usage_analytics_hourly_by_model v
WHERE v.tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.usage_analytics_total WITH (security_barrier) AS
SELECT v.* FROM usage_analytics_total v
WHERE v.tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.usage_analytics_daily WITH (security_barrier) AS
SELECT v.* FROM usage_analytics_daily v
WHERE v.tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.usage_latency_hourly WITH (security_barrier) AS
SELECT v.* FROM usage_latency_hourly v
WHERE v.tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.usage_latency_daily WITH (security_barrier) AS
SELECT v.* FROM usage_latency_daily v
WHERE v.tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.usage_latency_total_daily WITH (security_barrier) AS
SELECT v.* FROM usage_latency_total_daily v
WHERE v.tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.budgets WITH (security_barrier) AS
SELECT
  budget_id,
  tenant_id,
  name,
  description,
  measure,
  amount,                                              -- nano-USD for cost, else a count
  CASE WHEN measure = 'cost' THEN amount * 0.000000001 END AS amount_usd,
  filters,
  period_type,
  week_start,
  rolling_hours,
  time_zone,
  thresholds,
  enforcement,
  enabled,
  created_at,
  updated_at
FROM budgets
WHERE tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

-- The last evaluation of each budget. Amounts as in budgets; the columns in USD are NULL for budgets of requests and tokens.
CREATE VIEW tenant_views.budget_statuses WITH (security_barrier) AS
SELECT
  s.budget_id,
  s.tenant_id,
  b.name,
  b.measure,
  s.period_start,
  s.period_end,
  s.limit_amount,
  s.spent,
  CASE WHEN b.measure = 'cost' THEN s.limit_amount * 0.000000001 END AS limit_usd,
  CASE WHEN b.measure = 'cost' THEN s.spent * 0.000000001 END AS spent_usd,
  s.spent * 100.0 / s.limit_amount AS percent_used,
  s.requests,
  s.unpriced_requests,
  s.forecast,
  s.forecast_lower,
  s.forecast_upper,
  CASE WHEN b.measure = 'cost' THEN s.forecast * 0.000000001 END AS forecast_usd,
  s.exhausted_at,
  s.as_of,
  s.complete_until
FROM budget_statuses s JOIN budgets b USING (budget_id)
WHERE s.tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user) AND b.tenant_id = s.tenant_id;

CREATE VIEW tenant_views.budget_periods WITH (security_barrier) AS
SELECT p.budget_id, p.tenant_id, p.period_start, p.period_end, p.measure, p.filters, p.limit_amount, p.spent, p.spent_at_close,
  CASE WHEN p.measure = 'cost' THEN p.limit_amount * 0.000000001 END AS limit_usd,
  CASE WHEN p.measure = 'cost' THEN p.spent * 0.000000001 END AS spent_usd,
  p.requests, p.unpriced_requests, p.closed_at, p.mended_at
FROM budget_periods p
WHERE p.tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.budget_threshold_crossings WITH (security_barrier) AS
SELECT crossing_id, budget_id, tenant_id, kind, threshold_percent, period_start, period_end, limit_amount, spent, forecast, unpriced_requests,
  message, as_of, crossed_at, resolved_at
FROM budget_threshold_crossings
WHERE tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

-- The lists, what holds for all tenants (tenant_id NULL), and the tenant's own. The first condition hides all of it from other roles.
CREATE VIEW tenant_views.model_prices WITH (security_barrier) AS
SELECT
  price_id, kind, tenant_id, provider_id, model_pattern, list_model_id, service_tier, effective_from, effective_to, currency,
  input_per_mtok, cache_read_per_mtok, cache_write_5m_per_mtok, cache_write_1h_per_mtok, output_per_mtok, reasoning_per_mtok, per_request,
  context_tiers, daily_windows, unpriced_reason, discount_percent, source, version, note
FROM model_prices
WHERE (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user) IS NOT NULL
  AND (tenant_id IS NULL OR tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user));

CREATE VIEW tenant_views.alert_rules WITH (security_barrier) AS
SELECT alert_rule_id, tenant_id, name, description, alert_type, severity, metric, operator, threshold, window_duration, baseline, filters,
  is_enabled, created_at, updated_at
FROM alert_rules
WHERE tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.data_retention_policies WITH (security_barrier) AS
SELECT policy_id, table_name, tenant_id, retention_period_days, archive_before_delete, is_active, created_at, updated_at
FROM data_retention_policies
WHERE (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user) IS NOT NULL
  AND (tenant_id IS NULL OR tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user));

CREATE VIEW tenant_views.ingest_ledger WITH (security_barrier) AS
SELECT tenant_id, hour_start, sum(accepted)::bigint AS accepted, sum(duplicate)::bigint AS duplicate, sum(rejected)::bigint AS rejected,
  sum(throttled)::bigint AS throttled, sum(received)::bigint AS received
FROM ingest_ledger
WHERE tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user)
GROUP BY tenant_id, hour_start;

CREATE VIEW tenant_views.rejected_events WITH (security_barrier) AS
SELECT rejected_event_id, tenant_id, received_at, item_index, field, reason, payload
FROM rejected_events
WHERE tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);

CREATE VIEW tenant_views.metered_usage WITH (security_barrier) AS
SELECT tenant_id, "timestamp", service_name, scope_name, metric, measure, token_type, model_provider, model_name, attributes, sum, count
FROM metered_usage
WHERE tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);
