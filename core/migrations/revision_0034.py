"""Conversion of databases and backups of revision 0034, the last one before the schema was written out anew."""

from __future__ import annotations

import re
from collections.abc import Sequence

from psycopg import sql
from sqlalchemy import Connection, text

from core.migrations import scripts

REVISION = "0034"

# By the names of 0034
TABLES = {
    "answer_figures": "answer_metrics",
    "audit_log": "audit_entries",
    "bot_learning": "bot_calibrations",
    "bot_settings": "bot_versions",
    "channel_flow": "channel_limits",
    "daily_figures": "daily_metrics",
    "days_counted": "counted_days",
    "errands": "background_tasks",
    "identities": "contact_identities",
    "knowledge_editions": "knowledge_revisions",
    "notices": "notifications",
    "receipts": "delivery_receipts",
    "rehearsal_items": "replay_items",
    "rehearsals": "replays",
    "reply_turns": "pending_replies",
    "saved_cases": "test_cases",
    "saved_replies": "canned_responses",
    "templates": "message_templates",
}
COLUMNS = {
    "bot_learning": {"learned_at": "computed_at"},
    "businesses": {"catalogue": "catalog_version", "most_open": "max_open"},
    "channels": {"asked_at": "last_probe_at", "templates_asked_at": "templates_synced_at", "told": "last_probe"},
    "contact_merges": {"moved": "undo_data"},
    "conversations": {"rating_asked_at": "csat_requested_at"},
    "knowledge_chunks": {"edition": "revision"},
    "knowledge_sources": {"edition": "revision"},
    "knowledge_vectors": {"edition": "revision"},
    "notices": {"next_try_at": "next_attempt_at", "tries": "attempts"},
    "rehearsal_items": {"rehearsal_id": "replay_id", "said": "turns"},
    "saved_cases": {"said": "turns"},
    "task_failures": {"at": "failed_at"},
    "templates": {"told_at": "reported_at"},
}

# Values that are named anew, by the names of 0035
VALUES = """
UPDATE work_minutes SET kind = 'tasks' WHERE kind = 'errands';
UPDATE audit_entries SET data = data - 'most_open' || jsonb_build_object('max_open', data -> 'most_open')
WHERE data ? 'most_open';
"""

_OLD = "old_0034_"

# The old tables lose all that has a name of its own: the new ones take the names.
_SET_ASIDE = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND is_identity = 'YES'
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I DROP IDENTITY', found.table_name, found.column_name);
    END LOOP;
    FOR found IN
        SELECT conrelid::regclass AS place, conname AS name FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass
        ORDER BY position(contype IN 'fpucn')  -- each kind after those that need it
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.place, found.name);
    END LOOP;
    FOR found IN SELECT indexrelid::regclass AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
    LOOP
        EXECUTE format('DROP INDEX %s', found.name);
    END LOOP;
    FOR found IN SELECT relname AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
    LOOP
        EXECUTE format('ALTER TABLE %I RENAME TO %I', found.name, 'old_0034_' || found.name);
    END LOOP;
END $$;
DROP FUNCTION words_about;
ALTER SEQUENCE receiving_from RENAME TO old_0034_receiving_from;
"""

_FINISH = """
SELECT setval('receiving_from', last_value, is_called) FROM old_0034_receiving_from;
DROP SEQUENCE old_0034_receiving_from;
UPDATE alembic_version SET version_num = '0035';
"""

_COLUMNS = text("""
SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
WHERE table_schema = 'public' AND table_name LIKE :prefix AND is_generated = 'NEVER' GROUP BY table_name
""")


def convert(connection: Connection) -> None:
    """Give a database of revision 0034 the schema of 0035: make the new tables and copy the rows, in one transaction.

    Needs free space of the size of the database.
    """
    scripts.run(connection, _SET_ASIDE)
    schema = scripts.read("schema_0035.sql")
    scripts.run(connection, schema)
    old = {name.removeprefix(_OLD): columns for name, columns in connection.execute(_COLUMNS, {"prefix": f"{_OLD}%"})}
    former = {new: old_name for old_name, new in TABLES.items()}
    for table in re.findall(r"^CREATE TABLE (\w+)", schema, re.MULTILINE):  # parents first
        scripts.run(connection, _copy(former.get(table, table), table, old.pop(former.get(table, table))))
    assert not old, old
    scripts.run(connection, _FINISH)
    scripts.run(connection, VALUES)
    scripts.run(connection, scripts.read("row_level_security_0035.sql"))


def renamed(table: str, columns: Sequence[str] = ()) -> tuple[str, list[str]]:
    """Return the names that a table and its columns have in 0035."""
    return TABLES.get(table, table), [COLUMNS.get(table, {}).get(column, column) for column in columns]


def _copy(old: str, new: str, columns: Sequence[str]) -> sql.Composed:
    _, targets = renamed(old, columns)
    aside, identifiers = sql.Identifier(_OLD + old), sql.SQL(", ").join
    statements = [
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}").format(
            sql.Identifier(new),
            identifiers(map(sql.Identifier, targets)),
            identifiers(map(sql.Identifier, columns)),
            aside,
        ),
        sql.SQL("DROP TABLE {}").format(aside),
    ]
    if "id" in columns and new != "machines":
        follow = sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), coalesce(max(id), 0) + 1, false) FROM {}")
        statements.append(follow.format(sql.Literal(new), sql.Identifier(new)))
    return sql.SQL("; ").join(statements)
