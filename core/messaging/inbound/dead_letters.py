"""Dead letters: list, replay and discard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from core.models import Business, DeadLetter, WebhookEvent


@dataclass(frozen=True, slots=True)
class DeadItem:
    """One dead letter. `kind` is the error's name, `reason` its full text, `raw` the unprocessed item."""

    id: int
    event_id: int
    source: str
    kind: str
    reason: str
    raw: Any
    created_at: datetime


def only_business(session: Session) -> bool:
    """Return whether this installation serves one business, which then owns the dead letters of unknown origin."""
    return session.scalar(select(func.count()).select_from(Business)) == 1


def pending(session: Session, business_id: int, before_id: int | None = None, limit: int = 50) -> Sequence[DeadItem]:
    """Return pending dead letters, newest first; `before_id` continues after a page. Needs a system transaction."""
    query = (
        select(DeadLetter, WebhookEvent.source)
        .join(WebhookEvent, WebhookEvent.id == DeadLetter.event_id)
        .where(_is_pending(session, business_id))
        .order_by(DeadLetter.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        query = query.where(DeadLetter.id < before_id)
    return [_item(one, source) for one, source in session.execute(query)]


def count(session: Session, business_id: int) -> int:
    """Count pending dead letters. Needs a system transaction."""
    return session.scalar(select(func.count()).select_from(DeadLetter).where(_is_pending(session, business_id))) or 0


def unassigned(session: Session, limit: int = 50) -> Sequence[DeadItem]:
    """Return the newest dead letters that belong to no business, for operators. Needs a system transaction."""
    query = (
        select(DeadLetter, WebhookEvent.source)
        .join(WebhookEvent, WebhookEvent.id == DeadLetter.event_id)
        .where(DeadLetter.business_id.is_(None), DeadLetter.replayed_at.is_(None))
        .order_by(DeadLetter.id.desc())
        .limit(limit)
    )
    return [_item(one, source) for one, source in session.execute(query)]


def _item(one: DeadLetter, source: str) -> DeadItem:
    return DeadItem(
        id=one.id,
        event_id=one.event_id,
        source=source,
        kind=one.reason.partition(":")[0],
        reason=one.reason,
        raw=(one.raw or {}).get("item"),
        created_at=one.created_at,
    )


def replay(session: Session, event_ids: Sequence[int] | None = None, business_id: int | None = None) -> int:
    """Process whole events again: what was stored the first time is unchanged, so only dead items take effect.

    Replays all pending ones, or those of some events or of one business. Wake a worker after the commit. Returns the
    number of events.
    """
    condition = DeadLetter.replayed_at.is_(None) if business_id is None else _is_pending(session, business_id)
    if event_ids is not None:
        condition = condition & DeadLetter.event_id.in_(event_ids)
    ids = list(session.scalars(select(DeadLetter.event_id).where(condition).distinct()))
    session.execute(update(WebhookEvent).where(WebhookEvent.id.in_(ids)).values(processed_at=None))
    session.execute(
        update(DeadLetter)
        .where(DeadLetter.event_id.in_(ids), DeadLetter.replayed_at.is_(None))
        .values(replayed_at=func.now())
    )
    return len(ids)


def discard(session: Session, business_id: int, ids: Sequence[int]) -> int:
    """Delete dead letters for good; their events stay in the log. Needs a system transaction. Returns how many."""
    gone = session.scalars(
        delete(DeadLetter).where(_is_pending(session, business_id), DeadLetter.id.in_(ids)).returning(DeadLetter.id)
    ).all()
    return len(gone)


def _is_pending(session: Session, business_id: int) -> ColumnElement[bool]:
    own: ColumnElement[bool] = DeadLetter.business_id == business_id
    if only_business(session):
        own = or_(own, DeadLetter.business_id.is_(None))
    return own & DeadLetter.replayed_at.is_(None)
