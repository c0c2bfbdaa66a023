-- What spans and log records of the recent past told of model calls, by tenant. Two of them may tell of one call, in any order and in different
-- requests, to different collectors: so what a report could be matched with is kept here until its window is over.
-- Keys are 64 bits of a hash of the tenant and an id, so that the indexes stay small: a wrong hit is looked at and dropped. What has the form of
-- a UUID (traces) stands as it is.
CREATE TABLE call_candidates (
  tenant_id      text NOT NULL,
  observation    uuid NOT NULL,            -- of the span or log record: a re-send has the same
  trace          uuid,
  response_key   bigint,                   -- the provider's id of the answer
  local_key      bigint,                   -- a gateway's id of the answer
  request_key    bigint,                   -- the provider's id of the HTTP request
  near_key       bigint,                   -- process, emitter, model and minute, of a call that has no id of its answer
  near_output    bigint,                   -- its output tokens; -1: not told
  near_us        bigint,                   -- when a span started or a log record came, microseconds since 1970
  start_us       bigint NOT NULL,
  end_us         bigint NOT NULL,
  event_id       text,                     -- the event that it is a part of; '': one named after this very report; NULL: none (a sum, a context)
  report         text NOT NULL,            -- read by nobody but the matcher, which wrote it
  seen_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (observation, tenant_id)
) WITH (fillfactor = 95);
CREATE INDEX call_candidates_by_trace ON call_candidates (trace, end_us) WHERE trace IS NOT NULL;
CREATE INDEX call_candidates_by_response ON call_candidates (response_key, end_us) WHERE response_key IS NOT NULL;
CREATE INDEX call_candidates_by_local_id ON call_candidates (local_key, end_us) WHERE local_key IS NOT NULL;
CREATE INDEX call_candidates_by_request ON call_candidates (request_key, end_us) WHERE request_key IS NOT NULL;
CREATE INDEX call_candidates_near ON call_candidates (near_key, near_output, near_us) WHERE near_key IS NOT NULL;
CREATE INDEX call_candidates_by_event ON call_candidates (tenant_id, event_id) WHERE event_id <> '';
CREATE INDEX call_candidates_by_age ON call_candidates USING brin (seen_at);

-- Which instrumentations tell calls of a process: only where there are two can a call without an id be told twice.
CREATE TABLE call_emitters (
  tenant_id text NOT NULL,
  process   text NOT NULL,                 -- resource_key
  emitter   text NOT NULL,                 -- 'span <scope>' or 'log <scope>'
  seen_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, process, emitter)
);

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
