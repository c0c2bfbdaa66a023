-- Alerts: a state machine for each rule (and member of a group), moved by one evaluator, with what people did beside it.

ALTER TABLE alert_rules
  ADD COLUMN group_by             text,                                  -- a dimension: one alert for each of its members
  ADD COLUMN time_zone            text,                                  -- of weeks and mute windows; NULL: the tenant's
  ADD COLUMN for_minutes          integer NOT NULL DEFAULT 0 CHECK (for_minutes BETWEEN 0 AND 10080),
  ADD COLUMN resolve_threshold    double precision,                      -- NULL: the threshold
  ADD COLUMN keep_firing_minutes  integer NOT NULL DEFAULT 0 CHECK (keep_firing_minutes BETWEEN 0 AND 10080),
  ADD COLUMN renotify_minutes     integer CHECK (renotify_minutes BETWEEN 5 AND 43200),   -- NULL: never again
  ADD COLUMN min_requests         integer NOT NULL DEFAULT 0 CHECK (min_requests >= 0),   -- fewer are not judged
  ADD COLUMN no_data              text NOT NULL DEFAULT 'ok' CHECK (no_data IN ('ok', 'keep', 'fire')),
  ADD COLUMN mute_windows         jsonb NOT NULL DEFAULT '[]',           -- [{"days": ["saturday"], "start": "00:00", "end": "24:00"}]
  ADD COLUMN budget_id            bigint REFERENCES budgets ON DELETE CASCADE,
  -- Counts up when what the rule judges changes: its open alerts end then.
  ADD COLUMN version              integer NOT NULL DEFAULT 1,
  ADD COLUMN created_by           text NOT NULL DEFAULT 'setup',
  ADD COLUMN updated_by           text NOT NULL DEFAULT 'setup';

CREATE TABLE alerts (
  alert_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id          text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  source             text NOT NULL DEFAULT 'rule' CHECK (source IN ('rule', 'grafana')),
  alert_rule_id      bigint REFERENCES alert_rules ON DELETE SET NULL,
  -- The rule as it was, so that history reads the same after the rule has changed or gone.
  rule_version       integer,
  rule_name          text NOT NULL,
  description        text NOT NULL DEFAULT '',
  alert_type         text NOT NULL,
  severity           text NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
  metric             text NOT NULL,
  operator           text,
  threshold          double precision,
  window_duration    integer,                                            -- minutes
  baseline           text,
  filters            jsonb NOT NULL DEFAULT '{}',
  dimension          text,                                               -- NULL: not grouped
  member             text,                                               -- NULL: the events that have none
  member_key         text NOT NULL DEFAULT '',                           -- dimension and member as one text, never NULL
  budget_id          bigint,
  status             text NOT NULL CHECK (status IN ('pending', 'firing', 'resolved')),
  is_no_data         boolean NOT NULL DEFAULT false,
  value              double precision,                                   -- of the last look; NULL: no data
  baseline_value     double precision,
  first_value        double precision,                                   -- when it fired
  peak_value         double precision,                                   -- the furthest from the threshold
  window_start       timestamptz,                                        -- of the window that the value is of
  window_end         timestamptz,
  -- Ends of windows, not times of looking: how long a condition has held is told by the data.
  pending_since      timestamptz,
  breached_until     timestamptz,
  started_at         timestamptz,
  resolved_at        timestamptz,
  resolved_by        text,                                               -- NULL: the condition ended
  resolve_reason     text,
  -- Resolved by hand while the condition held: nothing new fires until it has not.
  is_held_down       boolean NOT NULL DEFAULT false,
  acknowledged_at    timestamptz,
  acknowledged_by    text,
  acknowledged_note  text,
  acknowledged_until timestamptz,                                        -- NULL: until it is resolved
  first_acknowledged_at timestamptz,
  notified_at        timestamptz,
  notification_count integer NOT NULL DEFAULT 0,
  -- A notification that a mute window keeps back.
  owed               text CHECK (owed IN ('firing', 'resolved')),
  fingerprint        text,                                               -- of an alert of Grafana
  labels             jsonb NOT NULL DEFAULT '{}',
  links              jsonb NOT NULL DEFAULT '{}',
  created_at         timestamptz NOT NULL DEFAULT now(),
  -- Raised by every change: what streams of changes are read by.
  change_id          bigint NOT NULL DEFAULT 0,
  CHECK ((source = 'grafana') = (fingerprint IS NOT NULL)),
  CHECK (status = 'pending' OR started_at IS NOT NULL),
  CHECK ((status = 'resolved') = (resolved_at IS NOT NULL))
);
-- One alert a rule and member, however many evaluators there are.
CREATE UNIQUE INDEX alerts_open ON alerts (alert_rule_id, member_key) WHERE status <> 'resolved' AND source = 'rule';
CREATE UNIQUE INDEX alerts_of_grafana ON alerts (tenant_id, fingerprint, started_at) WHERE source = 'grafana';
CREATE INDEX alerts_by_tenant ON alerts (tenant_id, alert_id DESC);
CREATE INDEX alerts_by_start ON alerts (tenant_id, started_at);
CREATE INDEX alerts_by_rule ON alerts (alert_rule_id);
-- What a round of the evaluator looks at.
CREATE INDEX alerts_live ON alerts (alert_rule_id) WHERE status <> 'resolved' OR is_held_down OR owed IS NOT NULL;
CREATE INDEX alerts_orphaned ON alerts (alert_id) WHERE alert_rule_id IS NULL AND source = 'rule' AND status <> 'resolved';

CREATE SEQUENCE alert_changes;
CREATE INDEX alerts_by_change ON alerts (tenant_id, change_id);

-- The id is taken when the row is written, so a stream may see a greater one first: it looks a little back (collector/src/alerts/alert-feed.ts).
CREATE FUNCTION note_alert_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.change_id := nextval('alert_changes');
  -- Without a word of whose: any role of the database may listen, SQL roles of other tenants too.
  PERFORM pg_notify('promptops_alerts', '');
  RETURN NEW;
END $$;
CREATE TRIGGER note_alert_change BEFORE INSERT OR UPDATE ON alerts FOR EACH ROW EXECUTE FUNCTION note_alert_change();

-- What happened to an alert, in order.
CREATE TABLE alert_timeline (
  entry_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id   bigint NOT NULL REFERENCES alerts ON DELETE CASCADE,
  tenant_id  text NOT NULL,
  at         timestamptz NOT NULL,
  kind       text NOT NULL CHECK (kind IN ('pending', 'firing', 'notified', 'renotified', 'muted', 'resolved', 'acknowledged', 'unacknowledged',
                                           'acknowledgement_expired', 'comment')),
  by         text,                                                       -- NULL: the evaluator
  note       text CHECK (length(note) <= 4000),
  value      double precision
);
CREATE INDEX alert_timeline_by_alert ON alert_timeline (alert_id, entry_id);

-- The last look at each rule.
CREATE TABLE alert_rule_looks (
  alert_rule_id    bigint PRIMARY KEY REFERENCES alert_rules ON DELETE CASCADE,
  tenant_id        text NOT NULL,
  looked_at        timestamptz NOT NULL,
  window_start     timestamptz,
  window_end       timestamptz,
  value            double precision,                                     -- of a rule without groups
  members          integer NOT NULL DEFAULT 0,
  members_left_out integer NOT NULL DEFAULT 0,
  error            text                                                  -- why it could not be evaluated
);

-- What delivery takes (collector/src/notifications): one row for each transition that somebody should hear of.
CREATE TABLE alert_outbox (
  outbox_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id  text NOT NULL,
  alert_id   bigint NOT NULL,
  kind       text NOT NULL CHECK (kind IN ('firing', 'renotify', 'resolved')),
  dedupe_key text NOT NULL UNIQUE,
  payload    jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  routed_at  timestamptz
);
CREATE INDEX alert_outbox_waiting ON alert_outbox (outbox_id) WHERE routed_at IS NULL;

-- Which replica evaluates: one row, claimed for one round at a time. A round is its own fence: what a replica writes is refused once another one
-- has taken over.
CREATE TABLE alert_evaluation (
  is_only     boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  round       bigint NOT NULL DEFAULT 0,
  claimed_at  timestamptz NOT NULL DEFAULT '-infinity',
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  finished_at timestamptz NOT NULL DEFAULT '-infinity',
  evaluated_until timestamptz,                                           -- what the last whole round knew
  duration_seconds double precision,
  rules       integer NOT NULL DEFAULT 0,
  failed_rules integer NOT NULL DEFAULT 0,
  failed_rounds bigint NOT NULL DEFAULT 0
);
INSERT INTO alert_evaluation DEFAULT VALUES;

-- Secrets of Grafana's webhook, one a tenant.
CREATE TABLE grafana_alert_secrets (
  tenant_id  text PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
  secret     text NOT NULL CHECK (length(secret) BETWEEN 16 AND 200),
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by text NOT NULL
);

-- For people with SQL: alerts as a table.
CREATE VIEW tenant_views.alerts WITH (security_barrier) AS
SELECT alert_id, tenant_id, source, alert_rule_id, rule_name, description, alert_type, severity, metric, operator, threshold, window_duration,
  baseline, filters, dimension, member, status, value, baseline_value, peak_value, window_start, window_end, started_at, resolved_at, resolved_by,
  acknowledged_at, acknowledged_by, acknowledged_until, created_at
FROM alerts
WHERE tenant_id = (SELECT r.tenant_id FROM sql_roles r WHERE r.role_name = current_user);
