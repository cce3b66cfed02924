"""The schema's history (Alembic) and the one call that brings a database up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

_LOCK = 4_207_001  # an arbitrary number that only migrations use


def alembic_config(sqlalchemy_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = sqlalchemy_url
    return config


def upgrade(sqlalchemy_url: str) -> None:
    """Bring the database to the newest revision. Several machines may call it at once: one works, the others wait."""
    bring_to(sqlalchemy_url, "head")


def bring_to(sqlalchemy_url: str, revision: str) -> None:
    """Bring the database to a revision (`history`, or head), forwards or back. Going back drops what is newer."""
    config = alembic_config(sqlalchemy_url)
    engine = create_engine(sqlalchemy_url)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        present = None
        if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is not None:
            present = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        known = history()
        if present in known and revision in known and known.index(present) > known.index(revision):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)
    engine.dispose()


def history() -> list[str]:
    """Every revision, oldest first."""
    script = ScriptDirectory.from_config(alembic_config("postgresql+psycopg://"))
    return [one.revision for one in reversed(list(script.walk_revisions()))]
