"""Claim customers' files to download, and record the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from core.channels.content.plain_text import as_text
from core.channels.types import Download, MediaError, MediaRef
from core.models import Attachment, Conversation, FileState, Message
from core.platform import events

_WAITS = (5, 30, 120, 600, 3600)  # seconds; Meta keeps a file for days, and no customer waits for it


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A file to download. If this worker dies, another one takes it when the claim expires."""

    attachment_id: int
    business_id: int
    channel_id: int
    conversation_id: int
    attempt: int
    media: MediaRef

    @property
    def storage_key(self) -> str:
        """Return the file's key in storage."""
        return f"{self.business_id}/{self.attachment_id}"


_CLAIM = text("""
UPDATE attachments a SET next_attempt_at = now() + :visible_after, attempts = a.attempts + 1
FROM messages m
WHERE m.id = a.message_id AND a.id = ANY(ARRAY(
    SELECT id FROM attachments WHERE next_attempt_at <= now()
    ORDER BY next_attempt_at LIMIT :limit FOR UPDATE SKIP LOCKED
))
RETURNING a.id, a.business_id, m.channel_id, m.conversation_id, a.attempts, a.provider_media_id, a.url, a.mime_type,
    a.sha256, a.filename
""")


def claim(session: Session, limit: int, visible_after: timedelta = timedelta(seconds=120)) -> list[PendingFile]:
    """Take up to `limit` files that are due; they become due again after `visible_after`."""
    rows = session.execute(_CLAIM, {"limit": limit, "visible_after": visible_after})
    return [
        PendingFile(
            row.id,
            row.business_id,
            row.channel_id,
            row.conversation_id,
            row.attempts,
            MediaRef(row.provider_media_id, row.url, row.mime_type, row.sha256, row.filename),
        )
        for row in rows
    ]


def record_stored(session: Session, file: PendingFile, download: Download) -> None:
    """Record a completed download."""
    events.publish_change(session, file.conversation_id)
    session.execute(
        update(Attachment)
        .where(Attachment.id == file.attachment_id)
        .values(
            state=FileState.STORED,
            storage_key=file.storage_key,
            mime_type=download.mime_type,
            size=download.size,
            sha256=download.sha256,
            next_attempt_at=None,
            failure=None,
        )
    )


def record_card(session: Session, file: PendingFile, cards: Sequence[Mapping[str, Any]]) -> None:
    """Store the contacts of a downloaded contact card in its message, as if sent as contacts."""
    of_file = select(Attachment.message_id).where(Attachment.id == file.attachment_id).scalar_subquery()
    message = session.scalars(select(Message).where(Message.id == of_file, Message.type == "document")).one_or_none()
    if message is None or "revoked" in message.payload:
        return
    message.type, message.payload = "contacts", {**message.payload, "contacts": list(cards)}
    message.text = "\n".join(filter(None, (message.text, as_text("contacts", message.payload))))
    session.flush()
    session.execute(
        update(Conversation)
        .where(Conversation.id == message.conversation_id, Conversation.last_message_text == "")
        .values(last_message_text=message.text[:200])
    )
    events.publish_change(session, file.conversation_id)


def record_failure(session: Session, file: PendingFile, error: MediaError) -> None:
    """Schedule a retry, unless the failure is permanent or the attempts are used up."""
    events.publish_change(session, file.conversation_id)
    final = error.permanent or file.attempt > len(_WAITS)
    wait = None if final else func.now() + timedelta(seconds=_WAITS[file.attempt - 1])
    session.execute(
        update(Attachment)
        .where(Attachment.id == file.attachment_id)
        .values(state=FileState.FAILED if final else FileState.PENDING, failure=str(error), next_attempt_at=wait)
    )
