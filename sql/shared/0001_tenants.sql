-- Who may do what. A tenant is the wall: every large table leads with tenant_id.

CREATE TABLE tenants (
  tenant_id   text PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  -- The operator is the first tenant: its admin keys may create tenants. It still sees no other tenant's usage.
  is_operator boolean NOT NULL DEFAULT false,
  time_zone   text NOT NULL DEFAULT 'UTC',
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX tenants_one_operator ON tenants (is_operator) WHERE is_operator;

-- A key is stored as the SHA-256 of its text; the text is shown once.
CREATE TABLE api_keys (
  key_id       text PRIMARY KEY,
  tenant_id    text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  scopes       text[] NOT NULL CHECK (scopes <@ ARRAY['ingest', 'read', 'admin', 'metrics'] AND cardinality(scopes) > 0),
  key_sha256   bytea NOT NULL UNIQUE CHECK (length(key_sha256) = 32),
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
CREATE INDEX api_keys_by_tenant ON api_keys (tenant_id, created_at);
