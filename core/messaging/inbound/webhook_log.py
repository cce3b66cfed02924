"""Webhook log: when providers' events came, their outcome, and their bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from core.models import DeadLetter, Message, WebhookEvent
from core.platform.errors import NotFound


@dataclass(frozen=True, slots=True)
class Posted:
    """One event. `size` is in bytes; `messages` and `dead` count its stored messages and its dead letters."""

    id: int
    source: str
    received_at: datetime
    processed_at: datetime | None
    size: int
    messages: int
    dead: int


@dataclass(frozen=True, slots=True)
class Body:
    """The body of an event, byte for byte."""

    content_type: str
    query: str
    body: bytes


OUTCOMES = ("waiting", "dead", "done")


def page(
    session: Session,
    *,
    source: str | None = None,
    outcome: str | None = None,
    since: datetime | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[Posted]:
    """Return the newest events first; `before_id` continues after a page.

    Events belong to the installation, not to a business: needs a system transaction, and only an installation of one
    business may show them.
    """
    made = select(func.count()).where(Message.event_id == WebhookEvent.id).scalar_subquery()
    dead = select(func.count()).where(DeadLetter.event_id == WebhookEvent.id).scalar_subquery()
    newest = select(WebhookEvent.id).order_by(WebhookEvent.id.desc()).limit(limit)
    for condition in _conditions(source, outcome, since, before_id):
        newest = newest.where(condition)
    rows = session.execute(
        select(
            WebhookEvent.id,
            WebhookEvent.source,
            WebhookEvent.received_at,
            WebhookEvent.processed_at,
            func.octet_length(WebhookEvent.body),
            made,
            dead,
        )
        .where(WebhookEvent.id.in_(newest))
        .order_by(WebhookEvent.id.desc())
    )
    return [Posted(*row) for row in rows]


def _conditions(
    source: str | None, outcome: str | None, since: datetime | None, before_id: int | None
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if source is not None:
        found.append(WebhookEvent.source == source)
    if outcome == "waiting":
        found.append(WebhookEvent.processed_at.is_(None))
    elif outcome is not None:
        dead = exists().where(DeadLetter.event_id == WebhookEvent.id)
        found += [WebhookEvent.processed_at.is_not(None), dead if outcome == "dead" else ~dead]
    if since is not None:
        found.append(WebhookEvent.received_at >= since)
    if before_id is not None:
        found.append(WebhookEvent.id < before_id)
    return found


def body(session: Session, event_id: int) -> Body:
    """Return the event's body. Raises `NotFound`."""
    row = session.execute(
        select(WebhookEvent.content_type, WebhookEvent.query, WebhookEvent.body).where(WebhookEvent.id == event_id)
    ).one_or_none()
    if row is None:
        raise NotFound(f"No event {event_id}.")
    return Body(row.content_type, row.query, bytes(row.body))
