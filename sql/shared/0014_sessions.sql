-- People who are signed in at /analytics. (The session_id of an event is another thing: a conversation of somebody's users.)

-- Tokens have 256 random bits and are stored as their SHA-256: who reads this table cannot sign in by it.
CREATE TABLE sign_in_sessions (
  token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
  tenant_id    text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  -- The key that the session was begun with. It may do what the key may, and ends with it.
  key_id       text REFERENCES api_keys ON DELETE CASCADE,
  -- What a session without a key may do: one that was begun by a one-time link.
  scopes       text[] CHECK (scopes <@ ARRAY['read', 'admin'] AND cardinality(scopes) > 0),
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,                   -- to a few minutes
  expires_at   timestamptz NOT NULL,
  CHECK ((key_id IS NULL) <> (scopes IS NULL))
);
CREATE INDEX sign_in_sessions_by_tenant ON sign_in_sessions (tenant_id, last_used_at);

-- Links that begin one session each, and are deleted by it.
CREATE TABLE sign_in_links (
  token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
  tenant_id    text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  scopes       text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'admin'] AND cardinality(scopes) > 0),
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX sign_in_links_by_tenant ON sign_in_links (tenant_id, created_at);
