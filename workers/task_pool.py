"""Task pool: a fixed number of threads for one kind of work; tasks are claimed only when a thread is free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, TypedDict, TypeVar

import structlog

log = structlog.get_logger(__name__)
Task = TypeVar("Task")


class SharedOptions(TypedDict):
    """Options that all pools of a process share."""

    slot_freed: threading.Event
    measure: Callable[[str], AbstractContextManager[None]]


def unmeasured(_: str) -> AbstractContextManager[None]:
    """Measure nothing."""
    return nullcontext()


class TaskPool(Generic[Task]):
    """Runs `work(task)` on threads for the tasks that `claim(free_slots)` returns.

    An exception is a bug: it is logged with its traceback, the task's lease expires, and its row is claimed again.
    """

    def __init__(
        self,
        name: str,
        slots: int,
        claim: Callable[[int], Sequence[Task]],
        work: Callable[[Task], None],
        *,
        slot_freed: threading.Event,
        measure: Callable[[str], AbstractContextManager[None]] = unmeasured,
    ) -> None:
        self.name = name
        self.slots = slots
        self._claim = claim
        self._work = work
        self._slot_freed = slot_freed
        self._measure = measure
        self._lock = threading.Lock()
        self._running: dict[Future[None], Task] = {}
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix=name)

    def claim_and_submit(self) -> int:
        """Claim tasks for the free slots and start them. Returns how many."""
        free = self.slots - len(self.running())
        if free <= 0:
            return 0
        tasks = self._claim(free)
        for task in tasks:
            future = self._threads.submit(self._run, task)
            with self._lock:
                self._running[future] = task
            future.add_done_callback(self._done)
        return len(tasks)

    def running(self) -> list[Task]:
        """Return the running tasks."""
        with self._lock:
            return list(self._running.values())

    def _run(self, task: Task) -> None:
        with self._measure(self.name):
            self._work(task)

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._running.pop(future, None)
        if (error := future.exception()) is not None:
            log.error("task_failed", pool=self.name, exc_info=error)
        self._slot_freed.set()
