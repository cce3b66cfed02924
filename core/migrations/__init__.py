"""The schema's history (Alembic) and the one call that brings a database up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from core.migrations import revision_0034, scripts
from core.platform.errors import ConfigurationError

_LOCK = 4_207_001  # an arbitrary number that only migrations use
# A migration that waits for a lock makes everybody else wait behind it.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"


def alembic_config(sqlalchemy_url: str) -> Config:
    """Build the configuration for a database, without an ini file."""
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
    engine = create_engine(sqlalchemy_url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        present = None
        if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is not None:
            present = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        with engine.begin() as granting:
            scripts.run(granting, scripts.read("app_role.sql"))
        _check_rights(connection)
        known = history()
        if present == revision_0034.REVISION:
            with _locks_in_time(), engine.begin() as conversion:
                conversion.execute(text(LOCK_TIMEOUT))
                revision_0034.convert(conversion)
            present = known[0]
        if present is not None and present not in known:
            raise ConfigurationError(_unknown(present))
        with _locks_in_time():
            if present in known and revision in known and known.index(present) > known.index(revision):
                command.downgrade(config, revision)
            else:
                command.upgrade(config, revision)
    engine.dispose()


@contextmanager
def _locks_in_time() -> Iterator[None]:
    try:
        yield
    except (OperationalError, LockNotAvailable) as error:  # scripts run past SQLAlchemy
        if isinstance(error, OperationalError) and not isinstance(error.orig, LockNotAvailable):
            raise
        raise ConfigurationError(
            "The schema cannot be changed while other processes use the database: stop all of BotHub, then start it."
        ) from error


def _unknown(revision: str) -> str:
    if revision < revision_0034.REVISION:
        return (
            f"The database is of revision {revision}: this version converts {revision_0034.REVISION} and newer ones. "
            "Start the last version of 0.1.0 on it first."
        )
    return f"The database is of revision {revision}, newer than this version of BotHub: update BotHub."


def _check_rights(connection: Connection) -> None:
    """See that an administrator of the server did what only they may. Raises `ConfigurationError`: what to run."""
    able = connection.execute(text(_RIGHTS)).mappings().one()
    owner = f'"{able["role"]}"'
    wanted = []
    if able["no_role"]:
        wanted.append(f"CREATE ROLE bothub_app NOLOGIN; GRANT bothub_app TO {owner};")
    elif not _may_act(connection):
        # From version 16 on a member may be denied to act as the role, which business transactions do.
        wanted.append(f"GRANT bothub_app TO {owner}{' WITH SET TRUE' if able['member'] else ''};")
    if not able["vector_there"]:
        raise ConfigurationError(
            "DATABASE_URL leads to a Postgres without pgvector: install it on the server, or choose one that has it."
        )
    if not (able["vector_made"] or able["may_vector"]):
        wanted.append("CREATE EXTENSION vector;")
    if not able["may_tables"]:
        wanted.append(f"GRANT USAGE, CREATE ON SCHEMA public TO {owner};")
    if wanted:
        raise ConfigurationError(
            f"The role {owner} of DATABASE_URL may not set up {able['name']}: have an administrator run in it: "
            f"{' '.join(wanted)}"
        )


def _may_act(connection: Connection) -> bool:
    """Whether the role of DATABASE_URL may act as bothub_app."""
    attempt = connection.begin_nested()
    try:
        connection.execute(text("SET LOCAL ROLE bothub_app"))
    except ProgrammingError:
        return False
    finally:
        attempt.rollback()
    return True


# An extension that is trusted needs the right to create in the database, any other one a superuser.
_RIGHTS = """
WITH vector AS (
    SELECT bool_or(version.superuser) AND NOT bool_or(version.trusted) AS superuser
    FROM pg_available_extension_versions version
    WHERE version.name = 'vector' AND version.version = (
        SELECT default_version FROM pg_available_extensions WHERE name = 'vector'
    )
)
SELECT current_user AS role, current_database() AS name,
    NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bothub_app') AS no_role,
    coalesce((SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = 'bothub_app'), false)
        AS member,
    vector.superuser IS NOT NULL AS vector_there,
    EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') AS vector_made,
    me.rolsuper OR (NOT vector.superuser AND has_database_privilege(current_database(), 'CREATE')) AS may_vector,
    has_schema_privilege('public', 'CREATE') AND has_schema_privilege('public', 'USAGE') AS may_tables
FROM vector, pg_roles me WHERE me.rolname = current_user
"""


def history() -> list[str]:
    """Every revision, oldest first."""
    script = ScriptDirectory.from_config(alembic_config("postgresql+psycopg://"))
    return [one.revision for one in reversed(list(script.walk_revisions()))]
