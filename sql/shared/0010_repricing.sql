-- Jobs that price stored events again after the price book changed. They are their own audit: who asked, when, and what was before and after.
CREATE TABLE repricing_jobs (
  job_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id        text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  status           text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
  dry_run          boolean NOT NULL,
  range_start      timestamptz NOT NULL,
  range_end        timestamptz NOT NULL CHECK (range_end > range_start),
  model_provider   text,                       -- NULL: all
  model_name       text,
  unpriced_only    boolean NOT NULL DEFAULT false,
  note             text NOT NULL DEFAULT '',
  requested_by     text NOT NULL,              -- the API key's id
  requested_at     timestamptz NOT NULL DEFAULT now(),
  started_at       timestamptz,
  finished_at      timestamptz,
  failure          text,
  -- Which collector is at it, and until when it may be silent before another takes over.
  claimed_by       uuid,
  claimed_until    timestamptz,
  done_until       timestamptz,                -- everything before is examined; committed together with its changes
  events_estimated bigint,
  events_examined  bigint NOT NULL DEFAULT 0,
  events_changed   bigint NOT NULL DEFAULT 0
);
CREATE INDEX repricing_jobs_by_tenant ON repricing_jobs (tenant_id, job_id DESC);
CREATE INDEX repricing_jobs_open ON repricing_jobs (job_id) WHERE status IN ('queued', 'running');

-- What a job changed, or would change, by UTC day, model and price.
CREATE TABLE repricing_changes (
  job_id               bigint NOT NULL REFERENCES repricing_jobs ON DELETE CASCADE,
  date                 date NOT NULL,
  model_provider       text NOT NULL,
  model_name           text NOT NULL,
  price_id_before      bigint,                 -- NULL: unpriced
  price_id_after       bigint,
  events               bigint NOT NULL,
  cost_before_nano_usd numeric NOT NULL,       -- of those that had a cost
  cost_after_nano_usd  numeric NOT NULL
);
CREATE UNIQUE INDEX repricing_changes_key ON repricing_changes
  (job_id, date, model_provider, model_name, price_id_before, price_id_after) NULLS NOT DISTINCT;
