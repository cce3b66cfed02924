"""A Postgres whose owner is no superuser: missing rights are one line for its administrator."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from core import migrations
from core.platform.errors import ConfigurationError

_ROLE = "bothub_plain"


@pytest.fixture
def managed(database: str) -> Iterator[tuple[str, str]]:
    """A database of a role without rights: its URL for that role, and for the administrator."""
    name = "bothub_managed"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"DROP ROLE IF EXISTS {_ROLE}")
        connection.execute(f"CREATE ROLE {_ROLE} LOGIN")
        connection.execute(f"CREATE DATABASE {name} OWNER {_ROLE}")
    administrator = database.replace("/bothub?", f"/{name}?")
    yield administrator.replace("postgres@", f"{_ROLE}@").replace("postgresql:", "postgresql+psycopg:"), administrator
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP ROLE {_ROLE}")


def test_what_an_administrator_must_do_is_told_and_is_enough(managed: tuple[str, str]) -> None:
    url, administrator = managed
    with pytest.raises(ConfigurationError, match="have an administrator run in it") as told:
        migrations.upgrade(url)
    wanted = str(told.value).partition("run in it: ")[2]
    assert "\n" not in str(told.value)
    assert f'GRANT bothub_app TO "{_ROLE}";' in wanted and "CREATE EXTENSION vector;" in wanted
    with psycopg.connect(administrator) as connection:
        connection.execute(wanted.encode())
    migrations.upgrade(url)
    with psycopg.connect(administrator.replace("postgres@", f"{_ROLE}@")) as connection:
        row = connection.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == (False,)
        connection.execute("SET LOCAL ROLE bothub_app")  # what each business transaction does
        connection.execute("SELECT count(*) FROM conversations")


@pytest.mark.parametrize("migrated", [False, True])
def test_a_member_that_may_not_act_as_the_role_is_told_before_it_serves(
    managed: tuple[str, str], *, migrated: bool
) -> None:
    url, administrator = managed
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute(f"GRANT bothub_app TO {_ROLE}")
        if migrated:
            migrations.upgrade(url)
        connection.execute(f"GRANT bothub_app TO {_ROLE} WITH SET FALSE")
        with pytest.raises(ConfigurationError, match=f'GRANT bothub_app TO "{_ROLE}" WITH SET TRUE;$') as told:
            migrations.upgrade(url)
        connection.execute(str(told.value).partition("run in it: ")[2].encode())
    migrations.upgrade(url)
    with psycopg.connect(administrator.replace("postgres@", f"{_ROLE}@")) as connection:
        connection.execute("SET LOCAL ROLE bothub_app")


def test_a_closed_schema_is_told(managed: tuple[str, str]) -> None:
    url, administrator = managed
    with psycopg.connect(administrator) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute(f"GRANT bothub_app TO {_ROLE}")
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        connection.execute(f"REVOKE ALL ON SCHEMA public FROM {_ROLE}")
        connection.execute("ALTER SCHEMA public OWNER TO postgres")
    with pytest.raises(ConfigurationError, match="GRANT USAGE, CREATE ON SCHEMA public"):
        migrations.upgrade(url)
