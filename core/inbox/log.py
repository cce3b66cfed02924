"""The webhook log: what providers posted and what became of it. For system transactions, as events have no owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.channels.registry import parse_event
from core.errors import NotFound
from core.inbox.dead_letters import only_business
from core.models import DeadLetter, WebhookEvent
from core.models import EventSource as EventSource

log = structlog.get_logger(__name__)


class State(StrEnum):
    """How far an event came."""

    WAITING = "waiting"
    PROCESSED = "processed"
    DEAD = "dead"  # processed, but something in it waits among the dead letters


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A line of the log. `contents` counts what its parser understood, by kind ("InboundMessage": 2)."""

    id: int
    source: str
    received_at: datetime
    processed_at: datetime | None
    size: int  # bytes
    dead: int
    contents: Mapping[str, int]

    @property
    def state(self) -> State:
        if self.processed_at is None:
            return State.WAITING
        return State.DEAD if self.dead else State.PROCESSED


@dataclass(frozen=True, slots=True)
class RawBody:
    """An event's body as it was posted."""

    content_type: str
    query: str
    body: bytes


_DEAD = (
    select(func.count())
    .select_from(DeadLetter)
    .where(DeadLetter.event_id == WebhookEvent.id, DeadLetter.replayed_at.is_(None))
    .correlate(WebhookEvent)
    .scalar_subquery()
)


def events(
    session: Session,
    *,
    source: EventSource | None = None,
    state: State | None = None,
    since: datetime | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[LoggedEvent]:
    """The newest events first. None where several businesses share the installation: a body may hold items of all."""
    if not only_business(session):
        return []
    wanted = select(WebhookEvent, _DEAD).order_by(WebhookEvent.id.desc()).limit(limit)
    if source is not None:
        wanted = wanted.where(WebhookEvent.source == source.value)
    if state is State.WAITING:
        wanted = wanted.where(WebhookEvent.processed_at.is_(None))
    elif state is not None:
        dead = select(DeadLetter.event_id).where(DeadLetter.replayed_at.is_(None))
        within = WebhookEvent.id.in_(dead) if state is State.DEAD else WebhookEvent.id.not_in(dead)
        wanted = wanted.where(WebhookEvent.processed_at.is_not(None), within)
    if since is not None:
        wanted = wanted.where(WebhookEvent.received_at >= since)
    if before_id is not None:
        wanted = wanted.where(WebhookEvent.id < before_id)
    return [
        LoggedEvent(row.id, row.source, row.received_at, row.processed_at, len(row.body), dead, _contents(row))
        for row, dead in session.execute(wanted)
    ]


def _contents(event: WebhookEvent) -> Mapping[str, int]:
    try:
        parsed = parse_event(EventSource(event.source), event.body, event.content_type, event.query, event.received_at)
        return Counter(type(one).__name__ for one in parsed)
    except Exception as error:  # a body that no parser foresaw is among the dead letters, with its reason
        log.error("event_not_readable", event_id=event.id, exc_info=error)
        return {"Broken": 1}


def raw_body(session: Session, event_id: int) -> RawBody:
    """The body of an event. Raises `NotFound`, also where several businesses share the installation."""
    row = session.get(WebhookEvent, event_id) if only_business(session) else None
    if row is None:
        raise NotFound(f"No webhook event {event_id}.")
    return RawBody(row.content_type, row.query, row.body)
