"""How much of what strangers cause is done: lines in the log, and looks at the database.

What is genuine is never refused by these limits: a genuine request may come from the same address as a flood, as all do
that pass one proxy.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

_MOST_ADDRESSES = 10_000  # a few hundred bytes each


class Buckets:
    """A token bucket for each address: `burst` at once, then `per_minute`. The least recent address is forgotten."""

    def __init__(self, burst: int, per_minute: float) -> None:
        self._burst = burst
        self._per_second = per_minute / 60
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted

    def take(self, address: str) -> bool:
        """Whether there was one left."""
        now = time.monotonic()
        with self._lock:
            tokens, counted = self._left.pop(address, (float(self._burst), now))
            tokens = min(self._burst, tokens + (now - counted) * self._per_second)
            enough = tokens >= 1
            self._left[address] = (tokens - 1 if enough else tokens, now)
            if len(self._left) > _MOST_ADDRESSES:
                self._left.popitem(last=False)
        return enough


class Lines:
    """Lets a bounded number of lines a minute into the log, of each address and of all, and counts the others."""

    def __init__(self, of_each: int = 10, of_all: int = 60) -> None:
        self._each = Buckets(of_each, of_each)
        self._all = Buckets(of_all, of_all)
        self._lock = threading.Lock()
        self._left_out = 0

    def take(self, address: str) -> int | None:
        """How many lines were left out since the last one; None for one that is left out itself."""
        allowed = self._each.take(address) and self._all.take("")
        with self._lock:
            if not allowed:
                self._left_out += 1
                return None
            left_out, self._left_out = self._left_out, 0
        return left_out
