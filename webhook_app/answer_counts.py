"""Counts of webhook answers per process, added to the shared counts every few seconds, outside requests."""

from __future__ import annotations

import threading
from collections import Counter

import redis
import structlog

from core.monitoring import webhook_health
from core.monitoring.webhook_health import Fate

log = structlog.get_logger(__name__)

_FLUSH_SECONDS = 2.0


class AnswerCounter:
    """Counts answers. Its thread starts with the first webhook, so after any fork."""

    def __init__(self) -> None:
        self._counts: Counter[Fate] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def count(self, fate: Fate) -> None:
        """Count one answer."""
        with self._lock:
            self._counts[fate] += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._flush_forever, name="answer-counts", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Add the counts since the last flush. They are dropped when Redis is away: they would be outdated later."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if counts:
            try:
                webhook_health.add(counts)
            except redis.RedisError as error:
                log.warning("webhooks_not_counted", error=type(error).__name__)

    def stop(self) -> None:
        """Flush and end the thread."""
        self._stopping.set()
        self.flush()

    def _flush_forever(self) -> None:
        while not self._stopping.wait(_FLUSH_SECONDS):
            self.flush()
