"""The conversations behind a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from core.models import AIRun, Contact, Conversation, Message

PAGE = 50


@dataclass(frozen=True, slots=True)
class Behind:
    """One conversation, as a list shows it."""

    id: int
    name: str
    status: str
    kind: str
    text: str
    last_message_at: datetime


def behind(
    session: Session,
    zone: ZoneInfo,
    first: date,
    last: date,
    metric: str,
    label: str | None = None,
    *,
    channel_id: int | None = None,
    before_id: int | None = None,
) -> Sequence[Behind]:
    """The conversations that a metric counted in a span of days, newest first, a page at a time.

    `before_id` goes on after the last one of a page. Raises `ValueError` for a metric there is not.
    """
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    until = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
    wanted = (
        select(
            Conversation.id,
            Contact.name,
            Conversation.status,
            Conversation.kind,
            Conversation.last_message_text,
            Conversation.last_message_at,
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(_counted(metric, label, since, until))
        .order_by(Conversation.id.desc())
        .limit(PAGE)
    )
    if channel_id is not None:
        wanted = wanted.where(Conversation.channel_id == channel_id)
    if before_id is not None:
        wanted = wanted.where(Conversation.id < before_id)
    return [Behind(*row) for row in session.execute(wanted)]


def _counted(metric: str, label: str | None, since: datetime, until: datetime) -> ColumnElement[bool]:
    match metric:
        case "new" | "first":
            return and_(Conversation.created_at >= since, Conversation.created_at < until)
        case "closed":
            return _closed(since, until)
        case "csat":
            rated = Conversation.csat.is_not(None) if label is None else Conversation.csat == int(label)
            return and_(_closed(since, until), rated)
        case "ai" | "ai_cost":
            return exists().where(
                AIRun.conversation_id == Conversation.id, AIRun.created_at >= since, AIRun.created_at < until
            )
    return exists().where(
        Message.conversation_id == Conversation.id,
        Message.created_at >= since,
        Message.created_at < until,
        _message(metric, label),
    )


def _closed(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(Conversation.closed_at >= since, Conversation.closed_at < until)


def _message(metric: str, label: str | None) -> ColumnElement[bool]:
    match metric:
        case "message" | "hour":
            return Message.sender == (label if metric == "message" and label else "customer")
        case "response":
            return Message.sender == label if label else Message.sender.in_(["bot", "agent"])
        case "sent":
            return and_(Message.direction == "outbound", Message.status == label)
        case "failure":
            failed = Message.status == "failed"
            return failed if label is None else and_(failed, Message.error["cause"].astext == label)
        case "handoff":
            event = and_(Message.type == "event", Message.payload["event"].astext == "handed_off")
            return event if label is None else and_(event, Message.payload["reason"].astext == label)
    raise ValueError(f"Nothing is counted as {metric!r}")
