"""Migrations: a new database and one of the schema before have the schema of the models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint, create_engine, inspect, text

from core import migrations
from core.models import Base
from core.platform.errors import ConfigurationError


@pytest.fixture
def empty(database: str) -> Iterator[str]:
    """The URL of an empty database."""
    name = "bothub_migrations"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    yield database.replace("postgresql://", "postgresql+psycopg://").replace("/bothub?", f"/{name}?")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_from_nothing_to_now(empty: str) -> None:
    migrations.upgrade(empty)
    migrations.upgrade(empty)
    assert tables(empty) == {table.name for table in Base.metadata.sorted_tables} | {"alembic_version"}


def differences(url: str) -> list[Any]:
    """What a database's schema and the models do not agree on, but for comments, which are the docstrings of a time."""
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        found = compare_metadata(context, Base.metadata)
    engine.dispose()
    return [one for one in found if one[0] != "remove_table_comment"]


def test_the_models_and_the_history_agree(database: str) -> None:
    assert differences(database.replace("postgresql://", "postgresql+psycopg://")) == []


def test_foreign_keys_have_an_index_or_a_parent_that_stays() -> None:
    stays = {"businesses.id", "channels.id", "agents.id"}
    for table in Base.metadata.sorted_tables:
        uniques = [one for one in table.constraints if isinstance(one, UniqueConstraint | PrimaryKeyConstraint)]
        indexed = [*(one.columns.keys() for one in uniques), *(one.columns.keys() for one in table.indexes)]
        starts = {columns[0] for columns in indexed if columns}
        for key in table.foreign_keys:
            assert key.parent.name in starts or key.target_fullname in stays, f"{table.name}.{key.parent.name}"


def test_a_database_of_0034_is_converted_with_its_rows(empty: str) -> None:
    engine = create_engine(empty)
    old = (Path(__file__).parents[1] / "core/schema_0034.sql").read_text()
    with psycopg.connect(empty.replace("+psycopg", "")) as connection:
        connection.execute(old)
        for statement in _ROWS:
            connection.execute(statement)
    migrations.upgrade(empty)
    assert differences(empty) == []
    with engine.connect() as connection:
        shown = "SELECT text, search::text, words_about(payload)::text, status FROM messages"
        assert connection.execute(text(shown)).all() == [("café", "'caf':1", "'trompet':1,2", "received")]
        assert connection.execute(text("SELECT answers, attempts FROM deliveries")).all() == [(True, 2)]
        assert connection.execute(text("SELECT address FROM contact_identities")).scalar_one() == "+2"
        assert connection.execute(text("SELECT attempts, next_attempt_at FROM notifications")).all() == [(3, None)]
        assert connection.execute(text("INSERT INTO contacts (business_id) VALUES (1) RETURNING id")).scalar_one() == 8
        kept = connection.execute(text("SELECT last_value, is_called FROM receiving_from")).one()
        assert kept == (42, True)
        policies = connection.execute(text("SELECT count(*) FROM pg_policies WHERE policyname = 'business'"))
        assert policies.scalar_one() == sum("business_id" in table.c for table in Base.metadata.sorted_tables) + 1
    engine.dispose()


@pytest.mark.parametrize(("revision", "advice"), [("0021", "0.1.0"), ("9001", "update BotHub")])
def test_a_database_of_an_unknown_revision_says_what_to_do(revision: str, advice: str, empty: str) -> None:
    with psycopg.connect(empty.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES (%s)", [revision])
    with pytest.raises(ConfigurationError, match=advice):
        migrations.upgrade(empty)


def test_a_lock_that_others_hold_is_not_waited_for_long(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT", "SET LOCAL lock_timeout = '50ms'")
    with psycopg.connect(empty.replace("+psycopg", "")) as connection:
        connection.execute((Path(__file__).parents[1] / "core/schema_0034.sql").read_text())
        connection.commit()
        connection.execute("SELECT FROM messages")
        with pytest.raises(ConfigurationError, match="stop all of BotHub"):
            migrations.upgrade(empty)
        connection.rollback()
    migrations.upgrade(empty)


def test_the_history_has_one_end() -> None:
    script = ScriptDirectory.from_config(migrations.alembic_config("postgresql+psycopg:///unused"))
    assert len(script.get_heads()) == 1


_ROWS = (
    "INSERT INTO businesses (name) VALUES ('b')",
    "INSERT INTO channels (business_id, provider, kind, identity, name, credentials)"
    " VALUES (1, 'twilio', 'sms', '+1', 'c', '')",
    "INSERT INTO contacts (id, business_id) OVERRIDING SYSTEM VALUE VALUES (7, 1)",
    "INSERT INTO identities (business_id, contact_id, kind, address) VALUES (1, 7, 'sms', '+2')",
    "INSERT INTO conversations (business_id, channel_id, contact_id, identity_id, kind) VALUES (1, 1, 7, 1, 'sms')",
    "INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, payload, status)"
    " VALUES (1, 1, 1, 'inbound', 'customer', 'text', 'café', '{\"filename\": \"trompeta\"}', 'received')",
    "INSERT INTO deliveries (business_id, message_id, conversation_id, channel_id, identity_id, priority, attempts,"
    " answers) VALUES (1, 1, 1, 1, 1, 5, 2, true)",
    "INSERT INTO notices (business_id, kind, severity, text, tries, next_try_at) VALUES (1, 'x', 'info', 't', 3, NULL)",
    "SELECT setval('receiving_from', 42)",
)
