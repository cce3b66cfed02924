"""Long work of every kind: claiming it, doing it, and writing down how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from core import bell, errands
from core.db import system_transaction, transaction
from core.errands import MOST_ATTEMPTS, Running, Stopped, Unachievable
from core.knowledge import ingest, reembed, sources
from core.rehearsal import perform, runs
from workers.patience import persist

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
    runs.KIND: Handler(perform.run),
}
_UNKNOWN = Handler(_refuse)


def claim(limit: int) -> Sequence[Running]:
    with system_transaction() as session:
        return errands.claim(session, limit, _LEASE)


def renew(held: Sequence[Running]) -> None:
    with system_transaction() as session:
        errands.renew(session, held, _LEASE)


def carry_out(errand: Running) -> None:
    """Do one errand. What raises unexpectedly is tried again some times, then it has failed."""
    handler = HANDLERS.get(errand.kind, _UNKNOWN)
    if errand.attempt > MOST_ATTEMPTS:
        _end(errand, handler, errands.CRASHED)
        return
    try:
        handler.run(errand)
    except Stopped:
        if bell.stop_requested():
            _give_back(errand, tried=False)
    except Unachievable as reason:
        _end(errand, handler, reason.code)
    except Exception:
        if errand.attempt < MOST_ATTEMPTS:
            _give_back(errand, after=_PAUSE, tried=True)
        else:
            _end(errand, handler, errands.CRASHED)
        raise
    else:
        _end(errand, handler)


def _end(errand: Running, handler: Handler, error: str | None = None) -> None:
    def write() -> None:
        with transaction(errand.business_id) as session:
            if errands.end(session, errand, error) and error is not None and handler.failed is not None:
                handler.failed(session, errand, error)

    persist(write)


def _give_back(errand: Running, *, after: timedelta = timedelta(), tried: bool) -> None:
    def write() -> None:
        with transaction(errand.business_id) as session:
            errands.give_back(session, errand, after=after, tried=tried)

    persist(write)
