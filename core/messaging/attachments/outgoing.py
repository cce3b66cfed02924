"""Stored files named by outgoing messages: checked before queuing, loaded when sending."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from core.channels.content.files import named, stated_type
from core.channels.content.parts import LARGEST_ID
from core.channels.media_types import OCTETS, is_opus
from core.channels.types import Channel, FileFacts, InvalidMessage
from core.models import Attachment, FileState, ProviderFile
from core.platform import object_storage
from core.platform.db import business_of, transaction

_HEAD_BYTES = 512
_TYPES_NEEDING_HEAD = frozenset({"audio/ogg", "image/webp"})  # two limits each: the type alone does not say which


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An uploaded file. `handle` is the provider's id of it, while that is valid."""

    id: int
    business_id: int
    storage_key: str
    mime_type: str
    filename: str
    size: int | None
    sha256: str | None
    handle: str | None


def check(session: Session, speaker: Channel, content: Mapping[str, Any]) -> None:
    """Check that the files a message names exist and may be sent; they are locked until the message is stored.

    Raises `InvalidMessage`, which names the part.
    """
    files = named(content)
    if not files:
        return
    ours = [file for file in files if file.attachment_id is not None]
    if ours and speaker.files_refused:
        raise InvalidMessage(f"{ours[0].field}.attachment_id", speaker.files_refused)
    rows = _locked(session, {int(file.attachment_id or 0) for file in ours})
    for file in files:
        if file.attachment_id is None:
            if file.link and (stated := stated_type(file.link)):
                speaker.check_file(f"{file.field}.link", file.kind, FileFacts(stated))
            continue
        where = f"{file.field}.attachment_id"
        row = rows.get(file.attachment_id)
        if row is None:
            raise InvalidMessage(where, "is not a stored file of this business")
        facts = facts_of(row)
        speaker.check_file(where, file.kind, facts)
        if file.voice and not is_opus(facts.head):
            raise InvalidMessage(f"{file.field}.voice", "needs an OGG file with Opus in one channel (mono)")


def check_handed_in(session: Session, content: Mapping[str, Any]) -> None:
    """Check that the stored files a message names were uploaded for sending, not received from a customer.

    Raises `InvalidMessage`, which names the part. Missing files are reported by `check`.
    """
    ours = {file.attachment_id: file for file in named(content) if file.attachment_id is not None}
    came = select(Attachment.id).where(
        Attachment.id.in_([number for number in ours if number <= LARGEST_ID]), Attachment.message_id.is_not(None)
    )
    if found := session.scalars(came.order_by(Attachment.id)).first():
        reason = "is a customer's file: this key needs the scope messages:read to send it on"
        raise InvalidMessage(f"{ours[found].field}.attachment_id", reason)


def facts_of(row: Attachment) -> FileFacts:
    """Return the facts by which a provider accepts or refuses a stored file."""
    mime_type = (row.mime_type or OCTETS).partition(";")[0].strip()
    head = b""
    if mime_type in _TYPES_NEEDING_HEAD and row.storage_key:
        head = object_storage.head(row.storage_key, _HEAD_BYTES)
    return FileFacts(mime_type, row.size, head)


def _locked(session: Session, ids: Collection[int]) -> dict[int, Attachment]:
    """Return the files, locked against cleanup until the transaction ends."""
    if not ids:
        return {}
    held = session.scalars(
        select(Attachment)
        .where(
            Attachment.id.in_([number for number in ids if number <= LARGEST_ID]),
            Attachment.business_id == business_of(session),
            Attachment.state == FileState.STORED,
            Attachment.storage_key.is_not(None),
        )
        .order_by(Attachment.id)
        .with_for_update(read=True)
    )
    return {row.id: row for row in held}


def stored(business_id: int, channel_id: int, ids: Iterable[int]) -> list[StoredFile]:
    """Return the files with these ids, each with the provider's id of it. Raises `FileNotFoundError`."""
    attachment_ids = list(ids)
    with transaction(business_id) as session:
        rows = session.execute(
            select(Attachment, ProviderFile.handle)
            .outerjoin(
                ProviderFile,
                (ProviderFile.attachment_id == Attachment.id)
                & (ProviderFile.channel_id == channel_id)
                & (ProviderFile.good_until > func.now()),
            )
            .where(Attachment.id.in_(attachment_ids), Attachment.business_id == business_id)
        ).all()
    found = [
        StoredFile(
            row.id,
            business_id,
            row.storage_key,
            row.mime_type or OCTETS,
            row.filename or f"file-{row.id}",
            row.size,
            row.sha256,
            handle,
        )
        for row, handle in rows
        if row.storage_key is not None and row.state == FileState.STORED
    ]
    if missing := set(attachment_ids) - {file.id for file in found}:
        raise FileNotFoundError(f"File {min(missing)} is not stored here")
    return found


@contextmanager
def on_disk(file: StoredFile) -> Iterator[Path]:
    """Yield a temporary copy to upload from, deleted afterwards.

    Raises `FileNotFoundError`, and `InvalidMessage` where the content differs from what was uploaded.
    """
    with tempfile.NamedTemporaryFile(dir=object_storage.scratch_folder(), prefix="out-") as copy:
        digest, size = hashlib.sha256(), 0
        for piece in object_storage.read(file.storage_key):
            digest.update(piece)
            size += len(piece)
            copy.write(piece)
        copy.flush()
        whole = file.size in (None, size) and file.sha256 in (None, digest.hexdigest())
        if not whole:
            raise InvalidMessage("file", f"{file.id} is damaged in the storage; attach it again")
        yield Path(copy.name)


_REMEMBER = text("""
INSERT INTO provider_files (business_id, channel_id, attachment_id, handle, good_until)
SELECT a.business_id, c.id, a.id, :handle, now() + :life FROM attachments a, channels c
WHERE a.id = :attachment AND c.id = :channel AND a.business_id = :business AND c.business_id = :business
ON CONFLICT (channel_id, attachment_id) DO UPDATE SET handle = excluded.handle, good_until = excluded.good_until
""")


def remember(file: StoredFile, channel_id: int, handle: str, life: timedelta) -> None:
    """Save the provider's id of a file, for later sends by the same number within its `life`."""
    key = {"attachment": file.id, "channel": channel_id, "business": file.business_id}
    with transaction(file.business_id) as session:
        session.execute(_REMEMBER, {**key, "handle": handle, "life": life})


def forget(business_id: int, channel_id: int, handles: Collection[str]) -> None:
    """Delete ids that the provider no longer knows."""
    with transaction(business_id) as session:
        session.execute(
            delete(ProviderFile).where(ProviderFile.channel_id == channel_id, ProviderFile.handle.in_(handles))
        )
