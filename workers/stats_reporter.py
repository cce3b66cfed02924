"""Counts the work of this process and saves the counts every few seconds. Counting costs no statement."""

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
from core.platform import metrics
from core.platform.db import system_transaction

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 10.0
_TASK_SECONDS = metrics.histogram(
    "task_seconds", "Duration of tasks by kind", "kind", buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
)
_TASKS_FAILED = metrics.counter("tasks_failed", "Tasks that raised an unexpected error, by kind", "kind")
_MAX_FAILURES = 20  # per flush: a bug in every task must not fill the database
_MAX_TRACE = 20_000  # characters
_MAX_ERROR = 500


class StatsReporter:
    """Collects counts and failures of tasks. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: dict[tuple[datetime, str, int], list[float]] = {}
        self._failures: list[tuple[str, str, str]] = []
        self._done = 0
        self._started_at = datetime.now(UTC)
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{int(self._started_at.timestamp())}"

    @contextmanager
    def measure(self, kind: str) -> Iterator[None]:
        """Count the enclosed task, with the traceback if it raises."""
        started = time.perf_counter()
        try:
            yield
        except BaseException as error:
            self.count(kind, time.perf_counter() - started, error)
            raise
        self.count(kind, time.perf_counter() - started)

    def count(self, kind: str, seconds: float, error: BaseException | None = None) -> None:
        """Count one task that has ended."""
        _TASK_SECONDS.labels(kind).observe(seconds)
        if error is not None:
            _TASKS_FAILED.labels(kind).inc()
        minute = datetime.now(UTC).replace(second=0, microsecond=0)
        key = (minute, kind, bisect.bisect_right(worker_stats.LIMITS, seconds * 1000))
        with self._lock:
            sums = self._counted.setdefault(key, [0, 0, 0.0])
            sums[0] += 1
            sums[2] += seconds
            self._done += 1
            if error is not None:
                sums[1] += 1
                if len(self._failures) < _MAX_FAILURES:
                    message = f"{type(error).__name__}: {error}"[:_MAX_ERROR]
                    trace = "".join(traceback.format_exception(error))[-_MAX_TRACE:]
                    self._failures.append((kind, message.replace("\0", ""), trace.replace("\0", "")))

    def flush(self, slots: Mapping[str, int], busy: Mapping[str, int]) -> None:
        """Save what was counted since the last flush; keep it for the next one if the database is away."""
        with self._lock:
            counted, self._counted = self._counted, {}
            failures, self._failures = self._failures, []
        memory = psutil.Process().memory_info().rss
        snapshot = WorkerSnapshot(self._worker, self._started_at, slots, busy, self._done, memory)
        rows = [TaskStats(*key, int(count), int(failed), seconds) for key, (count, failed, seconds) in counted.items()]
        try:
            with system_transaction() as session:
                worker_stats.report(session, snapshot, rows, failures)
        except SQLAlchemyError as error:
            log.warning("worker_stats_not_saved", error=type(error).__name__)
            self._restore(counted, failures)

    def _restore(
        self, counted: Mapping[tuple[datetime, str, int], list[float]], failures: list[tuple[str, str, str]]
    ) -> None:
        with self._lock:
            for key, sums in counted.items():
                newer = self._counted.setdefault(key, [0, 0, 0.0])
                self._counted[key] = [left + right for left, right in zip(newer, sums, strict=True)]
            self._failures = [*failures, *self._failures][:_MAX_FAILURES]

    def start(self, slots: Mapping[str, int], busy: Callable[[], Mapping[str, int]]) -> None:
        """Flush from a thread of its own for as long as the process lives."""

        def run() -> None:
            while True:
                self.flush(slots, busy())
                time.sleep(FLUSH_SECONDS)

        threading.Thread(target=run, name="stats", daemon=True).start()
