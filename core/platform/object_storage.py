"""File storage: a folder under DATA_DIR, or the object store of MEDIA_URL (s3://bucket/prefix …)."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore

from core.platform.config import get_settings


@lru_cache(maxsize=1)
def _store() -> ObjectStore:
    settings = get_settings()
    if settings.media_url:
        return obstore.store.from_url(settings.media_url)
    folder = settings.data_dir.expanduser().absolute() / "media"
    folder.mkdir(parents=True, exist_ok=True)
    return LocalStore(folder)


def put(key: str, path: Path) -> None:
    """Store a file under `key`, replacing an earlier one."""
    obstore.put(_store(), key, path)


def read(key: str) -> Iterator[bytes]:
    """Yield the file's content in chunks. Raises `FileNotFoundError`."""
    for chunk in obstore.get(_store(), key):
        yield bytes(chunk)


def head(key: str, length: int) -> bytes:
    """Return the first `length` bytes of a file. Raises `FileNotFoundError`."""
    return bytes(obstore.get_range(_store(), key, start=0, end=length))


def copy_to(key: str, path: Path) -> None:
    """Write the file to `path`. Raises `FileNotFoundError`."""
    with path.open("wb") as target:
        for chunk in read(key):
            target.write(chunk)


def delete(key: str) -> None:
    """Delete a file; a missing one is no error."""
    with contextlib.suppress(FileNotFoundError):
        obstore.delete(_store(), key)


def scratch_folder() -> Path:
    """Return the folder for temporary files of transfers."""
    folder = get_settings().data_dir.expanduser().absolute() / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


LONGEST_USE = timedelta(hours=1)  # longer than any transfer or parsing of a document


def clear_scratch() -> int:
    """Delete leftovers of killed processes in the scratch folder. Returns the number of entries."""
    oldest, cleared = time.time() - LONGEST_USE.total_seconds(), 0
    for entry in scratch_folder().iterdir():
        try:
            if entry.stat().st_mtime >= oldest:
                continue
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        except FileNotFoundError:
            continue  # another process cleared it
        cleared += 1
    return cleared
