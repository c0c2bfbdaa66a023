-- How long each table keeps what it has. A row with a tenant wins over the row for all (tenant_id NULL).
CREATE TABLE data_retention_policies (
  policy_id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  table_name            text NOT NULL CHECK (table_name IN
                          ('client_usage_logs', 'usage_analytics_hourly', 'usage_analytics_daily', 'rejected_events')),
  tenant_id             text REFERENCES tenants ON DELETE CASCADE,
  retention_period_days integer NOT NULL CHECK (retention_period_days BETWEEN 1 AND 36500),
  archive_before_delete boolean NOT NULL DEFAULT true,
  is_active             boolean NOT NULL DEFAULT true,
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (table_name, tenant_id)
);

CREATE TABLE alert_rules (
  alert_rule_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id       text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  description     text NOT NULL DEFAULT '',
  alert_type      text NOT NULL CHECK (alert_type IN ('usage_spike', 'cost_threshold', 'performance', 'error_rate', 'budget',
                                                      'unpriced', 'no_data', 'anomaly', 'custom')),
  severity        text NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
  metric          text NOT NULL,
  operator        text NOT NULL CHECK (operator IN ('>', '>=', '<', '<=')),
  threshold       double precision NOT NULL,
  window_duration integer NOT NULL CHECK (window_duration BETWEEN 1 AND 525600),   -- minutes
  baseline        text CHECK (baseline IN ('previous_window', 'same_hour_last_weeks')),
  filters         jsonb NOT NULL DEFAULT '{}',
  is_enabled      boolean NOT NULL DEFAULT true,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, name)
);
