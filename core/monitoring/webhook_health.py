"""How the webhooks of the last five minutes were answered: counts in Redis, a few seconds of every web process at once.

They are gone with Redis, which is no loss: nothing rests on them but a figure.
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
FEW = 0.99  # of the webhooks answered well: with fewer, some are lost or come again
TOO_FEW = 0.9  # and with fewer still, something is wrong


@dataclass(frozen=True, slots=True)
class Answered:
    """`stored`: answered with 200. `refused`: nobody's we know, or unreadable. `failed`: we could not store them."""

    stored: int
    refused: int
    failed: int

    @property
    def all(self) -> int:
        return self.stored + self.refused + self.failed

    @property
    def share(self) -> float | None:
        """The part that was answered well; None where none came."""
        return self.stored / self.all if self.all else None

    @property
    def grade(self) -> Literal["none", "well", "few", "too_few"]:
        if self.share is None:
            return "none"
        return "too_few" if self.share < TOO_FEW else "few" if self.share < FEW else "well"


def add(counts: Mapping[Fate, int]) -> None:
    """Count these as answered now. Raises `redis.RedisError`."""
    key = f"{KEY}{int(time.time()) // _SLICE}"
    with job_queue.connection().pipeline(transaction=False) as pipe:
        for fate, count in counts.items():
            pipe.hincrby(key, fate, count)
        pipe.expire(key, SECONDS + 2 * _SLICE)
        pipe.execute()


def lately() -> Answered | None:
    """How those of the last five minutes were answered; None while Redis is away."""
    now = int(time.time()) // _SLICE
    try:
        with job_queue.connection().pipeline(transaction=False) as pipe:
            for ago in range(SECONDS // _SLICE):
                pipe.hmget(f"{KEY}{now - ago}", "stored", "refused", "failed")
            found = pipe.execute()
    except redis.RedisError:
        return None
    return Answered(*(sum(int(counts[place] or 0) for counts in found) for place in range(3)))
