-- What the schema language cannot say: the audit trail is append-only even for its owner, a service has one active run, and the application's role
-- has the least rights that let it work.

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- At most one run a service is approved, running or paused; any number may wait for an approval.
CREATE UNIQUE INDEX run_one_active ON run (service_id) WHERE state IN ('approved', 'running', 'paused');

-- At most one incident of a kind is open a service.
CREATE UNIQUE INDEX incident_one_open ON incident (service_id, kind) WHERE state IN ('open', 'confirmed');

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lifeboat_app') THEN
    CREATE ROLE lifeboat_app NOLOGIN;
  END IF;
END
$$;

GRANT USAGE ON SCHEMA public TO lifeboat_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO lifeboat_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO lifeboat_app;
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry FROM lifeboat_app;
REVOKE DELETE, TRUNCATE ON audit_head FROM lifeboat_app;

-- The list of migrations is not the application's; a scratch database, in which migrations are compared, has none.
DO $$
BEGIN
  IF to_regclass('public._prisma_migrations') IS NOT NULL THEN
    REVOKE ALL ON _prisma_migrations FROM lifeboat_app;
  END IF;
END
$$;

-- What later migrations create.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO lifeboat_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO lifeboat_app;

-- The head that the first entry follows (server/domain/audit-chain.ts, genesisHash).
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, repeat('0', 64));
