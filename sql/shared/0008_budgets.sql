-- Budgets: what a tenant allows a part of its usage to cost (or to count) in a period. What was spent is never kept here as the truth:
-- it is read from the same rollups as the reports. Kept are the last evaluation, past periods and the thresholds that were crossed.

CREATE TABLE budgets (
  budget_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id     text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  description   text NOT NULL DEFAULT '' CHECK (length(description) <= 2000),
  measure       text NOT NULL DEFAULT 'cost' CHECK (measure IN ('cost', 'requests', 'tokens')),
  amount        bigint NOT NULL CHECK (amount > 0),     -- nano-USD for cost, else a count
  filters       jsonb NOT NULL DEFAULT '{}',            -- as in the registry of filters
  period_type   text NOT NULL CHECK (period_type IN ('day', 'week', 'month', 'quarter', 'year', 'rolling')),
  week_start    smallint NOT NULL DEFAULT 1 CHECK (week_start BETWEEN 1 AND 7),   -- ISO: 1 is Monday
  rolling_hours integer CHECK (rolling_hours BETWEEN 1 AND 8784),
  time_zone     text,                                   -- NULL: the tenant's
  thresholds    jsonb NOT NULL DEFAULT '[]',            -- [{"percent": 80, "kind": "actual"}]
  enforcement   text NOT NULL DEFAULT 'none' CHECK (enforcement IN ('none', 'warn', 'block')),
  enabled       boolean NOT NULL DEFAULT true,
  -- Counts up when amount, measure, filters or period change: a threshold can be crossed anew then.
  version       integer NOT NULL DEFAULT 1,
  defined_at    timestamptz NOT NULL DEFAULT now(),
  created_at    timestamptz NOT NULL DEFAULT now(),
  created_by    text NOT NULL,                          -- an API key's id, or what the command line calls itself
  updated_at    timestamptz NOT NULL DEFAULT now(),
  updated_by    text NOT NULL,
  UNIQUE (tenant_id, name),
  CHECK ((period_type = 'rolling') = (rolling_hours IS NOT NULL))
);

-- The last evaluation of each budget.
CREATE TABLE budget_statuses (
  budget_id           bigint PRIMARY KEY REFERENCES budgets ON DELETE CASCADE,
  tenant_id           text NOT NULL,
  version             integer NOT NULL,
  period_start        timestamptz NOT NULL,
  period_end          timestamptz NOT NULL,
  limit_amount        bigint NOT NULL,
  spent               bigint NOT NULL,
  requests            bigint NOT NULL,
  unpriced_requests   bigint NOT NULL,
  forecast            bigint,                           -- at the end of the period; NULL: there is none
  forecast_lower      bigint,
  forecast_upper      bigint,
  exhausted_at        timestamptz,                      -- when an evaluation first saw nothing left, in this period and version
  as_of               timestamptz NOT NULL,
  complete_until      timestamptz NOT NULL
);
CREATE INDEX budget_statuses_by_tenant ON budget_statuses (tenant_id);

-- Periods that are over. `spent` is mended when late events or a repricing change it; `spent_at_close` stays.
CREATE TABLE budget_periods (
  budget_id         bigint NOT NULL REFERENCES budgets ON DELETE CASCADE,
  tenant_id         text NOT NULL,
  period_start      timestamptz NOT NULL,
  period_end        timestamptz NOT NULL,
  version           integer NOT NULL,
  measure           text NOT NULL,
  filters           jsonb NOT NULL,                     -- as they were, so that the period can be read again
  limit_amount      bigint NOT NULL,
  spent             bigint NOT NULL,
  spent_at_close    bigint NOT NULL,
  requests          bigint NOT NULL,
  unpriced_requests bigint NOT NULL,
  closed_at         timestamptz NOT NULL DEFAULT now(),
  mended_at         timestamptz,
  PRIMARY KEY (budget_id, period_start, period_end)
);
CREATE INDEX budget_periods_by_tenant ON budget_periods (tenant_id, period_end DESC);

-- Each crossing once: what a notification is made from.
CREATE TABLE budget_threshold_crossings (
  crossing_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  budget_id         bigint NOT NULL REFERENCES budgets ON DELETE CASCADE,
  tenant_id         text NOT NULL,
  version           integer NOT NULL,
  kind              text NOT NULL CHECK (kind IN ('actual', 'forecast')),
  threshold_percent numeric(7, 3) NOT NULL,
  period_start      timestamptz NOT NULL,
  period_end        timestamptz NOT NULL,
  limit_amount      bigint NOT NULL,
  spent             bigint NOT NULL,
  forecast          bigint,
  unpriced_requests bigint NOT NULL,
  message           text NOT NULL,
  as_of             timestamptz NOT NULL,
  crossed_at        timestamptz NOT NULL DEFAULT now(),
  -- When the period ended, the window fell below the threshold, or the budget was defined anew.
  resolved_at       timestamptz,
  UNIQUE (budget_id, version, kind, threshold_percent, period_start)
);
-- A rolling window has a new start at every evaluation: it crosses once until it is below again.
CREATE UNIQUE INDEX budget_threshold_crossings_open ON budget_threshold_crossings (budget_id, version, kind, threshold_percent)
  WHERE resolved_at IS NULL;
CREATE INDEX budget_threshold_crossings_by_tenant ON budget_threshold_crossings (tenant_id, crossed_at DESC);

-- Which replica evaluates: one row, claimed for one round at a time.
CREATE TABLE budget_evaluation (
  is_only     boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  claimed_by  uuid,
  claimed_at  timestamptz NOT NULL DEFAULT '-infinity',
  finished_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO budget_evaluation DEFAULT VALUES;
