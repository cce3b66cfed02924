"""The job behind the bell: look at everything that is due and do it, until nothing is due soon.

One drain per worker process. Its coordinator receives events itself and hands turns, sends and files to crews of
threads; waiting for a model or a provider costs a thread and nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from core.platform import job_queue
from core.platform.config import get_settings
from workers import due_work
from workers.due_work import DueWork
from workers.jobs import background_task, download_media, ingest, reply, send_messages
from workers.stats_reporter import Meter
from workers.task_pool import Shared, Task, TaskPool

log = structlog.get_logger(__name__)

MAX_RUN_SECONDS = 60.0  # then the job ends and rings again, so that RQ can do its upkeep
_SOON_SECONDS = 10.0  # work due within this keeps the drain awake; the sweep rings for the rest
_POLL_SECONDS = 0.02
_GATHER_SECONDS = 0.001  # for each task in hand: the busier the desk, the more is gathered for one look
_LONGEST_GATHER = 0.02
_BETWEEN_RECEIVES = 0.002  # likewise, for each task in hand
_LONGEST_BETWEEN_RECEIVES = 0.05
_AWAY_SECONDS = 0.25
_MEDIA_SLOTS = 2
_ERRAND_SLOTS = 2


class Desk:
    """The crews of this process and what wakes their coordinator."""

    def __init__(self) -> None:
        slots = get_settings().worker_slots
        self.freed = threading.Event()
        self._receive_at = 0.0
        self.meter = Meter()
        shared: Shared = {"freed": self.freed, "measure": self.meter.measure}
        self.replies = TaskPool("replies", slots, reply.claim, reply.answer, **shared)
        self.sending = TaskPool("sending", max(2, slots // 2), send_messages.claim, send_messages.send, **shared)
        self.media = TaskPool("media", _MEDIA_SLOTS, download_media.claim, download_media.fetch, **shared)
        self.errands = TaskPool("errands", _ERRAND_SLOTS, background_task.claim, background_task.run_task, **shared)
        threading.Thread(target=self._keep_leases, name="leases", daemon=True).start()

    def start_reporting(self) -> None:
        """Tell the database from now on what this process does."""
        self.meter.start_reporting({crew.name: crew.slots for crew in self._crews()}, self._busy)

    def _crews(self) -> tuple[TaskPool[Any], ...]:
        return self.replies, self.sending, self.media, self.errands

    def _busy(self) -> dict[str, int]:
        return {crew.name: len(crew.in_hand()) for crew in self._crews()}

    def take_on(self, due: DueWork) -> int:
        """Do or hand out what is due. Returns how much was found."""
        found = send_messages.undo_unanswered() + (self._receive() if due.events else 0)
        waits = (due.turns_in, due.sends_in, due.files_in, due.errands_in)
        for wait, crew in zip(waits, self._crews(), strict=True):
            if wait is not None and wait <= 0:
                found += crew.take_on()
        return found

    def _receive(self) -> int:
        """Receive, but the busier the desk the less often: a batch costs nearly the same whatever is in it."""
        if time.monotonic() < self._receive_at:
            return 0
        begun = time.perf_counter()
        found = ingest.receive()
        if found:
            self.meter.count("inbound", time.perf_counter() - begun)
        self._receive_at = time.monotonic() + min(_LONGEST_BETWEEN_RECEIVES, self.in_hand() * _BETWEEN_RECEIVES)
        return found

    def in_hand(self) -> int:
        """How many tasks are being worked on."""
        return sum(self._busy().values())

    def _keep_leases(self) -> None:
        pause = get_settings().lease_seconds / 3
        while True:
            time.sleep(pause)
            _keep(self.replies.in_hand(), reply.renew)
            _keep(self.sending.in_hand(), send_messages.renew)
            _keep(self.errands.in_hand(), background_task.renew)


def _keep(held: Sequence[Task], renew: Callable[[Sequence[Task]], None]) -> None:
    if not held:
        return
    try:
        renew(held)
    except SQLAlchemyError as error:
        log.warning("leases_not_renewed", error=type(error).__name__)


@lru_cache(maxsize=1)
def desk() -> Desk:
    return Desk()


def drain() -> None:
    """Work until nothing is due soon, the slice is over, or this process shall end."""
    crews = desk()
    job_queue.clear_wake_flag()
    end = time.monotonic() + MAX_RUN_SECONDS
    while not job_queue.stop_requested() and time.monotonic() < end:
        crews.freed.clear()
        in_hand = crews.in_hand()  # before the look: what ends after it may have left work the look did not see
        try:
            due = due_work.look()
            found = crews.take_on(due)
        except (OperationalError, InterfaceError) as error:
            log.warning("postgres_away", error=type(error.orig).__name__)
            time.sleep(_AWAY_SECONDS)
            continue
        if not (found or in_hand or due.within(_SOON_SECONDS)):
            break
        time.sleep(min(_LONGEST_GATHER, in_hand * _GATHER_SECONDS))
        if not found:
            crews.freed.wait(_POLL_SECONDS)
    else:
        job_queue.wake_worker()
    while crews.in_hand() and job_queue.stop_requested():
        time.sleep(_POLL_SECONDS)
