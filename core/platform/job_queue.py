"""Wake-ups through Redis: tell workers that Postgres has work. The only importer of rq and of Redis queues.

A wake-up carries no data; the rows are the work. While the wake flag is set further wake-ups cost one round trip and
enqueue nothing, because the worker that is woken checks everything. A wake-up lost with Redis costs the seconds until
recovery wakes a worker.
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

TimedOut = BaseTimeoutException  # raised inside a job that exceeds its time limit

QUEUE = "desk"
WORK_LOOP = "workers.work_loop.run"
_WAKE_FLAG = "bothub:bell"
_WAKE_FLAG_MILLISECONDS = 5000  # a job that Redis lost suppresses wake-ups for at most this long
_JOB_TIMEOUT = 300


@lru_cache(maxsize=1)
def connection() -> redis.Redis:
    """Return this process's Redis client; every call times out after two seconds."""
    return redis.Redis.from_url(
        get_settings().redis_url, socket_connect_timeout=2, socket_timeout=2, health_check_interval=30
    )


def wake_worker() -> bool:
    """Wake a worker; call it after the commit that created the work. Returns False when Redis is unreachable."""
    client = connection()
    try:
        if client.set(_WAKE_FLAG, 1, nx=True, px=_WAKE_FLAG_MILLISECONDS):
            _enqueue_work_loop(client)
    except redis.RedisError as error:
        log.warning("wake_up_failed", error=type(error).__name__)
        return False
    return True


def clear_wake_flag() -> None:
    """Allow wake-ups again. The work loop calls it before it checks for work, so that no later wake-up is lost."""
    try:
        connection().delete(_WAKE_FLAG)
    except redis.RedisError as error:
        log.warning("wake_flag_not_cleared", error=type(error).__name__)


class ForeignJob(Exception):
    """A job of unknown origin: write access to Redis must not decide what a worker runs."""


class WorkLoopJob(rq.job.Job):
    """The only accepted job. Any other fails: its function, callbacks and webhooks are ignored.

    RQ imports and calls what a job names. Together with JSON, which unlike pickle executes nothing when loaded, this
    ensures that Redis can make a worker check for work and nothing else.
    """

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name != WORK_LOOP or self.instance or self.args or self.kwargs:
            raise ForeignJob(f"This job is not {WORK_LOOP} without arguments, the only one that a worker runs.")
        function: Callable[..., Any] = super().func
        return function

    def restore(self, raw_data: Any) -> Any:
        restored = super().restore(raw_data)
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
        self.webhooks = []
        return restored


def _queue(client: redis.Redis) -> rq.Queue:
    return rq.Queue(QUEUE, connection=client, job_class=WorkLoopJob, serializer=JSONSerializer)


def _enqueue_work_loop(client: redis.Redis) -> None:
    queue = _queue(client)
    if len(queue) < get_settings().worker_processes:  # a waiting job checks everything when it starts
        queue.enqueue(WORK_LOOP, result_ttl=0, failure_ttl=24 * 3600, job_timeout=_JOB_TIMEOUT)


class InProcessWorker(rq.SimpleWorker):
    """Runs jobs in its own process, without forking: the work loop keeps threads and pooled connections between jobs.

    Jobs are timed by a timer thread: SIGALRM would interrupt psycopg in the middle of a statement.
    """

    death_penalty_class = TimerDeathPenalty

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """End RQ's loop when Redis is away: RQ would wait up to a minute while rows could be processed."""
        try:
            super().heartbeat(timeout, pipeline)
        except redis.ConnectionError:
            raise StopRequested from None

    def subscribe(self) -> None:
        """Do not listen for commands: RQ's thread for them outlives the loop when Redis goes away."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""

    def handle_warm_shutdown_request(self) -> None:
        """Stop after the current job on SIGTERM or SIGINT; the running work loop claims no new work."""
        request_stop()


def worker() -> InProcessWorker:
    """Return a worker for our queue, with its own connection (it blocks while it waits)."""
    client = redis.Redis.from_url(get_settings().redis_url, socket_connect_timeout=2)
    made = InProcessWorker(
        [_queue(client)], connection=client, worker_ttl=90, maintenance_interval=30,
        job_class=WorkLoopJob, serializer=JSONSerializer,
    )  # fmt: skip
    made.log_job_description = False
    return made


_stopping = threading.Event()


def stop_requested() -> bool:
    """Whether this process was asked to stop; the work loop then claims no new work."""
    return _stopping.is_set()


def request_stop() -> None:
    """Ask this process to stop."""
    _stopping.set()


def pause(seconds: float) -> None:
    """Wait for a time, or until this process is asked to stop."""
    _stopping.wait(seconds)


def workers_seen() -> int:
    """Return the number of workers registered in Redis. Raises `redis.RedisError`."""
    return rq.Worker.count(connection=connection())


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A run of the work loop that raised."""

    id: str
    ended_at: datetime | None
    trace: str


def failed_jobs(limit: int = 50) -> list[FailedJob]:
    """Return the jobs that failed recently. Raises `redis.RedisError`."""
    registry = _queue(connection()).failed_job_registry
    found = WorkLoopJob.fetch_many(registry.get_job_ids(0, limit - 1), connection(), serializer=JSONSerializer)
    return [FailedJob(job.id, job.ended_at, job.exc_info or "") for job in found if job is not None]


def requeue(job_id: str) -> None:
    """Run a failed job again; do nothing if it is gone. Raises `redis.RedisError`."""
    try:
        _queue(connection()).failed_job_registry.requeue(job_id)
    except (InvalidJobOperation, NoSuchJobError):
        log.info("job_gone", job_id=job_id)
