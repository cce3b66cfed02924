"""Closing in a way that can be taken back: how a conversation stood, and standing so again."""

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

CloseUndo = dict[str, Any]  # JSON, so that it can be kept


def close(session: Session, business_id: int, conversation_id: int, actor: str) -> CloseUndo | None:
    """Close, and ask the customer for a rating where that is wanted. None when it was closed already.

    Raises `NotFound`.
    """
    conversation = lifecycle.lock(session, conversation_id)
    if conversation.status == ConversationStatus.CLOSED:
        return None
    stood = standing(conversation)
    csat.ask(session, business_id, conversation)
    lifecycle.close(session, business_id, conversation_id, actor)
    return stood


def standing(conversation: Conversation) -> CloseUndo:
    """What closing an open conversation forgets."""
    return {
        "id": conversation.id,
        "status": conversation.status,
        "unread": conversation.unread_count,
        "waiting": _iso(conversation.waiting_since),
        "snoozed": _iso(conversation.snoozed_until),
    }


def restore(session: Session, stood: CloseUndo) -> bool:
    """Have a closed conversation stand as it did. False when it is open, or another one is open in its place.

    What the bot still owed is not owed again: a customer who waits with nothing under way gets a person soon.
    """
    return session.execute(_RESTORE, stood).one_or_none() is not None


def take_back(session: Session, business_id: int, actor: str, stood: Sequence[CloseUndo]) -> int:
    """Open again what was closed by mistake. Returns how many: fewer where a customer already wrote anew."""
    opened = [one for one in stood if restore(session, one)]
    for one in opened:
        conversation = lifecycle.lock(session, one["id"])
        csat.take_back(session, business_id, conversation, actor)
        lifecycle.add_event(session, business_id, conversation.id, conversation.channel_id, "reopened", by=actor)
        audit_log.record(session, business_id, actor, "conversation.reopen", f"conversation:{conversation.id}")
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
