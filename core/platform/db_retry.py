"""Retry writes that must not be lost to a short outage of Postgres."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

log = structlog.get_logger(__name__)
Result = TypeVar("Result")
_WAIT_SECONDS = 0.25


def retry_until_available(write: Callable[[], Result], *, for_seconds: float = 30) -> Result:
    """Call `write` until it succeeds. It must be idempotent: a confirmation can be lost after the commit.

    Raises the last error after `for_seconds`.
    """
    deadline = time.monotonic() + for_seconds
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            if time.monotonic() > deadline:
                raise
            log.warning("postgres_away", error=type(getattr(error, "orig", error)).__name__)
            time.sleep(_WAIT_SECONDS)
