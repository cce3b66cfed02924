"""Long work of every kind: claiming it, doing it, and writing down how it ended."""

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
from core.tasks.background_tasks import MOST_ATTEMPTS, PermanentTaskError, Running, Stopped

_LEASE = timedelta(seconds=30)  # the sweep finds the work of a dead worker after that time
_PAUSE = timedelta(seconds=10)  # before what raised is tried again


@dataclass(frozen=True, slots=True)
class Handler:
    """What does a kind of errand. `failed` tells the subject, in the transaction that ends the errand, why it failed.

    `run` may be called again for the same errand after a kill, and must then go on from what it finds.
    """

    run: Callable[[Running], None]
    failed: Callable[[Session, Running, str], None] | None = None


def _refuse(errand: Running) -> None:
    raise LookupError(f"Nothing here does errands of the kind {errand.kind}.")


HANDLERS: Mapping[str, Handler] = {
    sources.INGEST: Handler(ingest.run, ingest.failed),
    reembed.REEMBED: Handler(reembed.run),
    replays.KIND: Handler(replay_task.run),
}
_UNKNOWN = Handler(_refuse)


def claim(limit: int) -> Sequence[Running]:
    with system_transaction() as session:
        return background_tasks.claim(session, limit, _LEASE)


def renew(held: Sequence[Running]) -> None:
    with system_transaction() as session:
        background_tasks.renew(session, held, _LEASE)


def run_task(errand: Running) -> None:
    """Do one errand. What raises unexpectedly is tried again some times, then it has failed."""
    handler = HANDLERS.get(errand.kind, _UNKNOWN)
    if errand.attempt > MOST_ATTEMPTS:
        _end(errand, handler, background_tasks.CRASHED)
        return
    try:
        handler.run(errand)
    except Stopped:
        if job_queue.stop_requested():
            _give_back(errand, tried=False)
    except PermanentTaskError as reason:
        _end(errand, handler, reason.code)
    except Exception:
        if errand.attempt < MOST_ATTEMPTS:
            _give_back(errand, after=_PAUSE, tried=True)
        else:
            _end(errand, handler, background_tasks.CRASHED)
        raise
    else:
        _end(errand, handler)


def _end(errand: Running, handler: Handler, error: str | None = None) -> None:
    def write() -> None:
        with transaction(errand.business_id) as session:
            if background_tasks.end(session, errand, error) and error is not None and handler.failed is not None:
                handler.failed(session, errand, error)

    retry_until_available(write)


def _give_back(errand: Running, *, after: timedelta = timedelta(), tried: bool) -> None:
    def write() -> None:
        with transaction(errand.business_id) as session:
            background_tasks.release(session, errand, after=after, tried=tried)

    retry_until_available(write)
