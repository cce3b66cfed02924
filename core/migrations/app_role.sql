-- The role that business transactions run as. It logs in nowhere and owns nothing.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bothub_app') THEN CREATE ROLE bothub_app NOLOGIN; END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server made it meanwhile
    WHEN insufficient_privilege THEN NULL;  -- an administrator makes it
END $$;

DO $$ BEGIN
    GRANT bothub_app TO CURRENT_USER;
EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL;  -- an administrator grants it
END $$;
