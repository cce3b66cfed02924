"""Backup archive: the tables as of one moment, customers' files, and a manifest with checksums.

A backup is an uncompressed tar (so that it can be checked and read in any order). The manifest comes last: a truncated
file has none. ENCRYPTION_KEYS are not included, and without them its credentials cannot be read.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import IO, Any, LiteralString

import psycopg
from psycopg import IsolationLevel, sql

from core import migrations
from core.cli.backup_manifest import FORMAT, BackupError, Manifest, TableFacts
from core.cli.restored_access import NOTHING_REVOKED, Revoked, current_revocations, revoke
from core.migrations import revision_0034

_MANIFEST = "manifest.json"
_PIECE = 1 << 20
_FILES: dict[str, LiteralString] = {
    "attachments": "SELECT storage_key FROM attachments WHERE state = 'stored' AND storage_key IS NOT NULL",
    "knowledge_sources": "SELECT file_key FROM knowledge_sources WHERE file_key IS NOT NULL",
}


class _Hashed(io.RawIOBase):
    """A stream that computes the checksum of what is read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.sum.update(data)
        return data


def write(database_url: str, media: Path | None, target: Path) -> Manifest:
    """Write a backup to `target`, which appears when it is complete. Raises `BackupError`.

    `media` is the folder of customers' files; None when they are in an object store.
    The tables come first: files are stored before the rows that name them, so none of theirs is missing.
    """
    unfinished = target.with_name(f"{target.name}.partial")
    try:
        unfinished.touch(mode=0o600)
        with unfinished.open("wb") as stream:
            with tarfile.open(fileobj=stream, mode="w") as tar:
                revision, tables, named = _write_tables(database_url, tar)
                files = {} if media is None else _write_files(tar, media)
                missing = [] if media is None else sorted(named - files.keys())
                made_at = datetime.now(UTC).isoformat(timespec="seconds")
                manifest = Manifest(made_at, revision, tables, files, missing=missing)
                document = json.dumps(asdict(manifest), indent=1).encode()
                _add(tar, _MANIFEST, io.BytesIO(document), len(document))
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(target)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


@contextmanager
def _connected(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Open a transaction without a time limit, as the owner of the tables."""
    try:
        opened = psycopg.connect(database_url)
    except psycopg.OperationalError as error:
        raise BackupError(f"The database does not answer ({str(error).splitlines()[0]}).") from None
    with opened as connection:
        yield connection


def _write_tables(database_url: str, tar: tarfile.TarFile) -> tuple[str, dict[str, TableFacts], set[str]]:
    """Write all tables as of one moment; return the revision, the tables, and the files that they name."""
    with _connected(database_url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        revision = _revision(connection)
        if revision is None:
            raise BackupError("The database has no schema yet: there is nothing to back up.")
        present = _tables(connection)
        named = {
            f"media/{key}" for table, keys in _FILES.items() if table in present for (key,) in connection.execute(keys)
        }
        return revision, {name: _write_table(connection, tar, name) for name in present}, named


def _write_table(connection: psycopg.Connection[Any], tar: tarfile.TarFile, table: str) -> TableFacts:
    columns = _columns(connection, table)
    with tempfile.TemporaryFile() as buffer, connection.cursor() as cursor:  # a tar member starts with its size
        with cursor.copy(_copy(table, columns, "TO STDOUT")) as pieces:
            for piece in pieces:
                buffer.write(piece)
        rows, size = cursor.rowcount, buffer.tell()
        buffer.seek(0)
        return TableFacts(columns, rows, _add(tar, f"tables/{table}", buffer, size))


def _write_files(tar: tarfile.TarFile, media: Path) -> dict[str, str]:
    """Write every readable file: one may be deleted meanwhile, or belong to another account."""
    files: dict[str, str] = {}
    for name in _names(media):
        try:
            stream = (media / name).open("rb")
        except OSError:
            continue
        with stream:
            files[f"media/{name}"] = _add(tar, f"media/{name}", stream, os.fstat(stream.fileno()).st_size)
    return files


def _add(tar: tarfile.TarFile, name: str, stream: IO[bytes], size: int) -> str:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    hashed = _Hashed(stream)
    tar.addfile(info, hashed)
    return hashed.sum.hexdigest()


def _names(folder: Path) -> Iterator[str]:
    """Yield the files below a folder, sorted by name."""
    if folder.is_dir():
        yield from sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@contextmanager
def _opened(source: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    try:
        with tarfile.open(source, "r:") as tar:
            yield tar, _manifest(tar)
    except OSError as error:
        raise BackupError(f"{source} cannot be read: {error.strerror or error}.") from error
    except (tarfile.TarError, EOFError):
        raise BackupError(f"{source} is no whole backup.") from None


def _manifest(tar: tarfile.TarFile) -> Manifest:
    try:
        found = json.load(_member(tar, _MANIFEST))
        if found["format"] != FORMAT:
            raise BackupError("This backup was made by another version of BotHub: restore it with that one.")
        return Manifest(**{**found, "tables": {name: TableFacts(**one) for name, one in found["tables"].items()}})
    except (ValueError, TypeError, KeyError):
        raise BackupError("The backup's manifest cannot be read.") from None


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        stream = tar.extractfile(name)
    except KeyError:
        stream = None
    if stream is None:
        raise BackupError(f"The backup is not whole: {name} is missing.")
    return stream


def check(source: Path) -> Manifest:
    """Read a backup and compare its checksums. Raises `BackupError`."""
    with _opened(source) as (tar, manifest):
        expected = {f"tables/{name}": table.sha256 for name, table in manifest.tables.items()} | dict(manifest.files)
        for name, checksum in expected.items():
            stream = _Hashed(_member(tar, name))
            while stream.read(_PIECE):
                pass
            if stream.sum.hexdigest() != checksum:
                raise BackupError(f"The backup is damaged: {name} is not what was written.")
    return manifest


def restore(database_url: str, data_dir: Path, source: Path, *, force: bool = False) -> Manifest:
    """Restore a backup into an empty database, and its files under `data_dir`; then migrate the schema.

    Nothing is changed before the whole backup was checked. `force` empties a database with rows, but not one in use.
    Sessions and links are not restored (`core.cli.restored_access`). Raises `BackupError`.
    """
    manifest = check(source)
    _check_revision(manifest.revision)
    revoked = _empty_database(database_url, force=force)
    sqlalchemy_url = "postgresql+psycopg://" + database_url.split("://", 1)[1]
    is_converted = manifest.revision == revision_0034.REVISION
    migrations.bring_to(sqlalchemy_url, migrations.history()[0] if is_converted else manifest.revision)
    stored = {revision_0034.renamed(name)[0] if is_converted else name: name for name in manifest.tables}
    with _opened(source) as (tar, _):
        for name in manifest.files:
            tar.extract(name, data_dir, filter="data")
        with _connected(database_url) as connection:
            for table in _parents_first(connection, stored):
                facts = manifest.tables[stored[table]]
                columns = revision_0034.renamed(stored[table], facts.columns)[1] if is_converted else facts.columns
                _read_table(connection, tar, stored[table], table, columns, facts.rows)
            if is_converted:
                connection.execute(revision_0034.VALUES)
            revoke(connection, revoked)
    migrations.upgrade(sqlalchemy_url)
    return manifest


def _check_revision(revision: str) -> None:
    if revision in (revision_0034.REVISION, *migrations.history()):
        return
    if revision < revision_0034.REVISION:
        raise BackupError(
            f"The backup is of revision {revision}, older than {revision_0034.REVISION}: restore it with the version "
            "that wrote it, start the last BotHub 0.1.0 on that database, and back it up again."
        )
    raise BackupError(f"The backup is of revision {revision}, which this version does not know: update it.")


def _empty_database(database_url: str, *, force: bool) -> Revoked:
    with _connected(database_url) as connection:
        if others := connection.execute(_OTHERS).fetchall():
            raise BackupError(
                f"The desk is running: {len(others)} connections to its database are open. Stop all of it first."
            )
        names = _tables(connection)
        used = [name for name in names if connection.execute(_any(name)).fetchone()]
        if used and not force:
            raise BackupError("The database is not empty. --force throws away what is in it.")
        revoked = current_revocations(connection) if used else NOTHING_REVOKED
        if used:
            tables = sql.SQL(", ").join(map(sql.Identifier, names))
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))
        return revoked


# Only of the same role: connections of administrators or of the host's monitoring do not count.
_OTHERS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
  AND backend_type = 'client backend'
"""


def _any(table: str) -> sql.Composed:
    return sql.SQL("SELECT true FROM {} LIMIT 1").format(sql.Identifier(table))


def _read_table(
    connection: psycopg.Connection[Any], tar: tarfile.TarFile, stored: str, name: str, columns: list[str], rows: int
) -> None:
    """Copy a table `stored` in the backup into the table `name`."""
    stream = _member(tar, f"tables/{stored}")
    with connection.cursor() as cursor:
        with cursor.copy(_copy(name, columns, "FROM STDIN")) as copy:
            while piece := stream.read(_PIECE):
                copy.write(piece)
        if cursor.rowcount != rows:
            raise BackupError(f"{name} has {cursor.rowcount} rows instead of {rows}.")
    numbered = connection.execute(_NUMBERED, {"table": name}).fetchall()
    for (column,) in numbered:
        follow = sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), coalesce(max({}), 0) + 1, false) FROM {}")
        connection.execute(
            follow.format(sql.Literal(name), sql.Literal(column), sql.Identifier(column), sql.Identifier(name))
        )


_NUMBERED = """
SELECT attname FROM pg_attribute
WHERE attrelid = %(table)s::regclass AND attidentity <> '' AND NOT attisdropped
"""


def _copy(table: str, columns: list[str], direction: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) " + direction).format(sql.Identifier(table), names)


def _revision(connection: psycopg.Connection[Any]) -> str | None:
    row = connection.execute("SELECT to_regclass('public.alembic_version')").fetchone()
    if row is None or row[0] is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
    )
    return [name for (name,) in rows]


def _columns(connection: psycopg.Connection[Any], table: str) -> list[str]:
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %(table)s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        {"table": table},
    )
    return [name for (name,) in rows]


def _parents_first(connection: psycopg.Connection[Any], tables: Iterable[str]) -> Iterator[str]:
    """Yield the tables in an order that satisfies every foreign key."""
    parents: dict[str, set[str]] = {name: set() for name in tables}
    rows = connection.execute(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
    )
    for child, parent in rows:
        if child in parents and child != parent:
            parents[child].add(parent)
    yield from TopologicalSorter(parents).static_order()
