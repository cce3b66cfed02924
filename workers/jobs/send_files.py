"""Files of outgoing messages: uploaded once for many messages, offered by a signed link, or sent within the message."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from obstore.exceptions import BaseError

from core.channels.content.files import named
from core.channels.types import Cause, Channel, Diagnosis, OutgoingFile, ProviderError, SendError, Verdict
from core.messaging.attachments import links, outgoing
from core.messaging.attachments.outgoing import StoredFile
from core.platform.db_retry import retry_until_available

_STORAGE_AWAY = Diagnosis(
    Verdict.RETRYABLE, Cause.NETWORK, "The file storage does not answer. The message is tried again."
)
_STRIPES = 64


@dataclass(frozen=True, slots=True)
class Attached:
    """The files of a message, and the handles of those that had been uploaded before (`reused`)."""

    files: Mapping[int, OutgoingFile] = field(default_factory=dict)
    reused: frozenset[str] = frozenset()


def attach(business_id: int, channel_id: int, adapter: Channel, content: Mapping[str, Any], files_url: str) -> Attached:
    """Upload, link or enclose the files that a message names.

    Raises `SendError`; `FileNotFoundError` or `InvalidMessage` for a missing or damaged file.
    """
    ids = {file.attachment_id for file in named(content) if file.attachment_id is not None}
    if not ids:
        return Attached()
    files = retry_until_available(lambda: outgoing.stored(business_id, channel_id, ids))
    if (life := adapter.upload_life) is None:
        return Attached({file.id: _linked(file, files_url) for file in files})
    if not life:
        return Attached({file.id: _enclosed(file) for file in files})
    ready = {
        file.id: OutgoingFile(file.filename, handle=file.handle or _upload(file, channel_id, adapter, life))
        for file in files
    }
    return Attached(ready, frozenset(file.handle for file in files if file.handle))


def discard_uploads(business_id: int, channel_id: int, attached: Attached) -> None:
    """Drop the reused handles, which the provider may have deleted: the next attempt uploads the files again."""
    retry_until_available(lambda: outgoing.forget(business_id, channel_id, attached.reused))


def _linked(file: StoredFile, files_url: str) -> OutgoingFile:
    address = links.link(files_url, file.business_id, file.id, file.filename) if files_url else None
    return OutgoingFile(file.filename, link=address)


def _enclosed(file: StoredFile) -> OutgoingFile:
    with _on_disk(file) as path:
        return OutgoingFile(file.filename, content=path.read_bytes(), mime_type=file.mime_type)


@contextmanager
def _on_disk(file: StoredFile) -> Iterator[Path]:
    """Yield a copy of a file. Raises `SendError` while the storage is away."""
    try:
        with outgoing.on_disk(file) as path:
            yield path
    except BaseError as error:
        raise SendError(ProviderError("storage", "File storage away", str(error)[:200]), _STORAGE_AWAY) from error


def _upload(file: StoredFile, channel_id: int, adapter: Channel, life: timedelta) -> str:
    """Upload a file once and return the provider's id; other threads with the same file wait for it."""
    with _locks[hash((channel_id, file.id)) % _STRIPES]:
        (current,) = retry_until_available(lambda: outgoing.stored(file.business_id, channel_id, [file.id]))
        if current.handle:
            return current.handle
        with _on_disk(file) as path:
            handle = adapter.upload(path, file.mime_type, file.filename)
        retry_until_available(lambda: outgoing.remember(file, channel_id, handle, life))
    return handle


def _fresh_locks() -> None:
    """A forked child must not inherit a lock that another thread held."""
    global _locks
    _locks = [threading.Lock() for _ in range(_STRIPES)]


_locks: list[threading.Lock]
_fresh_locks()
os.register_at_fork(after_in_child=_fresh_locks)
