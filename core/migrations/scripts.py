"""SQL scripts of migrations."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Connection


def read(name: str) -> str:
    """Return a script of this folder."""
    return (Path(__file__).parent / name).read_text()


def run(connection: Connection, script: str | sql.Composed) -> None:
    """Run the statements of a script in the connection's transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute(script)  # past SQLAlchemy, for which a colon or a percent sign would be a parameter
