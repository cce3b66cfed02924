"""The schema's history (Alembic) and the one call that brings a database up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
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
    engine = create_engine(sqlalchemy_url)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(alembic_config(sqlalchemy_url), "head")
    engine.dispose()
