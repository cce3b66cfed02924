"""Read the outbox: queued, failed and uncertain messages, and recent success rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, select, text
from sqlalchemy.orm import Session

from core.accounts import visibility
from core.accounts.visibility import Viewer
from core.models import ContactIdentity, Conversation, Delivery, Message, MessageStatus, Sees
from core.platform.db import business_of

_LISTED = 50


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that was not sent, or whose outcome is unknown."""

    id: int
    to: str
    attempts: int
    error: Mapping[str, Any] | None
    conversation_id: int
    text: str
    type: str
    created_at: datetime
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """The number of messages in a status by cause (`core.channels.types.Cause`)."""

    status: str
    cause: str | None
    count: int


@dataclass(frozen=True, slots=True)
class QueueState:
    """The outbox of a business.

    `queue_size` counts all messages still to send, `pending_retry` those of them that failed at least once.

    Over the messages of the last 7 days: `success_rate` is the share, from 0 to 1, that the provider accepted among
    those decided (accepted, failed or uncertain), `avg_attempts` the attempts per message attempted. Both are None
    without data. The lists hold the newest 50.
    """

    queue_size: int
    pending_retry: int
    failed: int
    uncertain: int
    success_rate: float | None
    avg_attempts: float | None
    waiting: Sequence[Group]
    by_cause: Sequence[Group]
    failed_messages: Sequence[Unsent]
    uncertain_messages: Sequence[Unsent]


_GROUPS = """
SELECT m.status, m.error ->> 'cause' AS cause, count(*) AS number, count(*) FILTER (WHERE d.attempts > 0) AS tried
FROM messages m JOIN deliveries d ON d.message_id = m.id
WHERE m.business_id = :business AND m.status IN ('queued', 'sending', 'failed', 'uncertain'){seen}
GROUP BY 1, 2 ORDER BY 3 DESC
"""
_RECENT = text("""
SELECT 1.0 * count(*) FILTER (WHERE m.status IN ('sent', 'delivered', 'read', 'played'))
         / nullif(count(*) FILTER (WHERE m.status NOT IN ('queued', 'sending', 'cancelled')), 0) AS success_rate,
       avg(d.attempts) FILTER (WHERE d.attempts > 0) AS avg_attempts
FROM messages m JOIN deliveries d ON d.message_id = m.id
WHERE m.business_id = :business AND m.created_at >= now() - interval '7 days'
""")


def queue_state(session: Session, viewer: Viewer | None = None) -> QueueState:
    """Return the outbox of one business, limited to visible conversations; the rates cover all."""
    business_id = business_of(session)
    groups = session.execute(text(_GROUPS.format(seen=_seen(viewer))), {"business": business_id}).all()
    recent = session.execute(_RECENT, {"business": business_id}).one()
    waiting = [row for row in groups if row.status in (MessageStatus.QUEUED, MessageStatus.SENDING)]
    settled = [Group(row.status, row.cause, row.number) for row in groups if row not in waiting]
    return QueueState(
        queue_size=sum(row.number for row in waiting),
        pending_retry=sum(row.tried for row in waiting if row.status == MessageStatus.QUEUED),
        failed=sum(group.count for group in settled if group.status == MessageStatus.FAILED),
        uncertain=sum(group.count for group in settled if group.status == MessageStatus.UNCERTAIN),
        success_rate=_rounded(recent.success_rate, 4),
        avg_attempts=_rounded(recent.avg_attempts),
        waiting=[Group(row.status, row.cause, row.number) for row in waiting],
        by_cause=settled,
        failed_messages=_newest(session, MessageStatus.FAILED, viewer),
        uncertain_messages=_newest(session, MessageStatus.UNCERTAIN, viewer),
    )


def group(
    session: Session,
    status: str,
    cause: str | None,
    before: int | None = None,
    viewer: Viewer | None = None,
) -> list[Unsent]:
    """Return messages of one status and cause, newest first, at most 50, older than `before`.

    No cause: not attempted yet.
    """
    its_cause = Message.error["cause"].as_string()
    query = _unsent(business_of(session), status, viewer).where(
        its_cause.is_(None) if cause is None else its_cause == cause
    )
    if before is not None:
        query = query.where(Message.id < before)
    return [Unsent(*row) for row in session.execute(query)]


def _newest(session: Session, status: MessageStatus, viewer: Viewer | None) -> list[Unsent]:
    return [Unsent(*row) for row in session.execute(_unsent(business_of(session), status, viewer))]


def _seen(viewer: Viewer | None) -> str:
    if viewer is None or viewer.sees is Sees.ALL:
        return ""
    here = "SELECT FROM conversations WHERE conversations.id = m.conversation_id"
    return f" AND EXISTS ({here} AND ({visibility.sql(viewer)}))"


def _unsent(business_id: int, status: str, viewer: Viewer | None) -> Select[*tuple[Any, ...]]:
    seen = () if viewer is None else visibility.seen_by(viewer)
    in_seen = (exists().where(Conversation.id == Message.conversation_id, *seen),) if seen else ()
    return (
        select(
            Message.id,
            ContactIdentity.address,
            Delivery.attempts,
            Message.error,
            Message.conversation_id,
            Message.text,
            Message.type,
            Message.created_at,
            Delivery.next_attempt_at,
        )
        .join(Delivery, Delivery.message_id == Message.id)
        .join(ContactIdentity, ContactIdentity.id == Delivery.identity_id)
        .where(Message.business_id == business_id, Message.status == status, *in_seen)
        .order_by(Message.id.desc())
        .limit(_LISTED)
    )


def _rounded(value: Any, digits: int = 2) -> float | None:
    return None if value is None else round(float(value), digits)
