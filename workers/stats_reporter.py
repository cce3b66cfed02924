"""Counts what this process does and tells it to the database now and then. Counting costs no statement."""

from __future__ import annotations

import bisect
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import psutil
import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.monitoring import worker_stats
from core.monitoring.worker_stats import TaskStats, WorkerSnapshot
from core.platform.db import system_transaction

log = structlog.get_logger(__name__)

TELL_SECONDS = 10.0
_MOST_FAILURES = 20  # between two tellings: a bug that strikes every task must not fill the database
_LONGEST_TRACE = 20_000  # characters
_LONGEST_ERROR = 500


class Meter:
    """Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: dict[tuple[datetime, str, int], list[float]] = {}
        self._failures: list[tuple[str, str, str]] = []
        self._done = 0
        self._started_at = datetime.now(UTC)
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{int(self._started_at.timestamp())}"

    @contextmanager
    def measure(self, kind: str) -> Iterator[None]:
        """Count what is done inside, and keep the traceback of what it raises."""
        begun = time.perf_counter()
        try:
            yield
        except BaseException as error:
            self.count(kind, time.perf_counter() - begun, error)
            raise
        self.count(kind, time.perf_counter() - begun)

    def count(self, kind: str, seconds: float, error: BaseException | None = None) -> None:
        """One task has ended."""
        minute = datetime.now(UTC).replace(second=0, microsecond=0)
        key = (minute, kind, bisect.bisect_right(worker_stats.LIMITS, seconds * 1000))
        with self._lock:
            sums = self._counted.setdefault(key, [0, 0, 0.0])
            sums[0] += 1
            sums[2] += seconds
            self._done += 1
            if error is not None:
                sums[1] += 1
                if len(self._failures) < _MOST_FAILURES:
                    said = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
                    trace = "".join(traceback.format_exception(error))[-_LONGEST_TRACE:]
                    self._failures.append((kind, said.replace("\0", ""), trace.replace("\0", "")))

    def tell(self, slots: Mapping[str, int], busy: Mapping[str, int]) -> None:
        """Write down what was counted since the last time. What cannot be written is told the next time."""
        with self._lock:
            counted, self._counted = self._counted, {}
            failures, self._failures = self._failures, []
        memory = psutil.Process().memory_info().rss
        told = WorkerSnapshot(self._worker, self._started_at, slots, busy, self._done, memory)
        rows = [TaskStats(*key, int(count), int(failed), seconds) for key, (count, failed, seconds) in counted.items()]
        try:
            with system_transaction() as session:
                worker_stats.report(session, told, rows, failures)
        except SQLAlchemyError as error:
            log.warning("work_not_told", error=type(error).__name__)
            self._take_back(counted, failures)

    def _take_back(
        self, counted: Mapping[tuple[datetime, str, int], list[float]], failures: list[tuple[str, str, str]]
    ) -> None:
        with self._lock:
            for key, sums in counted.items():
                kept = self._counted.setdefault(key, [0, 0, 0.0])
                self._counted[key] = [mine + theirs for mine, theirs in zip(kept, sums, strict=True)]
            self._failures = [*failures, *self._failures][:_MOST_FAILURES]

    def start_reporting(self, slots: Mapping[str, int], busy: Callable[[], Mapping[str, int]]) -> None:
        """Tell from a thread of its own for as long as the process lives."""

        def run() -> None:
            while True:
                self.tell(slots, busy())
                time.sleep(TELL_SECONDS)

        threading.Thread(target=run, name="meter", daemon=True).start()
