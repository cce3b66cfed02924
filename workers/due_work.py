"""One look at everything that waits to be done, cheap enough to repeat many times a second."""

from __future__ import annotations

from dataclasses import dataclass

from core.platform.db import quick_look

_LOOK = """
SELECT
    EXISTS (SELECT FROM webhook_events WHERE processed_at IS NULL),
    (SELECT extract(epoch FROM min(greatest(due_at, leased_until)) - now()) FROM reply_turns),
    (SELECT extract(epoch FROM min(next_attempt_at) - now()) FROM deliveries WHERE next_attempt_at IS NOT NULL),
    (SELECT extract(epoch FROM min(next_attempt_at) - now()) FROM attachments WHERE next_attempt_at IS NOT NULL),
    (SELECT extract(epoch FROM min(due_at) - now()) FROM errands WHERE due_at IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class DueWork:
    """What waits. Times are seconds from now until the first is due (negative: overdue), None where nothing waits."""

    events: bool
    turns_in: float | None
    sends_in: float | None
    files_in: float | None
    errands_in: float | None

    def within(self, seconds: float) -> bool:
        """Whether anything is due in that time."""
        waits = (self.turns_in, self.sends_in, self.files_in, self.errands_in)
        return self.events or any(wait is not None and wait <= seconds for wait in waits)


def look() -> DueWork:
    events, *waits = quick_look(_LOOK)
    return DueWork(events, *(None if wait is None else float(wait) for wait in waits))
