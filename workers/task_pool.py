"""A crew: a fixed number of slots that do one kind of work, each task claimed only when a slot is free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, TypedDict, TypeVar

import structlog

log = structlog.get_logger(__name__)
Task = TypeVar("Task")


class Shared(TypedDict):
    """What the crews of a process have in common."""

    freed: threading.Event
    measure: Callable[[str], AbstractContextManager[None]]


def unmeasured(_: str) -> AbstractContextManager[None]:
    return nullcontext()


class TaskPool(Generic[Task]):
    """Runs `work(task)` on threads for what `claim(free_slots)` gives.

    A task that raises is a bug: it is logged with its traceback, its claim runs out, and the row is found again.
    """

    def __init__(
        self,
        name: str,
        slots: int,
        claim: Callable[[int], Sequence[Task]],
        work: Callable[[Task], None],
        *,
        freed: threading.Event,
        measure: Callable[[str], AbstractContextManager[None]] = unmeasured,
    ) -> None:
        self.name = name
        self.slots = slots
        self._claim = claim
        self._work = work
        self._freed = freed
        self._measure = measure
        self._lock = threading.Lock()
        self._in_hand: dict[Future[None], Task] = {}
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix=name)

    def take_on(self) -> int:
        """Claim as much as there are free slots and start on it. Returns how many tasks that were."""
        free = self.slots - len(self.in_hand())
        if free <= 0:
            return 0
        tasks = self._claim(free)
        for task in tasks:
            future = self._threads.submit(self._do, task)
            with self._lock:
                self._in_hand[future] = task
            future.add_done_callback(self._done)
        return len(tasks)

    def in_hand(self) -> list[Task]:
        """What is being worked on now."""
        with self._lock:
            return list(self._in_hand.values())

    def _do(self, task: Task) -> None:
        with self._measure(self.name):
            self._work(task)

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._in_hand.pop(future, None)
        if (error := future.exception()) is not None:
            log.error("task_failed", crew=self.name, exc_info=error)
        self._freed.set()
