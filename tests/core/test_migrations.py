"""Migrations: upgrade, downgrade, upgrade again; the result equals the schema of the models."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from core import migrations
from core.models import Base


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


def test_from_nothing_to_now_and_back(empty: str) -> None:
    migrations.upgrade(empty)
    migrations.upgrade(empty)
    everything = {table.name for table in Base.metadata.sorted_tables}
    assert tables(empty) == everything | {"alembic_version"}
    config = migrations.alembic_config(empty)
    command.downgrade(config, "base")
    assert tables(empty) == {"alembic_version"}
    command.upgrade(config, "head")
    assert tables(empty) == everything | {"alembic_version"}


def test_the_models_and_the_history_agree(database: str) -> None:
    engine = create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_the_history_has_one_end() -> None:
    script = ScriptDirectory.from_config(migrations.alembic_config("postgresql+psycopg:///unused"))
    assert len(script.get_heads()) == 1


def test_messages_of_before_get_their_words(empty: str) -> None:
    config = migrations.alembic_config(empty)
    command.upgrade(config, "0022")
    engine = create_engine(empty)
    form = {"type": "nfm_reply", "nfm_reply": {"response_json": '{"zona": "Sur"}'}}
    given = {
        "interactive": ("Sent", form),
        "order": ("", {"product_items": [{"product_retailer_id": "T9", "quantity": 2}]}),
        "document": ("", {"filename": "cv.pdf"}),
        "text": ("antes", {"edited": {"text": "después"}}),
        "image": ("borrar", {"revoked": {"at": "x"}}),
    }
    with engine.begin() as connection:
        for statement in _PLACE:
            connection.execute(text(statement))
        for kind, (words, payload) in given.items():
            values = {"kind": kind, "words": words, "payload": json.dumps(payload)}
            connection.execute(text(_MESSAGE), values)
    command.upgrade(config, "head")
    with engine.connect() as connection:
        found = {row.type: row.text for row in connection.execute(text("SELECT type, text FROM messages"))}
        kept = connection.execute(
            text("SELECT payload FROM messages WHERE type IN ('text', 'image') ORDER BY id")
        ).scalars()
        assert [next(iter(payload.values())).get("before", "borrar") for payload in kept] == ["antes", "borrar"]
    engine.dispose()
    assert found == {
        "interactive": "zona: Sur",
        "order": "2 × T9",
        "document": "cv.pdf",
        "text": "después",
        "image": "",
    }


_PLACE = (
    "INSERT INTO businesses (name) VALUES ('b')",
    "INSERT INTO channels (business_id, provider, kind, identity, name, credentials)"
    " VALUES (1, 'twilio', 'sms', '+1', 'c', '')",
    "INSERT INTO contacts (business_id) VALUES (1)",
    "INSERT INTO identities (business_id, contact_id, kind, address) VALUES (1, 1, 'sms', '+2')",
    "INSERT INTO conversations (business_id, channel_id, contact_id, identity_id, kind) VALUES (1, 1, 1, 1, 'sms')",
)
_MESSAGE = (
    "INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, payload, status)"
    " VALUES (1, 1, 1, 'inbound', 'customer', :kind, :words, CAST(:payload AS jsonb), 'received')"
)
