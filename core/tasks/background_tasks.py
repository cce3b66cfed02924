"""Background tasks: enqueue, cancel, and the handle a worker uses while running one.

A worker claims a task with a lease, renewed while the task makes progress. The task of a dead worker is claimed again
by another, from the start: a handler must detect what was already done.
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

from core.models.background_task import BackgroundTask, TaskState
from core.platform import job_queue
from core.platform.db import actor_of, run, single_statement
from core.platform.errors import BotHubError
from core.platform.scope import Actor, Scope

MOST_ATTEMPTS = 3  # after that, the task itself is assumed to kill its workers
CRASHED = "crashed"
_SILENT_SECONDS = 300.0  # a task without progress for this long loses its lease
_RETENTION = timedelta(days=30)
_QUIET = {"synchronize_session": False}


class TaskInterrupted(Exception):
    """The task was cancelled, was claimed by another worker, or this process is stopping: end at once."""


class PermanentTaskError(BotHubError):
    """A failure that a retry cannot fix. `code` says why; its meaning belongs to the task's kind."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class TaskView:
    """A background task as pages show it."""

    id: int
    kind: str
    subject_id: int
    state: TaskState
    done: int
    total: int
    error: str | None
    created_by: str
    created_at: datetime
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in (TaskState.WAITING, TaskState.RUNNING)


@dataclass(slots=True)
class ClaimedTask:
    """A task that this worker has claimed."""

    task_id: int
    business_id: int
    kind: str
    subject_id: int
    attempt: int
    lease: uuid.UUID
    created_by: str
    _progress_at: float = field(default_factory=time.monotonic)

    @property
    def scope(self) -> Scope:
        """Return the scope of the work: who created the task acts."""
        return Scope(self.business_id, Actor.parse(self.created_by))

    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def report_progress(self, done: int, total: int) -> None:
        """Save the progress. Call it every few seconds of work, outside any transaction.

        Raises `TaskInterrupted` when the task must end here.
        """
        self._progress_at = time.monotonic()
        if job_queue.stop_requested():
            raise TaskInterrupted
        with single_statement() as session:
            updated = run(
                session,
                "UPDATE background_tasks SET done = %(done)s, total = %(total)s WHERE id = %(id)s"
                " AND lease = %(lease)s",
                {"done": done, "total": total, "id": self.task_id, "lease": self.lease},
            ).rowcount
        if not updated:
            raise TaskInterrupted

    def assert_lease(self, session: Session) -> None:
        """Lock the task for this transaction, so that it can be neither cancelled nor claimed before the commit.

        Raises `TaskInterrupted` when it was cancelled or claimed by another worker.
        """
        locked = session.execute(
            select(BackgroundTask.id)
            .where(BackgroundTask.id == self.task_id, BackgroundTask.lease == self.lease)
            .with_for_update()
        ).first()
        if locked is None:
            raise TaskInterrupted

    @property
    def is_alive(self) -> bool:
        """Whether the task has reported progress recently."""
        return time.monotonic() - self._progress_at < _SILENT_SECONDS


def enqueue(session: Session, kind: str, subject_id: int) -> int:
    """Create a task and return its id; wake a worker after the commit.

    Returns the open task of the same kind and subject if there is one.
    """
    made = insert(BackgroundTask).values(kind=kind, subject_id=subject_id, created_by=actor_of(session))
    is_open = text("due_at IS NOT NULL")
    return session.execute(
        made.on_conflict_do_update(
            index_elements=["business_id", "kind", "subject_id"],
            index_where=is_open,
            set_={"kind": made.excluded.kind},  # changes nothing; an ignored conflict would return no id
        ).returning(BackgroundTask.id)
    ).scalar_one()


def cancel(session: Session, task_id: int) -> bool:
    """Cancel a task; its worker stops at its next progress report. Returns False when it had already ended."""
    cancelled = session.execute(
        update(BackgroundTask)
        .where(BackgroundTask.id == task_id, BackgroundTask.due_at.is_not(None))
        .values(state=TaskState.CANCELLED, due_at=None, lease=None, ended_at=func.now())
        .returning(BackgroundTask.id)
        .execution_options(**_QUIET)
    )
    return cancelled.first() is not None


def cancel_for(session: Session, kind: str, subject_id: int) -> bool:
    """Cancel the open task of a kind on a subject. Returns False when there is none."""
    found = session.scalar(
        select(BackgroundTask.id).where(
            BackgroundTask.kind == kind, BackgroundTask.subject_id == subject_id, BackgroundTask.due_at.is_not(None)
        )
    )
    return found is not None and cancel(session, found)


def find(session: Session, task_id: int) -> TaskView | None:
    """Return a task, or None."""
    row = session.get(BackgroundTask, task_id, populate_existing=True)
    return None if row is None else _view(row)


def latest(session: Session, kind: str, subject_ids: Collection[int]) -> Mapping[int, TaskView]:
    """Return the newest task of a kind by subject id."""
    rows = session.scalars(
        select(BackgroundTask)
        .where(BackgroundTask.kind == kind, BackgroundTask.subject_id.in_(subject_ids))
        .ext(distinct_on(BackgroundTask.subject_id))
        .order_by(BackgroundTask.subject_id, BackgroundTask.id.desc())
        .execution_options(populate_existing=True)
    )
    return {row.subject_id: _view(row) for row in rows}


def _view(row: BackgroundTask) -> TaskView:
    return TaskView(
        row.id,
        row.kind,
        row.subject_id,
        TaskState(row.state),
        row.done,
        row.total,
        row.error,
        row.created_by,
        row.created_at,
        row.ended_at,
    )


_CLAIM = """
UPDATE background_tasks SET state = 'running', lease = %(lease)s, due_at = now() + %(lease_for)s,
    attempts = attempts + 1, started_at = coalesce(started_at, now())
WHERE id = ANY(ARRAY(
    SELECT id FROM background_tasks e WHERE due_at <= now()
    ORDER BY (SELECT count(*) FROM background_tasks r WHERE r.business_id = e.business_id
      AND r.state = 'running'), due_at
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING id, business_id, kind, subject_id, attempts, lease, created_by
"""


def claim(session: Session, limit: int, lease_for: timedelta) -> list[ClaimedTask]:
    """Claim up to `limit` due tasks, those of businesses with the fewest running tasks first."""
    rows = run(session, _CLAIM, {"lease": uuid.uuid4(), "lease_for": lease_for, "limit": limit})
    return [ClaimedTask(*row) for row in rows]


def renew(session: Session, claimed: Sequence[ClaimedTask], lease_for: timedelta) -> None:
    """Renew the leases of tasks that make progress; a task that hangs loses its lease."""
    session.execute(
        update(BackgroundTask)
        .where(
            BackgroundTask.id.in_([one.task_id for one in claimed if one.is_alive]),
            BackgroundTask.lease.in_({one.lease for one in claimed}),
        )
        .values(due_at=func.now() + lease_for)
        .execution_options(**_QUIET)
    )


def release(session: Session, task: ClaimedTask, *, after: timedelta = timedelta(), tried: bool) -> None:
    """Return a task to the queue. With `tried=False` the attempt is not counted: only the process stopped."""
    session.execute(
        update(BackgroundTask)
        .where(BackgroundTask.id == task.task_id, BackgroundTask.lease == task.lease)
        .values(
            state=TaskState.WAITING,
            due_at=func.now() + after,
            lease=None,
            attempts=BackgroundTask.attempts if tried else BackgroundTask.attempts - 1,
        )
        .execution_options(**_QUIET)
    )


def finish(session: Session, task: ClaimedTask, error: str | None = None) -> bool:
    """Mark a task as done, or with `error` as failed. Returns False when this worker no longer held it."""
    ended = session.execute(
        update(BackgroundTask)
        .where(BackgroundTask.id == task.task_id, BackgroundTask.lease == task.lease)
        .values(
            state=TaskState.DONE if error is None else TaskState.FAILED,
            error=error,
            due_at=None,
            lease=None,
            ended_at=func.now(),
        )
        .returning(BackgroundTask.id)
        .execution_options(**_QUIET)
    )
    return ended.first() is not None


def delete_old(session: Session) -> None:
    """Delete tasks that ended more than 30 days ago."""
    session.execute(text("DELETE FROM background_tasks WHERE ended_at < now() - :retention"), {"retention": _RETENTION})
