"""The schema's history: from nothing to now, back, and again; and it is the schema of the models."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from core import migrations
from core.models import Base


@pytest.fixture
def empty(database: str) -> Iterator[str]:
    """The URL of a database with nothing in it."""
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
