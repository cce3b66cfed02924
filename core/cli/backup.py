"""`backup` and `restore`: everything BotHub stores, in one file."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from core.cli import backup_archive
from core.cli.backup_manifest import Manifest
from core.models import Channel
from core.platform.config import get_settings
from core.platform.db import system_transaction

_MAX_SHOWN = 3


def save(arguments: argparse.Namespace) -> int:
    """Write a backup and print its contents. Exits 1 when files that its rows name could not be read."""
    settings = get_settings()
    target = arguments.file or Path(f"bothub-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar")
    made = backup_archive.write(settings.database_url, None if settings.media_url else _data_dir() / "media", target)
    print(f"{target}: {len(made.tables)} tables with {made.rows} rows, {len(made.files)} files.")
    if settings.media_url:
        print("Customers' files are in the object store of MEDIA_URL: back it up there.")
    print("Keep ENCRYPTION_KEYS apart from it: without them the credentials in it cannot be read.")
    return _print_missing(made)


def restore(arguments: argparse.Namespace) -> int:
    """Restore a backup. All other processes must be stopped."""
    settings = get_settings()
    found = backup_archive.restore(settings.database_url, _data_dir(), arguments.file, force=arguments.force)
    print(f"{len(found.tables)} tables with {found.rows} rows, {len(found.files)} files, of {found.made_at}.")
    print("Everybody signs in anew: sessions and one-time links do not come back.")
    print("Passwords, second steps, people and API keys are as they were then; whoever was shut out in the database")
    print("that this one replaced stays so. See `users list` and `keys list` for others who left since.")
    missing = _print_missing(found)
    if not _readable():
        print("ENCRYPTION_KEYS does not open the credentials in it: set the keys of the desk it was made of.")
        return 1
    return missing


def check(arguments: argparse.Namespace) -> int:
    """Read a backup and compare its checksums."""
    found = backup_archive.check(arguments.file)
    state = "Undamaged, but files are missing" if found.missing else "Whole"
    print(f"{state}: {len(found.tables)} tables with {found.rows} rows, {len(found.files)} files, of {found.made_at}.")
    return _print_missing(found)


def _print_missing(found: Manifest) -> int:
    """Print missing files. Returns exit code 1 if there are any."""
    if not found.missing:
        return 0
    some = ", ".join(found.missing[:_MAX_SHOWN]) + (" …" if len(found.missing) > _MAX_SHOWN else "")
    print(f"{len(found.missing)} files that messages and knowledge name are not in it: {some}")
    print("They could not be read below DATA_DIR/media where it was made. Several machines share files by MEDIA_URL.")
    return 1


def _data_dir() -> Path:
    return get_settings().data_dir.expanduser().absolute()


def _readable() -> bool:
    try:
        with system_transaction() as session:
            session.scalars(select(Channel.credentials)).all()
    except InvalidToken:
        return False
    return True
