"""Limits on what unauthenticated requests can cause: log lines and database look-ups.

Authenticated requests are never refused by these limits: they may share an address with a flood, as behind a proxy.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

_MAX_ADDRESSES = 10_000  # a few hundred bytes each


class TokenBuckets:
    """A token bucket per address: `burst` at once, then `per_minute`. The least recently used address is dropped."""

    def __init__(self, burst: int, per_minute: float) -> None:
        self._burst = burst
        self._per_second = per_minute / 60
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when they were computed

    def take(self, address: str) -> bool:
        """Take a token. Returns False when there was none."""
        now = time.monotonic()
        with self._lock:
            tokens, counted = self._left.pop(address, (float(self._burst), now))
            tokens = min(self._burst, tokens + (now - counted) * self._per_second)
            enough = tokens >= 1
            self._left[address] = (tokens - 1 if enough else tokens, now)
            if len(self._left) > _MAX_ADDRESSES:
                self._left.popitem(last=False)
        return enough


class LogLimiter:
    """Bounds the log lines per minute, of each address and in total, and counts those left out."""

    def __init__(self, per_address: int = 10, total: int = 60) -> None:
        self._per_address = TokenBuckets(per_address, per_address)
        self._total = TokenBuckets(total, total)
        self._lock = threading.Lock()
        self._left_out = 0

    def take(self, address: str) -> int | None:
        """Return how many lines were left out since the last one; None when this one is to be left out."""
        allowed = self._per_address.take(address) and self._total.take("")
        with self._lock:
            if not allowed:
                self._left_out += 1
                return None
            left_out, self._left_out = self._left_out, 0
        return left_out
