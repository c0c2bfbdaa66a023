-- Exports: jobs that write calls or summaries to files. The files are kept by EXPORT_DIR; what is known of them stands here, and a file that has no
-- row in export_files is served to nobody.
CREATE TABLE exports (
  export_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id      text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  status         text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled', 'expired')),
  export_type    text NOT NULL CHECK (export_type IN ('csv', 'json', 'ndjson', 'parquet')),
  format         text NOT NULL CHECK (format IN ('full', 'summary')),
  group_by       text CHECK (group_by IN ('hour', 'day')),       -- of a summary
  range_start    timestamptz NOT NULL,
  range_end      timestamptz NOT NULL CHECK (range_end > range_start),
  time_zone      text NOT NULL,
  filters        jsonb NOT NULL DEFAULT '{}',
  requested_by   text NOT NULL,                -- the API key's id
  requested_at   timestamptz NOT NULL DEFAULT now(),
  started_at     timestamptz,                  -- of the attempt that is under way or was the last
  snapshot_at    timestamptz,                  -- everything committed by then is in the files, and nothing later
  finished_at    timestamptz,
  expires_at     timestamptz,
  failure        text,
  -- Which collector is at it, and until when it may be silent before another begins it anew.
  claimed_by     uuid,
  claimed_until  timestamptz,
  attempts       integer NOT NULL DEFAULT 0,
  estimated_rows bigint NOT NULL,
  estimate_basis text NOT NULL CHECK (estimate_basis IN ('exact', 'at_most')),
  rows_written   bigint NOT NULL DEFAULT 0,
  bytes_written  bigint NOT NULL DEFAULT 0
);
CREATE INDEX exports_by_tenant ON exports (tenant_id, export_id DESC);
CREATE INDEX exports_open ON exports (export_id) WHERE status IN ('queued', 'running');
CREATE INDEX exports_kept ON exports (expires_at) WHERE status = 'completed';

-- Written together with the job's completion, never before.
CREATE TABLE export_files (
  export_id   bigint NOT NULL REFERENCES exports ON DELETE CASCADE,
  file_number integer NOT NULL CHECK (file_number >= 1),
  stored_name text NOT NULL,                   -- in EXPORT_DIR; made by the collector
  row_count   bigint NOT NULL,
  bytes       bigint NOT NULL,
  sha256      bytea NOT NULL,
  PRIMARY KEY (export_id, file_number)
);

-- Links that download one file once, without a key. Kept as hashes.
CREATE TABLE export_links (
  token_sha256 bytea PRIMARY KEY,
  export_id    bigint NOT NULL REFERENCES exports ON DELETE CASCADE,
  file_number  integer NOT NULL,
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL
);
CREATE INDEX export_links_by_export ON export_links (export_id, created_at);
