"""A person (or their program) sends again what had failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from core import live
from core.channels.base import Kind
from core.models import Channel, ChannelState, ContactIdentity, Conversation, Delivery, Message, MessageStatus
from core.people import audit

_MOST = 1000  # messages put back by one call; the rest are still there for the next
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that stays as it is."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Retried:
    """Which messages wait to be sent again, and which do not, with the reason."""

    queued: Sequence[int]
    refused: Sequence[Refusal] = field(default_factory=tuple)


def retry(session: Session, business_id: int, ids: Sequence[int] | None, cause: str | None, actor: str) -> Retried:
    """Put failed messages back in the queue, with their count of attempts; ring the bell after the commit.

    Without `ids` all failed ones are meant, or those of one `cause`, oldest first and at most 1000. An uncertain
    message, which the customer may have, goes out again only when it is named: that is a person's decision.
    """
    rows = session.execute(_candidates(business_id, ids, cause)).all()
    refused = {row.id: reason for row in rows if (reason := _objection(row))}
    for missing in sorted(set(ids or ()) - {row.id for row in rows}):
        refused[missing] = "There is no such message of ours." if cause is None else f"It did not fail by {cause}."
    queued = [row.id for row in rows if row.id not in refused]
    _queue(session, queued)
    audit.record(session, business_id, actor, "queue.retry", "queue", ids=queued, cause=cause, refused=sorted(refused))
    return Retried(queued, tuple(Refusal(message_id, reason) for message_id, reason in refused.items()))


@dataclass(frozen=True, slots=True)
class Preview:
    """What a retry would do: how many messages to how many people, and why others would stay (reason and number)."""

    messages: int
    people: int
    refused: Mapping[str, int]


def preview(session: Session, business_id: int, cause: str | None) -> Preview:
    """What `retry` of all failed messages, or those of one cause, would do now."""
    rows = session.execute(_candidates(business_id, None, cause).with_for_update(read=True, skip_locked=True)).all()
    refused = Counter(reason for row in rows if (reason := _objection(row)))
    wanted = [row for row in rows if _objection(row) is None]
    return Preview(len(wanted), len({row.identity_id for row in wanted}), refused)


def give_up(session: Session, business_id: int, ids: Sequence[int], actor: str) -> int:
    """Send these no more: what waits, failed or is uncertain becomes cancelled. Returns how many that were."""
    given_up = session.scalars(
        update(Message)
        .where(Message.id.in_(ids), Message.status.in_(_OPEN))
        .values(status=MessageStatus.CANCELLED)
        .returning(Message.id)
        .execution_options(**_QUIET)
    ).all()
    session.execute(
        update(Delivery)
        .where(Delivery.message_id.in_(given_up))
        .values(next_attempt_at=None, uncertain_since=None)
        .execution_options(**_QUIET)
    )
    audit.record(session, business_id, actor, "queue.give_up", "queue", ids=sorted(given_up))
    return len(given_up)


_OPEN = (MessageStatus.QUEUED, MessageStatus.FAILED, MessageStatus.UNCERTAIN)


def confirm_sent(session: Session, business_id: int, message_id: int, actor: str) -> None:
    """A person knows that an uncertain message arrived. On any other message it changes nothing."""
    changed = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.status == MessageStatus.UNCERTAIN)
        .values(status=MessageStatus.SENT, error=None, sent_at=func.coalesce(Message.sent_at, func.now()))
        .returning(Message.conversation_id)
        .execution_options(**_QUIET)
    ).one_or_none()
    if changed is None:
        return
    session.execute(
        update(Delivery)
        .where(Delivery.message_id == message_id)
        .values(uncertain_since=None)
        .execution_options(**_QUIET)
    )
    audit.record(session, business_id, actor, "queue.confirm", f"message:{message_id}")
    live.notify(session, business_id, changed.conversation_id)


def _candidates(business_id: int, ids: Sequence[int] | None, cause: str | None) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            Message.id,
            Message.status,
            Message.type,
            Conversation.kind,
            Conversation.window_expires_at,
            ContactIdentity.opted_out_at,
            Channel.state,
            Delivery.identity_id,
        )
        .join(Delivery, Delivery.message_id == Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(ContactIdentity, ContactIdentity.id == Delivery.identity_id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(Message.business_id == business_id)
        .order_by(Message.id)
        .limit(_MOST)
        .with_for_update(of=(Message, Delivery))
    )
    query = query.where(Message.status == MessageStatus.FAILED) if ids is None else query.where(Message.id.in_(ids))
    return query if cause is None else query.where(Message.error["cause"].as_string() == cause)


def _objection(row: Any) -> str | None:
    """Why a message cannot be sent again, or None."""
    if row.status not in (MessageStatus.FAILED, MessageStatus.UNCERTAIN):
        return f"It is {row.status}."
    if row.opted_out_at is not None:
        return "The customer opted out."
    if row.state == ChannelState.DISABLED:
        return "Its channel is disabled."
    shut = row.window_expires_at is None or row.window_expires_at <= datetime.now(UTC)
    if row.kind == Kind.WHATSAPP and row.type != "template" and shut:
        return "The 24-hour window is closed: send a template."
    return None


def _queue(session: Session, message_ids: Sequence[int]) -> None:
    if not message_ids:
        return
    session.execute(
        update(Message)
        .where(Message.id.in_(message_ids))
        .values(status=MessageStatus.QUEUED)
        .execution_options(**_QUIET)
    )
    session.execute(
        update(Delivery)
        .where(Delivery.message_id.in_(message_ids))
        .values(next_attempt_at=func.now(), uncertain_since=None)
        .execution_options(**_QUIET)
    )
