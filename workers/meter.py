"""The meter of a worker process: counts in memory what its tasks cost, and reports it every few seconds.

A task costs a lock and an addition here, never a statement.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.config import get_settings
from core.db import system_transaction
from core.health import reports
from core.health.reports import Count, WorkerState

log = structlog.get_logger(__name__)
Task = TypeVar("Task")

_REPORT_SECONDS = 10.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LONGEST_FAILURE = 8_000  # characters of a traceback, its end


class Meter:
    """Counts the tasks of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[datetime, str, int], Count] = {}
        self._busy: Counter[str] = Counter()
        self._done = 0
        self._failed = 0
        self._failure: str | None = None
        self._ended = threading.Event()
        self._id = ""
        self._started_at = datetime.now(UTC)

    def start(self) -> None:
        """Report from now on. Call it in the process that works, after the fork."""
        self._id = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._started_at = datetime.now(UTC)
        threading.Thread(target=self._keep_reporting, name="meter", daemon=True).start()

    def end(self) -> None:
        """The last report of a process that ends because it was asked to."""
        self._ended.set()
        self.report()
        try:
            with system_transaction() as session:
                reports.end_worker(session, self._id)
        except SQLAlchemyError as error:
            log.warning("meter_not_reported", error=type(error).__name__)

    def timed(self, kind: str, work: Callable[[Task], None]) -> Callable[[Task], None]:
        """`work`, measured. What it raises is noted and raised on."""

        def measured(task: Task) -> None:
            began = time.monotonic()
            with self._lock:
                self._busy[kind] += 1
            failure = None
            try:
                work(task)
            except Exception:
                failure = traceback.format_exc()
                raise
            finally:
                with self._lock:
                    self._busy[kind] -= 1
                self.note(kind, time.monotonic() - began, failure=failure)

        return measured

    def note(self, kind: str, seconds: float, *, number: int = 1, failure: str | None = None) -> None:
        """Count `number` tasks that ended together after `seconds`; each had its share of them."""
        each = seconds / number
        key = (datetime.now(UTC).replace(second=0, microsecond=0), kind, reports.bucket_of(each))
        with self._lock:
            count = self._counts.setdefault(key, Count())
            count.count += number
            count.seconds += seconds
            self._done += number
            if failure is not None:
                count.failed += 1
                self._failed += 1
                self._failure = failure[-_LONGEST_FAILURE:].replace("\x00", "")

    def report(self) -> None:
        """Write what was counted since the last time. What cannot be written is kept for the next."""
        with self._lock:
            counts, self._counts = self._counts, {}
            state = self._state()
        try:
            with system_transaction() as session:
                reports.report(session, state, counts)
        except SQLAlchemyError as error:
            log.warning("meter_not_reported", error=type(error).__name__)
            self._keep(counts)

    def _keep(self, counts: dict[tuple[datetime, str, int], Count]) -> None:
        with self._lock:
            for key, one in counts.items():
                kept = self._counts.setdefault(key, Count())
                kept.count += one.count
                kept.failed += one.failed
                kept.seconds += one.seconds

    def _state(self) -> WorkerState:
        doing = {kind: number for kind, number in self._busy.items() if number}
        slots = get_settings().worker_slots
        return WorkerState(
            id=self._id,
            host=socket.gethostname(),
            pid=os.getpid(),
            started_at=self._started_at,
            slots=slots + max(2, slots // 2),
            busy=doing.get("replies", 0) + doing.get("sending", 0),
            doing=", ".join(f"{kind} {number}" for kind, number in sorted(doing.items())),
            rss_bytes=int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES,
            done=self._done,
            failed=self._failed,
            failure=self._failure,
        )

    def _keep_reporting(self) -> None:
        while not self._ended.is_set():
            self.report()
            self._ended.wait(_REPORT_SECONDS)


meter = Meter()
