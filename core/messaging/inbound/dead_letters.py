"""What providers told us and nobody could process: looking at it, trying again, letting it go."""

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
    """One item. `kind` is the error's name, `reason` all of it, `raw` what was left of the item."""

    id: int
    event_id: int
    source: str
    kind: str
    reason: str
    raw: Any
    created_at: datetime


def only_business(session: Session) -> bool:
    """Whether this installation serves one business. Then what could not be assigned to any is its own."""
    return session.scalar(select(func.count()).select_from(Business)) == 1


def waiting(session: Session, business_id: int, before_id: int | None = None, limit: int = 50) -> Sequence[DeadItem]:
    """What waits for a decision, newest first; `before_id` goes on after a page. Needs a system transaction."""
    wanted = (
        select(DeadLetter, WebhookEvent.source)
        .join(WebhookEvent, WebhookEvent.id == DeadLetter.event_id)
        .where(_waits(session, business_id))
        .order_by(DeadLetter.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        wanted = wanted.where(DeadLetter.id < before_id)
    return [_item(one, source) for one, source in session.execute(wanted)]


def count(session: Session, business_id: int) -> int:
    """How many wait. Needs a system transaction."""
    return session.scalar(select(func.count()).select_from(DeadLetter).where(_waits(session, business_id))) or 0


def of_nobody(session: Session, limit: int = 50) -> Sequence[DeadItem]:
    """The newest that belong to no business, for whoever runs the installation. Needs a system transaction."""
    wanted = (
        select(DeadLetter, WebhookEvent.source)
        .join(WebhookEvent, WebhookEvent.id == DeadLetter.event_id)
        .where(DeadLetter.business_id.is_(None), DeadLetter.replayed_at.is_(None))
        .order_by(DeadLetter.id.desc())
        .limit(limit)
    )
    return [_item(one, source) for one, source in session.execute(wanted)]


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
    """Process whole events again: what was stored the first time is left as it is, so only the dead items count.

    All that wait, or those of some events, or of one business. Ring the bell after the commit. Returns how many events.
    """
    condition = DeadLetter.replayed_at.is_(None) if business_id is None else _waits(session, business_id)
    if event_ids is not None:
        condition = condition & DeadLetter.event_id.in_(event_ids)
    ids = list(session.scalars(select(DeadLetter.event_id).where(condition).distinct()))
    session.execute(update(WebhookEvent).where(WebhookEvent.id.in_(ids)).values(processed_at=None))
    session.execute(
        update(DeadLetter)
        .where(DeadLetter.event_id.in_(ids), DeadLetter.replayed_at.is_(None))
        .values(replayed_at=func.now())
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def discard(session: Session, business_id: int, ids: Sequence[int]) -> int:
    """Let items go for good; their events stay in the log. Returns how many there were."""
    gone = session.scalars(
        delete(DeadLetter)
        .where(_waits(session, business_id), DeadLetter.id.in_(ids))
        .returning(DeadLetter.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(gone)


def _waits(session: Session, business_id: int) -> ColumnElement[bool]:
    own: ColumnElement[bool] = DeadLetter.business_id == business_id
    if only_business(session):
        own = or_(own, DeadLetter.business_id.is_(None))
    return own & DeadLetter.replayed_at.is_(None)
