-- How often a tenant's past changed: by late events, completions, withdrawals and repricing, but not by what comes in now. Answers are cached by it
-- (collector/src/answer-cache), so that one which a change made wrong is never found again. Raised by the transaction that changes the log; a row for
-- each database session, since one common row would make the sessions wait for each other's commits. Add them up.
CREATE TABLE answer_versions (
  tenant_id text NOT NULL,                     -- '': every tenant
  writer    integer NOT NULL,                  -- process id of the session; 0: of all that are gone
  version   bigint NOT NULL,
  PRIMARY KEY (tenant_id, writer)
) WITH (fillfactor = 50);

-- From a number that no other database begins with: collectors of several may share one Redis.
INSERT INTO answer_versions (tenant_id, writer, version) VALUES ('', 0, floor(random() * 1e15)::bigint);

-- For changes by hand and for whole partitions that go: SELECT note_changed_answers('tenant'), or of every tenant without one.
CREATE FUNCTION note_changed_answers(changed_tenant_id text DEFAULT '') RETURNS void LANGUAGE sql AS $$
  INSERT INTO answer_versions AS v (tenant_id, writer, version) VALUES (changed_tenant_id, pg_backend_pid(), 1)
  ON CONFLICT (tenant_id, writer) DO UPDATE SET version = v.version + 1
$$;
