-- One row an LLM call. On PostgreSQL: native range partitions of seven days (Monday to Monday, UTC), made on demand, so that
-- retention drops whole partitions.

CREATE TABLE client_usage_logs (
  tenant_id              text NOT NULL,
  "timestamp"            timestamptz NOT NULL,          -- when the call started
  event_uuid             uuid NOT NULL,                 -- the event_id itself where it is a UUID, else made from its hash
  event_key              text,                          -- the event_id where it is no UUID
  project_id             text,
  prompt_id              text,
  prompt_version         text,
  endpoint               text,
  model_provider         text NOT NULL,
  model_name             text NOT NULL,
  service_tier           text,
  environment            text,
  user_id                text,
  session_id             text,
  stream                 boolean,
  -- Tokens are disjoint and added once; reasoning is a part of output. NULL is 'the source did not say'.
  input_tokens           bigint,
  cache_read_tokens      bigint,
  cache_write_5m_tokens  bigint,
  cache_write_1h_tokens  bigint,
  output_tokens          bigint,
  reasoning_tokens       bigint,
  tokens_requested       bigint,                        -- what the caller allowed (max tokens)
  tokens_used            bigint,                        -- the sum of the disjoint kinds
  usage_note             text,                          -- how a contradictory usage report was read
  response_time_us       bigint,
  time_to_first_token_us bigint,
  latency_bucket         smallint,                      -- OpenTelemetry's exponential mapping of response_time_ms at scale 3
  status                 text NOT NULL CHECK (status IN ('success', 'error')),
  status_code            integer,
  error_type             text,
  cache_hit              boolean NOT NULL DEFAULT false,
  -- Integer nano-USD; NULL is unpriced, never $0.
  cost_nano_usd          bigint,
  price_id               bigint,                        -- the row of model_prices that made the cost; NULL where there is none
  discount_id            bigint,                        -- the row of model_prices whose discount was taken off, if any
  reported_cost_nano_usd bigint,                        -- what the client claims
  metadata               jsonb,
  received_at            timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE ("timestamp");

-- What people and queries read. Kept as other columns, since a UUID takes 16 bytes where its text takes 37, and whole numbers compress
-- better than fractions. Virtual where the server can do that (PostgreSQL 18), else stored.
DO $$
DECLARE
  kind text := CASE WHEN current_setting('server_version_num')::int >= 180000 THEN 'VIRTUAL' ELSE 'STORED' END;
BEGIN
  EXECUTE 'ALTER TABLE client_usage_logs
    ADD COLUMN event_id text GENERATED ALWAYS AS (coalesce(event_key, event_uuid::text)) ' || kind || ',
    ADD COLUMN response_time_ms double precision GENERATED ALWAYS AS (response_time_us / 1000.0::double precision) ' || kind || ',
    ADD COLUMN time_to_first_token_ms double precision GENERATED ALWAYS AS (time_to_first_token_us / 1000.0::double precision) ' || kind;
END $$;

CREATE INDEX client_usage_logs_by_time ON client_usage_logs (tenant_id, "timestamp" DESC);
CREATE INDEX client_usage_logs_by_prompt ON client_usage_logs (tenant_id, prompt_id, "timestamp" DESC);

-- Makes the seven-day partitions that hold the given times. Safe to call from many processes at once.
-- CREATE + ATTACH takes a weaker lock on the parent than CREATE ... PARTITION OF, so readers go on.
CREATE FUNCTION ensure_usage_partitions(week_starts timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
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
END $$;
