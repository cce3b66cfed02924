"""The bell: Redis tells the workers that Postgres has work. The only importer of rq and of Redis queues.

A ring carries nothing; the rows hold the work. It is gated: while one ring is under way further ones cost a single
round trip, because the worker that answers it looks at everything. A ring lost with Redis costs the seconds until the
sweep rings again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import redis
import rq
import structlog
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.exceptions import StopRequested as StopRequested
from rq.serializers import JSONSerializer
from rq.timeouts import BaseTimeoutException, TimerDeathPenalty

from core.platform.config import get_settings

log = structlog.get_logger(__name__)

TimedOut = BaseTimeoutException  # raised in the middle of a job that takes longer than it may

QUEUE = "desk"
WORK_LOOP = "workers.work_loop.drain"
_WAKE_FLAG = "bothub:bell"
_GATE_MILLISECONDS = 5000  # a job that Redis lost stops rings for this long at most
_JOB_TIMEOUT = 300


@lru_cache(maxsize=1)
def connection() -> redis.Redis:
    """This process's Redis. Every call on it gives up within two seconds."""
    return redis.Redis.from_url(
        get_settings().redis_url, socket_connect_timeout=2, socket_timeout=2, health_check_interval=30
    )


def wake_worker() -> bool:
    """Wake a worker, after the commit that made the work. False when Redis could not be reached."""
    client = connection()
    try:
        if client.set(_WAKE_FLAG, 1, nx=True, px=_GATE_MILLISECONDS):
            _enqueue_drain(client)
    except redis.RedisError as error:
        log.warning("bell_not_rung", error=type(error).__name__)
        return False
    return True


def clear_wake_flag() -> None:
    """Open the gate again. A drain calls it before it looks for work, so that no later ring is lost."""
    try:
        connection().delete(_WAKE_FLAG)
    except redis.RedisError as error:
        log.warning("bell_not_silenced", error=type(error).__name__)


class ForeignJob(Exception):
    """A job that is not ours: whoever can write to Redis must not choose what a worker runs."""


class DrainJob(rq.job.Job):
    """The one kind of job there is. Any other fails unread: no function, callback or webhook of its own is obeyed.

    RQ would import and call whatever a job names. Together with JSON, which unlike pickle runs nothing while it is
    read, Redis can make a worker look for work and do nothing else.
    """

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name != WORK_LOOP or self.instance or self.args or self.kwargs:
            raise ForeignJob(f"This job is not {WORK_LOOP} without arguments, the only one that a worker runs.")
        drain: Callable[..., Any] = super().func
        return drain

    def restore(self, raw_data: Any) -> Any:
        restored = super().restore(raw_data)
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
        self.webhooks = []
        return restored


def _queue(client: redis.Redis) -> rq.Queue:
    return rq.Queue(QUEUE, connection=client, job_class=DrainJob, serializer=JSONSerializer)


def _enqueue_drain(client: redis.Redis) -> None:
    queue = _queue(client)
    if len(queue) < get_settings().worker_processes:  # a waiting job will look at everything when it starts
        queue.enqueue(WORK_LOOP, result_ttl=0, failure_ttl=24 * 3600, job_timeout=_JOB_TIMEOUT)


class InProcessWorker(rq.SimpleWorker):
    """Runs jobs in its own process, without forking: a drain keeps threads and pooled connections between jobs.

    Jobs are timed by a timer thread: SIGALRM would interrupt psycopg in the middle of a statement.
    """

    death_penalty_class = TimerDeathPenalty

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Without Redis the loop ends: RQ would wait, up to a minute at a time, while the rows could be seen."""
        try:
            super().heartbeat(timeout, pipeline)
        except redis.ConnectionError:
            raise StopRequested from None

    def subscribe(self) -> None:
        """No listening for commands: RQ's thread for them outlives the loop when Redis goes away."""

    def unsubscribe(self) -> None:
        """There is nothing to end."""

    def handle_warm_shutdown_request(self) -> None:
        """SIGTERM and SIGINT: RQ stops after the current job, and the current drain takes no new work."""
        request_stop()


def worker() -> InProcessWorker:
    """A worker on our queue, on a connection of its own (it blocks while it waits)."""
    client = redis.Redis.from_url(get_settings().redis_url, socket_connect_timeout=2)
    made = InProcessWorker(
        [_queue(client)], connection=client, worker_ttl=90, maintenance_interval=30,
        job_class=DrainJob, serializer=JSONSerializer,
    )  # fmt: skip
    made.log_job_description = False
    return made


_stopping = threading.Event()


def stop_requested() -> bool:
    """Whether this process was asked to end: a drain then takes no new work."""
    return _stopping.is_set()


def request_stop() -> None:
    _stopping.set()


def pause(seconds: float) -> None:
    """Wait, but not longer than until this process is asked to end."""
    _stopping.wait(seconds)


def workers_seen() -> int:
    """How many workers Redis has heard of lately. Raises `redis.RedisError` when it cannot be asked."""
    return rq.Worker.count(connection=connection())


def queue_facts() -> dict[str, Any]:
    """Jobs waiting and failed on our queue. Raises `redis.RedisError`."""
    queue = _queue(connection())
    return {"waiting": len(queue), "failed": queue.failed_job_registry.count}


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A drain that raised."""

    id: str
    ended_at: datetime | None
    trace: str


def failed_jobs(limit: int = 50) -> list[FailedJob]:
    """The jobs that failed lately. Raises `redis.RedisError`."""
    registry = _queue(connection()).failed_job_registry
    found = DrainJob.fetch_many(registry.get_job_ids(0, limit - 1), connection(), serializer=JSONSerializer)
    return [FailedJob(job.id, job.ended_at, job.exc_info or "") for job in found if job is not None]


def requeue(job_id: str) -> None:
    """Run a failed job again. One that is gone is left alone. Raises `redis.RedisError`."""
    try:
        _queue(connection()).failed_job_registry.requeue(job_id)
    except (InvalidJobOperation, NoSuchJobError):
        log.info("job_gone", job_id=job_id)
