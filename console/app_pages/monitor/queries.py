"""Queries of the queue monitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import redis

from console import auth
from console.db import system_transaction
from core.messaging.inbound import dead_letters
from core.monitoring import worker_stats
from core.monitoring.worker_stats import Failure, TaskStats, Waiting, Worker
from core.platform import job_queue
from core.platform.db import in_business
from core.platform.job_queue import FailedJob


@dataclass(frozen=True, slots=True)
class Picture:
    """State of the workers. `jobs` is None while Redis is unavailable.

    `shared`: the installation serves other businesses too. Then only the backlog is this business's own, figures and
    workers are the installation's, and errors, which quote their input, are left out.
    """

    minutes: Sequence[TaskStats]
    workers: Sequence[Worker]
    waiting: Sequence[Waiting]
    failures: Sequence[Failure]
    jobs: Sequence[FailedJob] | None
    shared: bool = False


def picture(since: datetime) -> Picture:
    """Return everything the page shows, as of now. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with system_transaction() as session:
        minutes, workers = worker_stats.minutes(session, since), worker_stats.workers(session)
        if not dead_letters.only_business(session):
            with in_business(session, agent.scope):
                return Picture(minutes, workers, worker_stats.waiting_of(session), [], [], shared=True)
        waiting, failures = worker_stats.waiting(session), worker_stats.failures(session)
    try:
        jobs: Sequence[FailedJob] | None = job_queue.failed_jobs()
    except redis.RedisError:
        jobs = None
    return Picture(minutes, workers, waiting, failures, jobs)
