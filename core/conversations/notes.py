"""Private notes between agents in a conversation; never sent to the customer."""

from __future__ import annotations

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core.conversations.lifecycle import lock
from core.models import Direction, Message, MessageStatus, Sender
from core.platform import events
from core.platform.errors import Invalid

LONGEST_NOTE = 5_000  # characters


def add_note(session: Session, conversation_id: int, agent_id: int, note: str, key: str | None = None) -> int:
    """Add a note; idempotent by `key`. Returns its id.

    It is stored as a message of type "note" without a delivery; the bot does not see it.

    Raises:
        Invalid: empty, or longer than 5000 characters.
        NotFound: no such conversation.
    """
    note = note.strip()
    if not 0 < len(note) <= LONGEST_NOTE:
        raise Invalid("invalid_note", f"A note has 1 to {LONGEST_NOTE} characters.")
    conversation = lock(session, conversation_id)
    if key is not None:
        earlier = session.scalar(select(Message.id).where(Message.idempotency_key == key))
        if earlier is not None:
            return earlier
    note_id = session.execute(
        insert(Message)
        .values(
            conversation_id=conversation_id,
            channel_id=conversation.channel_id,
            direction=Direction.OUTBOUND,
            sender=Sender.SYSTEM,
            author_id=agent_id,
            type="note",
            text=note,
            status=MessageStatus.SENT,
            idempotency_key=key,
            created_at=func.date_trunc("second", func.clock_timestamp()),
        )
        .returning(Message.id)
    ).scalar_one()
    events.publish_change(session, conversation_id)
    return note_id
