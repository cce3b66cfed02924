"""What one process answered to webhooks, added to the counts of all every few seconds: no request waits for that."""

from __future__ import annotations

import threading
from collections import Counter

import redis
import structlog

from core.monitoring import webhook_health
from core.monitoring.webhook_health import Fate

log = structlog.get_logger(__name__)

_EVERY_SECONDS = 2.0


class Tally:
    """Its thread starts with the first webhook, so after any fork."""

    def __init__(self) -> None:
        self._counts: Counter[Fate] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._teller: threading.Thread | None = None

    def count(self, fate: Fate) -> None:
        """One more."""
        with self._lock:
            self._counts[fate] += 1
            if self._teller is None:
                self._teller = threading.Thread(target=self._tell_for_ever, name="tally", daemon=True)
                self._teller.start()

    def tell(self) -> None:
        """Add what was counted since the last time. What Redis does not take is left out: it would be old by then."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if counts:
            try:
                webhook_health.add(counts)
            except redis.RedisError as error:
                log.warning("webhooks_not_counted", error=type(error).__name__)

    def stop(self) -> None:
        """Tell the last and end the thread."""
        self._stopping.set()
        self.tell()

    def _tell_for_ever(self) -> None:
        while not self._stopping.wait(_EVERY_SECONDS):
            self.tell()
