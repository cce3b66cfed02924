"""Webhook responses of the last five minutes, counted in Redis by all web processes.

Losing the counts with Redis is acceptable: only a figure in the console depends on them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import redis

from core.platform import job_queue

Fate = Literal["stored", "refused", "failed"]

SECONDS = 300
_SLICE = 10  # seconds that one count covers
KEY = "bothub:webhooks:"
FEW = 0.99  # share of webhooks stored, below which some are lost or redelivered
TOO_FEW = 0.9  # and below which the service is failing


@dataclass(frozen=True, slots=True)
class Answered:
    """`stored`: answered with 200. `refused`: unknown sender or unreadable. `failed`: could not be stored."""

    stored: int
    refused: int
    failed: int

    @property
    def all(self) -> int:
        """All webhooks."""
        return self.stored + self.refused + self.failed

    @property
    def share(self) -> float | None:
        """The share that was stored, 0 to 1; None without webhooks."""
        return self.stored / self.all if self.all else None

    @property
    def grade(self) -> Literal["none", "well", "few", "too_few"]:
        """The health that the console displays."""
        if self.share is None:
            return "none"
        return "too_few" if self.share < TOO_FEW else "few" if self.share < FEW else "well"


def add(counts: Mapping[Fate, int]) -> None:
    """Add to the counts of the current slice. Raises `redis.RedisError`."""
    key = f"{KEY}{int(time.time()) // _SLICE}"
    with job_queue.connection().pipeline(transaction=False) as pipe:
        for fate, count in counts.items():
            pipe.hincrby(key, fate, count)
        pipe.expire(key, SECONDS + 2 * _SLICE)
        pipe.execute()


def lately() -> Answered | None:
    """Return the counts of the last five minutes; None while Redis is unavailable."""
    now = int(time.time()) // _SLICE
    try:
        with job_queue.connection().pipeline(transaction=False) as pipe:
            for ago in range(SECONDS // _SLICE):
                pipe.hmget(f"{KEY}{now - ago}", "stored", "refused", "failed")
            slices = pipe.execute()
    except redis.RedisError:
        return None
    return Answered(*(sum(int(counts[column] or 0) for counts in slices) for column in range(3)))
