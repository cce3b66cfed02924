"""What the queue monitor reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import redis

from console import auth
from core import bell
from core.bell import FailedJob
from core.db import system_transaction
from core.health import reports
from core.health.reports import Pace, SeenWorker, Waiting
from core.inbox.dead_letters import only_business


@dataclass(frozen=True, slots=True)
class Work:
    """The queues and workers of this installation. `failed_jobs` is None while Redis cannot be asked.

    Tracebacks may quote customers, so `tracebacks` is False where several businesses share the installation.
    """

    paces: Mapping[str, Pace]
    waiting: Mapping[str, Waiting]
    workers: Sequence[SeenWorker]
    failed_jobs: Sequence[FailedJob] | None
    tracebacks: bool


def work(minutes: int) -> Work:
    """The last `minutes` minutes, and what is so now."""
    auth.require(*auth.MANAGERS)
    try:
        failed: Sequence[FailedJob] | None = bell.failed_jobs()
    except redis.RedisError:
        failed = None
    with system_transaction() as session:
        return Work(
            reports.paces(session, minutes),
            reports.waiting(session),
            reports.workers(session),
            failed,
            only_business(session),
        )
