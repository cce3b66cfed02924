"""Long work in the background: asking for it, stopping it, and what whoever does it holds in hand.

A worker claims an errand for the time of a lease, which is renewed while the work gets on. Work whose worker died is
claimed again by another, from the start: what does it must find what was done already.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from core.models.errand import Errand, ErrandState
from core.platform import job_queue
from core.platform.db import run, single_statement
from core.platform.errors import BotHubError

MOST_ATTEMPTS = 3  # after that, what it works on is taken to be what kills its workers
CRASHED = "crashed"
_SILENT_SECONDS = 300.0  # work that gets on no further loses its lease
_KEPT = timedelta(days=30)
_QUIET = {"synchronize_session": False}


class Stopped(Exception):
    """The errand was cancelled, has gone to another worker, or this process is about to end: drop everything."""


class PermanentTaskError(BotHubError):
    """Trying again would not help. `code` tells people why, in the words of the errand's kind."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class ErrandView:
    id: int
    kind: str
    subject_id: int
    state: ErrandState
    done: int
    total: int
    error: str | None
    created_by: str
    created_at: datetime
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in (ErrandState.WAITING, ErrandState.RUNNING)


@dataclass(slots=True)
class Running:
    """An errand in a worker's hand."""

    errand_id: int
    business_id: int
    kind: str
    subject_id: int
    attempt: int
    lease: uuid.UUID
    created_by: str
    _heard_at: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def step(self, done: int, total: int) -> None:
        """Save how far the work is. Call it between pieces of work, each of seconds, outside of any transaction.

        Raises `Stopped` when the work must end here.
        """
        self._heard_at = time.monotonic()
        if job_queue.stop_requested():
            raise Stopped
        with single_statement() as session:
            kept = run(
                session,
                "UPDATE errands SET done = %(done)s, total = %(total)s WHERE id = %(id)s AND lease = %(lease)s",
                {"done": done, "total": total, "id": self.errand_id, "lease": self.lease},
            ).rowcount
        if not kept:
            raise Stopped

    def hold(self, session: Session) -> None:
        """Keep the errand this worker's until the transaction ends, so that what it writes is still wanted.

        Raises `Stopped` when the errand was cancelled or has gone to another worker.
        """
        held = session.execute(
            select(Errand.id).where(Errand.id == self.errand_id, Errand.lease == self.lease).with_for_update()
        ).first()
        if held is None:
            raise Stopped

    @property
    def is_alive(self) -> bool:
        """Whether the work has been heard of lately."""
        return time.monotonic() - self._heard_at < _SILENT_SECONDS


def begin(session: Session, business_id: int, kind: str, subject_id: int, *, by: str) -> int:
    """Ask for work; ring the bell after the commit. Returns the errand's id.

    What is asked for while the same is still open is that errand, once more.
    """
    values = {"business_id": business_id, "kind": kind, "subject_id": subject_id, "created_by": by}
    made = insert(Errand).values(values)
    is_open = text("due_at IS NOT NULL")
    return session.execute(
        made.on_conflict_do_update(
            index_elements=["business_id", "kind", "subject_id"],
            index_where=is_open,
            set_={"kind": made.excluded.kind},  # changes nothing; an ignored conflict would return no id
        ).returning(Errand.id)
    ).scalar_one()


def cancel(session: Session, errand_id: int) -> bool:
    """Stop an errand at its worker's next step. False when it had ended already."""
    cancelled = session.execute(
        update(Errand)
        .where(Errand.id == errand_id, Errand.due_at.is_not(None))
        .values(state=ErrandState.CANCELLED, due_at=None, lease=None, ended_at=func.now())
        .returning(Errand.id)
        .execution_options(**_QUIET)
    )
    return cancelled.first() is not None


def cancel_for(session: Session, kind: str, subject_id: int) -> bool:
    """Stop the open errand of a kind on a subject. False when there is none."""
    found = session.scalar(
        select(Errand.id).where(Errand.kind == kind, Errand.subject_id == subject_id, Errand.due_at.is_not(None))
    )
    return found is not None and cancel(session, found)


def find(session: Session, errand_id: int) -> ErrandView | None:
    row = session.get(Errand, errand_id, populate_existing=True)
    return None if row is None else _view(row)


def latest(session: Session, kind: str, subject_ids: Collection[int]) -> Mapping[int, ErrandView]:
    """The newest errand of a kind on each subject that has one."""
    rows = session.scalars(
        select(Errand)
        .where(Errand.kind == kind, Errand.subject_id.in_(subject_ids))
        .ext(distinct_on(Errand.subject_id))
        .order_by(Errand.subject_id, Errand.id.desc())
        .execution_options(populate_existing=True)
    )
    return {row.subject_id: _view(row) for row in rows}


def _view(row: Errand) -> ErrandView:
    return ErrandView(
        row.id,
        row.kind,
        row.subject_id,
        ErrandState(row.state),
        row.done,
        row.total,
        row.error,
        row.created_by,
        row.created_at,
        row.ended_at,
    )


_CLAIM = """
UPDATE errands SET state = 'running', lease = %(lease)s, due_at = now() + %(lease_for)s,
    attempts = attempts + 1, started_at = coalesce(started_at, now())
WHERE id = ANY(ARRAY(
    SELECT id FROM errands e WHERE due_at <= now()
    ORDER BY (SELECT count(*) FROM errands r WHERE r.business_id = e.business_id AND r.state = 'running'), due_at
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING id, business_id, kind, subject_id, attempts, lease, created_by
"""


def claim(session: Session, limit: int, lease_for: timedelta) -> list[Running]:
    """Take up to `limit` errands that are due, of businesses with the fewest under way first."""
    rows = run(session, _CLAIM, {"lease": uuid.uuid4(), "lease_for": lease_for, "limit": limit})
    return [Running(*row) for row in rows]


def renew(session: Session, held: Sequence[Running], lease_for: timedelta) -> None:
    """Keep the leases of work that gets on; that which hangs is taken away from its worker."""
    session.execute(
        update(Errand)
        .where(
            Errand.id.in_([one.errand_id for one in held if one.is_alive]),
            Errand.lease.in_({one.lease for one in held}),
        )
        .values(due_at=func.now() + lease_for)
        .execution_options(**_QUIET)
    )


def release(session: Session, errand: Running, *, after: timedelta = timedelta(), tried: bool) -> None:
    """Let another worker do it. An attempt that only ended with this process does not count."""
    session.execute(
        update(Errand)
        .where(Errand.id == errand.errand_id, Errand.lease == errand.lease)
        .values(
            state=ErrandState.WAITING,
            due_at=func.now() + after,
            lease=None,
            attempts=Errand.attempts if tried else Errand.attempts - 1,
        )
        .execution_options(**_QUIET)
    )


def end(session: Session, errand: Running, error: str | None = None) -> bool:
    """It is done, or has failed for good. False when it was no longer this worker's."""
    ended = session.execute(
        update(Errand)
        .where(Errand.id == errand.errand_id, Errand.lease == errand.lease)
        .values(
            state=ErrandState.DONE if error is None else ErrandState.FAILED,
            error=error,
            due_at=None,
            lease=None,
            ended_at=func.now(),
        )
        .returning(Errand.id)
        .execution_options(**_QUIET)
    )
    return ended.first() is not None


def forget_old(session: Session) -> None:
    """Drop what ended long ago."""
    session.execute(text("DELETE FROM errands WHERE ended_at < now() - :kept"), {"kept": _KEPT})
