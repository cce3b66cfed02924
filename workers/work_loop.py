"""The job that a wake-up starts: process everything that is due, until nothing is due soon.

One work loop per worker process. It stores incoming events itself and submits replies, sends, files and background
tasks to thread pools; waiting for a model or a provider costs only a thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.platform import job_queue
from core.platform.config import get_settings
from core.platform.db_retry import POSTGRES_AWAY, log_outage
from workers import due_work
from workers.due_work import DueWork
from workers.jobs import background_task, download_media, ingest, reply, send_messages
from workers.stats_reporter import StatsReporter
from workers.task_pool import SharedOptions, Task, TaskPool

log = structlog.get_logger(__name__)

MAX_RUN_SECONDS = 60.0  # then the job ends and enqueues itself again, so that RQ can do its maintenance
_SOON_SECONDS = 10.0  # work due within this keeps the loop running; recovery wakes a worker for the rest
_POLL_SECONDS = 0.02
_BATCH_SECONDS = 0.001  # per running task: the higher the load, the more work is collected for one check
_MAX_BATCH_SECONDS = 0.02
_INGEST_INTERVAL = 0.002  # seconds, likewise per running task
_MAX_INGEST_INTERVAL = 0.05
_RETRY_SECONDS = 0.25  # while Postgres is away
_MEDIA_SLOTS = 2
_BACKGROUND_TASK_SLOTS = 2


class WorkLoop:
    """The task pools of this process and the event that wakes their coordinator."""

    def __init__(self) -> None:
        slots = get_settings().worker_slots
        self.slot_freed = threading.Event()
        self._next_ingest_at = 0.0
        self.stats = StatsReporter()
        shared: SharedOptions = {"slot_freed": self.slot_freed, "measure": self.stats.measure}
        self.replies = TaskPool("replies", slots, reply.claim, reply.answer, **shared)
        self.sending = TaskPool("sending", max(2, slots // 2), send_messages.claim, send_messages.send, **shared)
        self.media = TaskPool("media", _MEDIA_SLOTS, download_media.claim, download_media.fetch, **shared)
        self.background = TaskPool(
            "tasks", _BACKGROUND_TASK_SLOTS, background_task.claim, background_task.run_task, **shared
        )
        threading.Thread(target=self._renew_leases, name="leases", daemon=True).start()

    def start_reporting(self) -> None:
        """Report the work of this process to the database from now on."""
        self.stats.start({pool.name: pool.slots for pool in self._pools()}, self._busy)

    def _pools(self) -> tuple[TaskPool[Any], ...]:
        return self.replies, self.sending, self.media, self.background

    def _busy(self) -> dict[str, int]:
        return {pool.name: len(pool.running()) for pool in self._pools()}

    def dispatch(self, due: DueWork) -> int:
        """Process or submit what is due. Returns the number of items found."""
        found = send_messages.release_unconfirmed() + (self._ingest() if due.events else 0)
        waits = (due.replies_in, due.sends_in, due.files_in, due.tasks_in)
        for wait, pool in zip(waits, self._pools(), strict=True):
            if wait is not None and wait <= 0:
                found += pool.claim_and_submit()
        return found

    def _ingest(self) -> int:
        """Store events, less often under load: a batch costs nearly the same whatever its size."""
        if time.monotonic() < self._next_ingest_at:
            return 0
        started = time.perf_counter()
        found = ingest.receive()
        if found:
            self.stats.count("inbound", time.perf_counter() - started)
        self._next_ingest_at = time.monotonic() + min(_MAX_INGEST_INTERVAL, self.running() * _INGEST_INTERVAL)
        return found

    def running(self) -> int:
        """Return the number of running tasks."""
        return sum(self._busy().values())

    def _renew_leases(self) -> None:
        pause = get_settings().lease_seconds / 3
        while True:
            time.sleep(pause)
            _renew(self.replies.running(), reply.renew)
            _renew(self.sending.running(), send_messages.renew)
            _renew(self.background.running(), background_task.renew)


def _renew(running: Sequence[Task], renew: Callable[[Sequence[Task]], None]) -> None:
    if not running:
        return
    try:
        renew(running)
    except SQLAlchemyError as error:
        log.warning("leases_not_renewed", error=type(error).__name__)


@lru_cache(maxsize=1)
def current() -> WorkLoop:
    """Return the work loop of this process."""
    return WorkLoop()


def run() -> None:
    """Work until nothing is due soon, `MAX_RUN_SECONDS` are over, or this process is asked to stop."""
    loop = current()
    job_queue.clear_wake_flag()
    end = time.monotonic() + MAX_RUN_SECONDS
    while not job_queue.stop_requested() and time.monotonic() < end:
        loop.slot_freed.clear()
        running = loop.running()  # before the check: a task that ends after it may have left work the check did not see
        try:
            due = due_work.check()
            found = loop.dispatch(due)
        except POSTGRES_AWAY as error:
            log_outage(error)
            time.sleep(_RETRY_SECONDS)
            continue
        if not (found or running or due.due_within(_SOON_SECONDS)):
            break
        time.sleep(min(_MAX_BATCH_SECONDS, running * _BATCH_SECONDS))
        if not found:
            loop.slot_freed.wait(_POLL_SECONDS)
    else:
        job_queue.wake_worker()
    while loop.running() and job_queue.stop_requested():
        time.sleep(_POLL_SECONDS)
