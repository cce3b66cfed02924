"""The stored file that an outgoing message carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from core.channels.base import OutgoingFile
from core.db import transaction
from core.media import storage
from core.models import Attachment


def file_of(business_id: int, content: Mapping[str, Any]) -> OutgoingFile | None:
    """The file that `media.attachment_id` names, on disk and ready to upload. None if the message carries none.

    Raises `FileNotFoundError` when it is not there (any more).
    """
    media = content.get("media") or {}
    attachment_id = media.get("attachment_id")
    if attachment_id is None:
        return None
    with transaction(business_id) as session:
        row = session.scalars(select(Attachment).where(Attachment.id == attachment_id)).one_or_none()
    if row is None or row.storage_key is None:
        raise FileNotFoundError(f"File {attachment_id} is not stored here")
    filename = media.get("filename") or row.filename or f"file-{attachment_id}"
    path = storage.scratch_folder() / f"out-{attachment_id}"
    storage.copy_to(row.storage_key, path)
    return OutgoingFile(mime_type=row.mime_type or "application/octet-stream", filename=filename, path=path)
