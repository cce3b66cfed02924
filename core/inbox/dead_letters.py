"""Items that could not be processed: who may see them, trying them again, and giving them up.

An event belongs to no business until its items are routed, so these functions need a system transaction. Items that
nobody's channel owns are shown where there is but one business: elsewhere they may be another's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from core.models import Business, DeadLetter, WebhookEvent
from core.people import audit

_QUIET = {"synchronize_session": False}


class Outcome(StrEnum):
    """What became of an item that was tried again."""

    UNTRIED = "untried"
    UNDER_WAY = "under_way"
    SOLVED = "solved"
    FAILED_AGAIN = "failed_again"


@dataclass(frozen=True, slots=True)
class Reason:
    """Unsolved items with the same reason."""

    reason: str
    count: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """An item, and the event it came in."""

    id: int
    event_id: int
    source: str
    reason: str
    item: Any
    created_at: datetime
    received_at: datetime
    replayed_at: datetime | None
    outcome: Outcome


def only_business(session: Session) -> bool:
    """Whether this installation serves one business, to which everything that arrives belongs."""
    return session.scalars(select(func.count()).select_from(Business)).one() == 1


def _visible(session: Session, business_id: int) -> ColumnElement[bool]:
    own = DeadLetter.business_id == business_id
    return or_(own, DeadLetter.business_id.is_(None)) if only_business(session) else own


def reasons(session: Session, business_id: int) -> Sequence[Reason]:
    """Why items wait for someone, the most frequent reason first."""
    counted = (
        select(DeadLetter.reason, func.count(), func.max(DeadLetter.created_at))
        .where(_visible(session, business_id), DeadLetter.replayed_at.is_(None))
        .group_by(DeadLetter.reason)
        .order_by(func.count().desc(), DeadLetter.reason)
        .limit(100)
    )
    return [Reason(*row) for row in session.execute(counted)]


def letters(
    session: Session,
    business_id: int,
    *,
    reason: str | None = None,
    event_id: int | None = None,
    replayed: bool | None = False,
    before_id: int | None = None,
    limit: int = 20,
) -> Sequence[Letter]:
    """The newest items first. `replayed` None: those that were tried again as well as those that were not."""
    later = aliased(DeadLetter)
    again = select(later.id).where(later.event_id == DeadLetter.event_id, later.id > DeadLetter.id).exists()
    wanted = (
        select(DeadLetter, WebhookEvent.source, WebhookEvent.received_at, WebhookEvent.processed_at, again)
        .join(WebhookEvent, WebhookEvent.id == DeadLetter.event_id)
        .where(_visible(session, business_id))
        .order_by(DeadLetter.id.desc())
        .limit(limit)
    )
    if reason is not None:
        wanted = wanted.where(DeadLetter.reason == reason)
    if event_id is not None:
        wanted = wanted.where(DeadLetter.event_id == event_id)
    if replayed is not None:
        wanted = wanted.where(DeadLetter.replayed_at.is_not(None) if replayed else DeadLetter.replayed_at.is_(None))
    if before_id is not None:
        wanted = wanted.where(DeadLetter.id < before_id)
    return [
        Letter(
            id=row.id,
            event_id=row.event_id,
            source=source,
            reason=row.reason,
            item=(row.raw or {}).get("item"),
            created_at=row.created_at,
            received_at=received_at,
            replayed_at=row.replayed_at,
            outcome=_outcome(row.replayed_at, processed_at, failed_again),
        )
        for row, source, received_at, processed_at, failed_again in session.execute(wanted)
    ]


def _outcome(replayed_at: datetime | None, processed_at: datetime | None, failed_again: bool) -> Outcome:
    if replayed_at is None:
        return Outcome.UNTRIED
    if processed_at is None:
        return Outcome.UNDER_WAY
    return Outcome.FAILED_AGAIN if failed_again else Outcome.SOLVED


def replay(
    session: Session,
    business_id: int,
    actor: str,
    *,
    letter_ids: Collection[int] | None = None,
    reason: str | None = None,
) -> int:
    """Process the events of these items again, or of all with a reason. Returns how many events; ring after commit.

    What was stored the first time is recognised and left as it is, so only the dead items count.
    """
    chosen = _unsolved(session, business_id, letter_ids, reason)
    event_ids = list(session.scalars(select(DeadLetter.event_id).where(chosen).distinct()))
    replay_events(session, business_id, actor, event_ids)
    return len(event_ids)


def replay_events(session: Session, business_id: int, actor: str, event_ids: Collection[int]) -> None:
    """Process whole events again, in their order. The caller knows that this business may."""
    if not event_ids:
        return
    session.execute(
        update(WebhookEvent).where(WebhookEvent.id.in_(event_ids)).values(processed_at=None).execution_options(**_QUIET)
    )
    session.execute(
        update(DeadLetter)
        .where(DeadLetter.event_id.in_(event_ids), DeadLetter.replayed_at.is_(None))
        .values(replayed_at=func.now())
        .execution_options(**_QUIET)
    )
    audit.record(session, business_id, actor, "webhook.replay", "webhook_events", events=sorted(event_ids)[:100])


def discard(
    session: Session,
    business_id: int,
    actor: str,
    *,
    letter_ids: Collection[int] | None = None,
    reason: str | None = None,
) -> int:
    """Give items up: they are deleted, and the audit log keeps which. Returns how many."""
    chosen = _unsolved(session, business_id, letter_ids, reason)
    gone = session.execute(delete(DeadLetter).where(chosen).returning(DeadLetter.event_id).execution_options(**_QUIET))
    event_ids = list(gone.scalars())
    if event_ids:
        audit.record(
            session, business_id, actor, "webhook.discard", "webhook_events", events=sorted(set(event_ids))[:100]
        )
    return len(event_ids)


def _unsolved(
    session: Session, business_id: int, letter_ids: Collection[int] | None, reason: str | None
) -> ColumnElement[bool]:
    if (letter_ids is None) == (reason is None):
        raise ValueError("Name either letters or a reason.")
    which = DeadLetter.reason == reason if letter_ids is None else DeadLetter.id.in_(letter_ids)
    return and_(_visible(session, business_id), DeadLetter.replayed_at.is_(None), which)
