"""Row-level security, for migrations to call: the application's role, and the policy of a tenant table."""

from __future__ import annotations

from alembic import op

_ROLE = "bothub_app"
_BUSINESS = "(SELECT nullif(current_setting('bothub.business_id', true), '')::bigint)"


def create_app_role() -> None:
    """The role that business transactions run as. It logs in nowhere and owns nothing."""
    op.execute(f"""
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{_ROLE}') THEN CREATE ROLE {_ROLE} NOLOGIN; END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$
    """)
    op.execute(f"""
        DO $$ BEGIN GRANT {_ROLE} TO CURRENT_USER;
        EXCEPTION WHEN insufficient_privilege THEN NULL; END $$  -- an administrator granted it
    """)
    op.execute(f"GRANT USAGE ON SCHEMA public TO {_ROLE}")


def protect(table: str, *, column: str = "business_id", append_only: bool = False) -> None:
    """Show the application's role only the rows of the transaction's business, and let it write no others."""
    rights = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    op.execute(f"GRANT {rights} ON {table} TO {_ROLE}")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY business ON {table} TO {_ROLE} "
        f"USING ({column} = {_BUSINESS}) WITH CHECK ({column} = {_BUSINESS})"
    )
