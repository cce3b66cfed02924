"""Outages of Postgres: retry writes that must not be lost, and go on after rounds that may be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

log = structlog.get_logger(__name__)
Result = TypeVar("Result")
_WAIT_SECONDS = 0.25
POSTGRES_AWAY = (OperationalError, InterfaceError, PoolTimeout)  # a stall exhausts the pool, which has no `orig`


def retry_until_available(write: Callable[[], Result], *, for_seconds: float = 30) -> Result:
    """Call `write` until it succeeds. It must be idempotent: a confirmation can be lost after the commit.

    Raises the last error after `for_seconds`.
    """
    deadline = time.monotonic() + for_seconds
    while True:
        try:
            return write()
        except POSTGRES_AWAY as error:
            if time.monotonic() > deadline:
                raise
            log_outage(error)
            time.sleep(_WAIT_SECONDS)


@contextmanager
def tolerate_outage() -> Iterator[None]:
    """Log that Postgres is away and go on: the next round repeats what this one left."""
    try:
        yield
    except POSTGRES_AWAY as error:
        log_outage(error)


def log_outage(error: Exception) -> None:
    """Log that Postgres is away."""
    log.warning("postgres_away", error=type(getattr(error, "orig", error)).__name__)
