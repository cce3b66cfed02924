"""Where files are kept: a folder under DATA_DIR, or any object store that MEDIA_URL names (s3://bucket/prefix …)."""

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
    """Keep a file under `key`. Writing the same key again replaces it."""
    obstore.put(_store(), key, path)


def read(key: str) -> Iterator[bytes]:
    """The file's content, in pieces. Raises `FileNotFoundError`."""
    for chunk in obstore.get(_store(), key):
        yield bytes(chunk)


def head(key: str, length: int) -> bytes:
    """How the file begins. Raises `FileNotFoundError`."""
    return bytes(obstore.get_range(_store(), key, start=0, end=length))


def copy_to(key: str, path: Path) -> None:
    """Write the file to `path`. Raises `FileNotFoundError`."""
    with path.open("wb") as target:
        for chunk in read(key):
            target.write(chunk)


def delete(key: str) -> None:
    """Drop a file. One that is gone already is no error."""
    with contextlib.suppress(FileNotFoundError):
        obstore.delete(_store(), key)


def scratch_folder() -> Path:
    """A folder for files on their way in or out."""
    folder = get_settings().data_dir.expanduser().absolute() / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


LONGEST_USE = timedelta(hours=1)  # no transfer and no reading of a document takes as long


def clear_scratch() -> int:
    """Delete what processes that were killed left in the scratch folder. Returns how many entries."""
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
