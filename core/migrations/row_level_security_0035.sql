-- Row-level security: bothub_app, the role of business transactions, sees and writes only its business's rows.

GRANT USAGE ON SCHEMA public TO bothub_app;

DO $$
DECLARE tenant_table text;
BEGIN
    FOR tenant_table IN
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'business_id'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO bothub_app', tenant_table);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format(
            'CREATE POLICY business ON %I TO bothub_app '
            'USING (business_id = (SELECT current_business())) WITH CHECK (business_id = (SELECT current_business()))',
            tenant_table
        );
    END LOOP;
END $$;

-- The audit log is append-only.
REVOKE UPDATE, DELETE ON audit_entries FROM bothub_app;

-- A business changes its own row and can neither make nor delete one.
GRANT SELECT, UPDATE ON businesses TO bothub_app;
ALTER TABLE businesses ENABLE ROW LEVEL SECURITY;
CREATE POLICY business ON businesses TO bothub_app
    USING (id = (SELECT current_business())) WITH CHECK (id = (SELECT current_business()));
