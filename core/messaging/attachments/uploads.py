"""Store files uploaded for sending, and read stored files."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.channels.media_types import HEAD_BYTES, MEGABYTE, sniff
from core.channels.types import InvalidMessage
from core.models import Attachment, FileState
from core.platform import object_storage
from core.platform.errors import NotFound

LARGEST_FILE = 100 * MEGABYTE  # Meta, Cloud API reference, Media: a document
_LARGEST_SHOWN = 16 * MEGABYTE  # audio and video; the channel checks its own, smaller limits when it sends
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in storage that has no row yet."""

    storage_key: str
    mime_type: str
    filename: str | None
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in storage; `size` in bytes, None if unknown."""

    id: int
    storage_key: str
    mime_type: str
    filename: str | None
    size: int | None


def keep(business_id: int, source: IO[bytes], declared: str | None, filename: str | None) -> Upload:
    """Write a file to storage. May use the network: call it outside any transaction.

    Raises:
        InvalidMessage: it is empty or too large.
    """
    head = source.read(HEAD_BYTES)
    mime_type = sniff(head, declared)
    shown = mime_type.startswith(("image/", "audio/", "video/"))
    limit = _LARGEST_SHOWN if shown else LARGEST_FILE
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=object_storage.scratch_folder()) as scratch:
        for piece in itertools.chain([head], iter(lambda: source.read(_PIECE), b"")):
            size += len(piece)
            if size > limit:
                raise InvalidMessage("file", f"is larger than {limit // MEGABYTE} MB")
            digest.update(piece)
            scratch.write(piece)
        if not size:
            raise InvalidMessage("file", "is empty")
        scratch.flush()
        key = f"{business_id}/upload-{uuid.uuid4().hex}"
        object_storage.put(key, Path(scratch.name))
    return Upload(key, mime_type, filename, size, digest.hexdigest())


_SHOWN_AS = {"image/jpeg": "image", "image/png": "image", "video/mp4": "video", "video/3gpp": "video"}


def kind_of(mime_type: str) -> str:
    """Return the message type for a file: image, video or audio, anything else as a document."""
    playable = mime_type.startswith("audio/") and mime_type != "audio/wav"
    return _SHOWN_AS.get(mime_type, "audio" if playable else "document")


def record(session: Session, upload: Upload, author_id: int | None = None) -> int:
    """Insert the row of a stored upload; `author_id` is the agent who uploaded it.

    Returns the id by which messages name it (`media.attachment_id`).
    """
    return session.execute(
        insert(Attachment)
        .values(
            author_id=author_id,
            state=FileState.STORED,
            storage_key=upload.storage_key,
            mime_type=upload.mime_type,
            filename=upload.filename,
            size=upload.size,
            sha256=upload.sha256,
        )
        .returning(Attachment.id)
    ).scalar_one()


def stored_file(session: Session, attachment_id: int) -> StoredFile:
    """Return a stored file. Raises `NotFound`."""
    row = session.scalars(select(Attachment).where(Attachment.id == attachment_id)).one_or_none()
    if row is None or row.storage_key is None or row.state != FileState.STORED:
        raise NotFound(f"No stored file {attachment_id}.")
    return StoredFile(row.id, row.storage_key, row.mime_type or "application/octet-stream", row.filename, row.size)


def content(file: StoredFile) -> Iterator[bytes]:
    """Yield the file's bytes, after checking that it exists. Raises `NotFound`."""
    pieces = object_storage.read(file.storage_key)
    try:
        first = next(pieces, b"")
    except FileNotFoundError:
        raise NotFound(f"File {file.id} is no longer stored.") from None
    return itertools.chain([first], pieces)
