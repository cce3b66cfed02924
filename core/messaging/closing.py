"""Close a conversation in a way that can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.conversations import lifecycle
from core.messaging import csat
from core.models import Conversation, ConversationStatus

CloseUndo = dict[str, Any]  # JSON, so that it can be stored


def close(session: Session, conversation_id: int) -> CloseUndo | None:
    """Close a conversation and request a rating where the bot's settings ask for one.

    Returns what undoing needs, None when it was closed already. Raises `NotFound`.
    """
    conversation = lifecycle.lock(session, conversation_id)
    if conversation.status == ConversationStatus.CLOSED:
        return None
    before = snapshot(conversation)
    csat.request_rating(session, conversation)
    lifecycle.close(session, conversation_id)
    return before


def snapshot(conversation: Conversation) -> CloseUndo:
    """Return the state that closing this open conversation discards."""
    return {
        "id": conversation.id,
        "status": conversation.status,
        "unread": conversation.unread_count,
        "waiting": _iso(conversation.waiting_since),
        "snoozed": _iso(conversation.snoozed_until),
    }


def restore(session: Session, undo: CloseUndo) -> bool:
    """Restore a closed conversation to its earlier state. False when it, or a newer one in its place, is open.

    A pending reply of the bot is not restored: recovery hands a customer who still waits to a person.
    """
    return session.execute(_RESTORE, undo).one_or_none() is not None


def undo_close(session: Session, closed: Sequence[CloseUndo]) -> int:
    """Reopen conversations closed by mistake. Returns how many: fewer where the customer has written anew."""
    opened = [one for one in closed if restore(session, one)]
    for one in opened:
        conversation = lifecycle.lock(session, one["id"])
        csat.withdraw_request(session, conversation)
        lifecycle.add_event(session, conversation.id, conversation.channel_id, "reopened")
        audit_log.record(session, "conversation.reopen", f"conversation:{conversation.id}")
    return len(opened)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


_RESTORE = text("""
UPDATE conversations c SET status = :status, closed_at = NULL, unread_count = :unread, waiting_since = :waiting,
    snoozed_until = :snoozed
WHERE c.id = :id AND c.status = 'closed' AND NOT EXISTS (
    SELECT FROM conversations o
    WHERE o.channel_id = c.channel_id AND o.contact_id = c.contact_id AND o.status <> 'closed'
)
RETURNING c.id
""")
