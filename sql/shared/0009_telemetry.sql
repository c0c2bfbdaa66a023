-- What spans and log records of the recent past told of model calls, by tenant. Two of them may tell of one call, in any order and in different
-- requests, to different collectors: so what a report could be matched with is kept here until its window is over.
CREATE TABLE call_candidates (
  tenant_id      text NOT NULL,
  observation    uuid NOT NULL,            -- of the span or log record: a re-send has the same
  event_id       text,                     -- the event that it is a part of; NULL: of none (a sum, a context)
  names_event    boolean NOT NULL,         -- the event is named after this very report, as most are
  start_us       bigint NOT NULL,          -- microseconds since 1970
  end_us         bigint NOT NULL,
  report         text NOT NULL,            -- JSON; read by nobody but the matcher, which wrote it
  seen_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, observation)
) WITH (fillfactor = 90);
CREATE INDEX call_candidates_by_event ON call_candidates (tenant_id, event_id) WHERE event_id IS NOT NULL AND NOT names_event;
CREATE INDEX call_candidates_by_age ON call_candidates USING brin (seen_at);

-- Trace, response id, request id and so on, hashed: reports without one in common are never one call.
CREATE TABLE call_candidate_keys (
  tenant_id   text NOT NULL,
  match_key   bigint NOT NULL,
  output      bigint NOT NULL,             -- output tokens, for keys that are looked up by them too; else -1
  emitter     bigint NOT NULL,             -- who keeps it, hashed: for some keys only others ask
  observation uuid NOT NULL,
  seen_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, match_key, output, emitter, observation)
);
CREATE INDEX call_candidate_keys_by_age ON call_candidate_keys USING brin (seen_at);

-- Usage that is told by metrics alone (coding agents, gateways), as increases: never added to events, since most sources send both.
CREATE TABLE metered_usage (
  tenant_id      text NOT NULL,
  "timestamp"    timestamptz NOT NULL,         -- of the point
  resource_key   text NOT NULL,                -- the process that sent it
  service_name   text,
  scope_name     text NOT NULL,
  metric         text NOT NULL,
  measure        text NOT NULL CHECK (measure IN ('tokens', 'cost_usd', 'duration_seconds', 'first_token_seconds', 'requests')),
  token_type     text,
  model_provider text,
  model_name     text,
  attributes     jsonb NOT NULL DEFAULT '{}',
  sum            double precision,             -- tokens, USD or seconds that were added since the point before
  count          bigint                        -- values that were added; NULL for plain counters
);
CREATE INDEX metered_usage_by_time ON metered_usage (tenant_id, "timestamp" DESC);

-- The last point of each series: a cumulative one is worth what it grew by.
CREATE TABLE metered_series (
  tenant_id text NOT NULL,
  series    uuid NOT NULL,
  start_us  bigint NOT NULL,
  time_us   bigint NOT NULL,
  sum       double precision,
  count     bigint,
  seen_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, series)
);
CREATE INDEX metered_series_by_age ON metered_series USING brin (seen_at);

-- Processes that sent telemetry: one whose calls are known as events is not counted by its metrics as well.
CREATE TABLE telemetry_sources (
  tenant_id       text NOT NULL,
  resource_key    text NOT NULL,
  last_events_at  timestamptz,
  last_metrics_at timestamptz,
  PRIMARY KEY (tenant_id, resource_key)
);

-- Telemetry that looks like a model call and that no mapping could read, to look at and to write a mapping for. Names of attributes only.
CREATE TABLE unknown_telemetry (
  tenant_id  text NOT NULL,
  emitter    text NOT NULL,
  reason     text NOT NULL,
  example    text NOT NULL,
  items      bigint NOT NULL,
  first_seen timestamptz NOT NULL DEFAULT now(),
  last_seen  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, emitter, reason)
);
