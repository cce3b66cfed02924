"""How long news that nobody waits for may wait: the lists of many browsers must not take a process's whole time."""

from __future__ import annotations

import asyncio
import time

SHORTEST, LONGEST = 0.15, 4.0  # seconds
_BUSY = 0.6  # of a core: what agents click on needs the rest
_STEP = 1.5
_LOOK_EVERY_SECONDS = 0.5


class Pace:
    """`seconds` is what lies between two redraws of a list, at least."""

    def __init__(self) -> None:
        self.seconds = SHORTEST

    async def follow(self) -> None:
        """Keep to what this process has to do, for as long as it lives."""
        while True:
            spent, since = time.process_time(), time.monotonic()
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            self.adjust((time.process_time() - spent) / (time.monotonic() - since))

    def adjust(self, share: float) -> None:
        """Wait longer when the process took more than its share of a core, and less again when it did not."""
        self.seconds = min(LONGEST, max(SHORTEST, self.seconds * (_STEP if share > _BUSY else 1 / _STEP)))
