-- The identities of the recent past. A unique index on the log itself would have to contain the time, and one call may be told
-- twice with slightly different times; so what makes two reports one call is kept here.
CREATE TABLE event_identities (
  tenant_id       text NOT NULL,
  identity        uuid NOT NULL,               -- of the event_id (later also of a response id, or of trace and span)
  event_timestamp timestamptz NOT NULL,        -- with tenant_id and event_uuid: where the event is in client_usage_logs
  event_uuid      uuid,                        -- NULL: the same as the identity
  PRIMARY KEY (tenant_id, identity)
);
CREATE INDEX event_identities_by_time ON event_identities USING brin (event_timestamp);

-- What an Idempotency-Key was first used for; a second use with another body is refused.
CREATE TABLE idempotency_keys (
  tenant_id       text NOT NULL,
  idempotency_key text NOT NULL,
  body_sha256     bytea NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);

-- Items that were refused, to look at. Bounded by age.
CREATE TABLE rejected_events (
  rejected_event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id         text NOT NULL,
  received_at       timestamptz NOT NULL DEFAULT now(),
  item_index        integer NOT NULL,
  field             text,
  reason            text NOT NULL,
  payload           text NOT NULL              -- the first 4 KiB of the item as JSON text
);
CREATE INDEX rejected_events_by_tenant ON rejected_events (tenant_id, received_at DESC);

-- received = accepted + duplicate + rejected + throttled, always. Written by the transaction that it tells of; a row for each
-- database session (writer), since one common row would make the sessions wait for each other's commits. Add them up.
CREATE TABLE ingest_ledger (
  tenant_id  text NOT NULL,
  hour_start timestamptz NOT NULL,              -- when it was received
  writer     integer NOT NULL,
  accepted   bigint NOT NULL DEFAULT 0,
  duplicate  bigint NOT NULL DEFAULT 0,
  rejected   bigint NOT NULL DEFAULT 0,
  throttled  bigint NOT NULL DEFAULT 0,
  received   bigint GENERATED ALWAYS AS (accepted + duplicate + rejected + throttled) STORED,
  PRIMARY KEY (tenant_id, hour_start, writer)
);

-- Time ranges of the log that changed before what the rollups have taken in (late events, completions, repricing), until they are
-- refreshed. Always empty on PostgreSQL, where rollups are never behind.
CREATE TABLE usage_refresh_queue (
  refresh_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  range_start timestamptz NOT NULL,
  range_end   timestamptz NOT NULL,
  queued_at   timestamptz NOT NULL DEFAULT now()
);
