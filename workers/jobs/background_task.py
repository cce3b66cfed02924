"""Background tasks of every kind: claim, run, record the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from core.evaluation import replay_task, replays
from core.knowledge import ingest, reembed, sources
from core.platform import job_queue
from core.platform.db import system_transaction, transaction
from core.platform.db_retry import retry_until_available
from core.tasks import background_tasks
from core.tasks.background_tasks import MOST_ATTEMPTS, ClaimedTask, PermanentTaskError, TaskInterrupted

_LEASE = timedelta(seconds=30)  # a dead worker's task can be claimed again after this time
_RETRY_DELAY = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Handler:
    """The code of one kind of task. `failed` records the error on the subject, in the transaction that ends the task.

    `run` may be called again for the same task after a kill, and must then resume.
    """

    run: Callable[[ClaimedTask], None]
    failed: Callable[[Session, ClaimedTask, str], None] | None = None


def _refuse(task: ClaimedTask) -> None:
    raise LookupError(f"There is no handler for background tasks of the kind {task.kind}.")


HANDLERS: Mapping[str, Handler] = {
    sources.INGEST: Handler(ingest.run, ingest.failed),
    reembed.REEMBED: Handler(reembed.run),
    replays.KIND: Handler(replay_task.run),
}
_UNKNOWN = Handler(_refuse)


def claim(limit: int) -> Sequence[ClaimedTask]:
    """Claim due tasks for this worker, at most `limit`."""
    with system_transaction() as session:
        return background_tasks.claim(session, limit, _LEASE)


def renew(claimed: Sequence[ClaimedTask]) -> None:
    """Renew the leases of running tasks."""
    with system_transaction() as session:
        background_tasks.renew(session, claimed, _LEASE)


def run_task(task: ClaimedTask) -> None:
    """Run one task. An unexpected exception is retried up to `MOST_ATTEMPTS` times, then the task fails."""
    handler = HANDLERS.get(task.kind, _UNKNOWN)
    if task.attempt > MOST_ATTEMPTS:
        _finish(task, handler, background_tasks.CRASHED)
        return
    try:
        handler.run(task)
    except TaskInterrupted:
        if job_queue.stop_requested():
            _release(task, tried=False)
    except PermanentTaskError as reason:
        _finish(task, handler, reason.code)
    except Exception:
        if task.attempt < MOST_ATTEMPTS:
            _release(task, after=_RETRY_DELAY, tried=True)
        else:
            _finish(task, handler, background_tasks.CRASHED)
        raise
    else:
        _finish(task, handler)


def _finish(task: ClaimedTask, handler: Handler, error: str | None = None) -> None:
    def write() -> None:
        with transaction(task.scope) as session:
            if background_tasks.finish(session, task, error) and error is not None and handler.failed is not None:
                handler.failed(session, task, error)

    retry_until_available(write)


def _release(task: ClaimedTask, *, after: timedelta = timedelta(), tried: bool) -> None:
    def write() -> None:
        with transaction(task.scope) as session:
            background_tasks.release(session, task, after=after, tried=tried)

    retry_until_available(write)
