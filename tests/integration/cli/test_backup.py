"""A restored backup equals the original; a damaged one, or one for a database in use, changes nothing."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core import migrations
from core.cli import backup_archive
from core.cli.__main__ import main
from core.cli.backup_manifest import BackupError
from core.cli.command_environment import reset_caches
from core.models import Base
from tests.factories import conversation, person, says
from tests.support.database import rows


@pytest.fixture
def elsewhere(database: str) -> Iterator[str]:
    """The URL of an empty database."""
    name = "bothub_restored"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    yield database.replace("/bothub?", f"/{name}?")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def saved(business, database: str, tmp_path: Path) -> Path:
    """A backup with users, text that is hard to quote, and a file."""
    person(business.business_id)
    rows(
        "INSERT INTO agent_tokens (business_id, agent_id, kind, token_hash, expires_at)"
        " SELECT business_id, id, 'session', 't', now() + '1 day' FROM agents"
    )
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    for words in ("tab\there", "back\\slash and \\N", "línea\nnueva 👋", ""):
        says(business.business_id, talk, words)
    media = tmp_path / "from" / "media"
    (media / "ab").mkdir(parents=True)
    (media / "ab" / "photo").write_bytes(bytes(range(256)) * 999)
    target = tmp_path / "desk.tar"
    backup_archive.write(database, media, target)
    return target


def _content(url: str) -> dict[str, list[Any]]:
    with psycopg.connect(url) as connection:
        return {
            table.name: connection.execute(f'SELECT t::text FROM "{table.name}" t ORDER BY 1').fetchall()
            for table in Base.metadata.sorted_tables
        }


def test_there_and_back(saved: Path, database: str, elsewhere: str, tmp_path: Path) -> None:
    manifest = backup_archive.restore(elsewhere, tmp_path / "to", saved)
    before, after = _content(database), _content(elsewhere)
    assert before.pop("agent_tokens") and not after.pop("agent_tokens")  # nobody is signed in
    assert after == before
    assert manifest.tables["messages"].rows == 4
    kept = tmp_path / "to" / "media" / "ab" / "photo"
    assert kept.read_bytes() == bytes(range(256)) * 999
    with psycopg.connect(elsewhere) as connection:  # numbers go on where they were
        row = connection.execute("INSERT INTO bots (business_id, name) SELECT business_id, 'b' FROM bots RETURNING id")
        assert row.fetchone() == (2,)
    assert saved.stat().st_mode & 0o777 == 0o600


def test_a_database_with_rows_is_refused_without_force(saved: Path, elsewhere: str, tmp_path: Path) -> None:
    backup_archive.restore(elsewhere, tmp_path, saved)
    before = _content(elsewhere)
    with pytest.raises(BackupError, match="not empty"):
        backup_archive.restore(elsewhere, tmp_path, saved)
    with psycopg.connect(elsewhere) as connection:
        connection.execute("DELETE FROM messages")
    backup_archive.restore(elsewhere, tmp_path, saved, force=True)
    assert _content(elsewhere) == before


def _make_0034(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute((Path(__file__).parents[1] / "core/schema_0034.sql").read_text())
        connection.execute("INSERT INTO businesses (name, profile, most_open) VALUES ('Old', '{}', 7)")
        connection.execute(
            "INSERT INTO channels (business_id, kind, provider, identity, name, credentials)"
            " SELECT id, 'sms', 'twilio', '+1', 'SMS', '' FROM businesses"
        )
        connection.execute("INSERT INTO work_minutes VALUES (now(), 'errands', 1, 1, 0, 0.5)")


def _kept(url: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT name, last_probe, (SELECT max_open FROM businesses), (SELECT kind FROM work_minutes),"
            " (SELECT version_num FROM alembic_version) FROM channels"
        ).fetchall()


def test_a_backup_of_the_schema_before_is_converted(elsewhere: str, tmp_path: Path) -> None:
    _make_0034(elsewhere)
    old = tmp_path / "old.tar"
    assert backup_archive.write(elsewhere, tmp_path / "none", old).revision == "0034"
    migrations.upgrade("postgresql+psycopg://" + elsewhere.split("://", 1)[1])
    converted: list[Any] = [("SMS", {}, 7, "tasks", migrations.history()[-1])]
    assert _kept(elsewhere) == converted
    backup_archive.restore(elsewhere, tmp_path, old, force=True)
    assert _kept(elsewhere) == converted


@pytest.mark.parametrize(("revision", "advice"), [("0019", "the version that wrote it"), ("9001", "update it")])
def test_a_backup_of_an_unknown_schema_says_what_to_do(
    revision: str, advice: str, elsewhere: str, tmp_path: Path
) -> None:
    _make_0034(elsewhere)
    with psycopg.connect(elsewhere) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [revision])
    old = tmp_path / "old.tar"
    backup_archive.write(elsewhere, tmp_path / "none", old)
    with pytest.raises(BackupError, match=advice):
        backup_archive.restore(elsewhere, tmp_path, old, force=True)


def test_what_is_damaged_is_found_before_anything_is_touched(saved: Path, elsewhere: str, tmp_path: Path) -> None:
    whole = saved.read_bytes()
    with tarfile.open(saved) as tar:
        place = tar.getmember("tables/messages").offset_data
    for broken, words in (
        (whole[:place] + b"X" + whole[place + 1 :], "tables/messages is not what was written"),
        (whole[: place + 10], "is missing|no whole backup"),
        (b"", "no whole backup|cannot be read"),
    ):
        saved.write_bytes(broken)
        with pytest.raises(BackupError, match=words):
            backup_archive.restore(elsewhere, tmp_path, saved)
    with psycopg.connect(elsewhere) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_a_backup_leaves_no_half_of_itself(business, database: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="cannot be written"):
        backup_archive.write(database, tmp_path, tmp_path / "no" / "such.tar")
    with pytest.raises(BackupError, match="does not answer"):
        backup_archive.write("postgresql://127.0.0.1:9/none?connect_timeout=1", tmp_path, tmp_path / "a.tar")
    assert list(tmp_path.iterdir()) == []


def test_revoked_access_stays_revoked(saved: Path, elsewhere: str, tmp_path: Path) -> None:
    backup_archive.restore(elsewhere, tmp_path, saved)
    with psycopg.connect(elsewhere) as connection:
        connection.execute("UPDATE agents SET disabled_at = now()")
        connection.execute(
            "INSERT INTO api_keys (business_id, name, prefix, key_hash, scopes)"
            " SELECT id, 'n', 'p', 'h', '{}' FROM businesses"
        )
        connection.execute(
            "INSERT INTO agent_tokens (business_id, agent_id, kind, token_hash, expires_at)"
            " SELECT business_id, id, 'link', 'h', now() + '1 week' FROM agents"
        )
    later = tmp_path / "later.tar"
    backup_archive.write(elsewhere, None, later)
    with psycopg.connect(elsewhere) as connection:
        connection.execute("UPDATE api_keys SET revoked_at = now()")
    for source in (saved, later):
        backup_archive.restore(elsewhere, tmp_path, source, force=True)
        with psycopg.connect(elsewhere) as connection:
            assert connection.execute("SELECT count(*) FROM agent_tokens").fetchone() == (0,)
            assert connection.execute("SELECT DISTINCT disabled_at IS NULL FROM agents").fetchall() == [(False,)]
            if source == saved:  # the key was not in it; the next restore must know it by what it replaces
                connection.execute(
                    "INSERT INTO api_keys (business_id, name, prefix, key_hash, scopes, revoked_at)"
                    " SELECT id, 'n', 'p', 'h', '{}', now() FROM businesses"
                )
            else:
                assert connection.execute("SELECT DISTINCT revoked_at IS NULL FROM api_keys").fetchall() == [(False,)]


def test_a_database_with_connections_is_not_replaced(saved: Path, elsewhere: str, tmp_path: Path) -> None:
    with psycopg.connect(elsewhere), pytest.raises(BackupError, match="The desk is running: 1 connections"):
        backup_archive.restore(elsewhere, tmp_path, saved, force=True)


def test_files_that_could_not_be_read_are_named(
    business, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(
        "INSERT INTO attachments (business_id, state, storage_key) SELECT id, 'stored', k FROM businesses,"
        " unnest(ARRAY['1/here', '1/elsewhere']) k"
    )
    media = tmp_path / "media"
    (media / "1").mkdir(parents=True)
    (media / "1" / "here").write_bytes(b"picture")
    target = tmp_path / "desk.tar"
    assert backup_archive.write(database, media, target).missing == ["media/1/elsewhere"]
    assert main(["check-backup", str(target)]) == 1
    said = capsys.readouterr().out
    assert "Whole" not in said and "1 files" in said and "media/1/elsewhere" in said
    assert backup_archive.write(database, None, target).missing == []


def test_the_commands(
    business, elsewhere: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "desk.tar"
    assert main(["backup", str(target)]) == 0
    assert "Keep ENCRYPTION_KEYS apart" in capsys.readouterr().out
    assert main(["check-backup", str(target)]) == 0
    monkeypatch.setenv("DATABASE_URL", elsewhere)
    reset_caches()
    assert main(["restore", str(target)]) == 0
    assert "Everybody signs in anew" in capsys.readouterr().out
    reset_caches()
    assert main(["restore", str(target)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["restore", str(target), "--force"]) == 0
    monkeypatch.undo()
    reset_caches()
