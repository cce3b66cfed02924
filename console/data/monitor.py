"""What the queue monitor reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import redis

from console import auth
from console.store import system_transaction
from core import bell
from core.bell import FailedJob
from core.health import work
from core.health.work import Counted, Failure, Waiting, Worker


@dataclass(frozen=True, slots=True)
class Picture:
    """How the work goes. `jobs` is None while Redis does not answer."""

    minutes: Sequence[Counted]
    workers: Sequence[Worker]
    waiting: Sequence[Waiting]
    failures: Sequence[Failure]
    jobs: Sequence[FailedJob] | None


def picture(since: datetime) -> Picture:
    """Everything the page shows, as of now. Raises `NotAllowed`."""
    auth.require(*auth.MANAGERS)
    with system_transaction() as session:
        minutes, workers = work.minutes(session, since), work.workers(session)
        waiting, failures = work.waiting(session), work.failures(session)
    try:
        jobs: Sequence[FailedJob] | None = bell.failed_jobs()
    except redis.RedisError:
        jobs = None
    return Picture(minutes, workers, waiting, failures, jobs)
