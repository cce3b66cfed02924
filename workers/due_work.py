"""One check of everything that waits to be done, cheap enough to repeat many times a second."""

from __future__ import annotations

from dataclasses import dataclass

from core.platform.db import poll_row

_CHECK = """
SELECT
    EXISTS (SELECT FROM webhook_events WHERE processed_at IS NULL),
    (SELECT extract(epoch FROM min(greatest(due_at, leased_until)) - now()) FROM pending_replies),
    (SELECT extract(epoch FROM min(next_attempt_at) - now()) FROM deliveries WHERE next_attempt_at IS NOT NULL),
    (SELECT extract(epoch FROM min(next_attempt_at) - now()) FROM attachments WHERE next_attempt_at IS NOT NULL),
    (SELECT extract(epoch FROM min(due_at) - now()) FROM background_tasks WHERE due_at IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class DueWork:
    """Pending work. Times are seconds until the first item is due (negative: overdue), None where nothing waits."""

    events: bool
    replies_in: float | None
    sends_in: float | None
    files_in: float | None
    tasks_in: float | None

    def due_within(self, seconds: float) -> bool:
        """Whether anything is due within that time."""
        waits = (self.replies_in, self.sends_in, self.files_in, self.tasks_in)
        return self.events or any(wait is not None and wait <= seconds for wait in waits)


def check() -> DueWork:
    """Read what is pending."""
    events, *waits = poll_row(_CHECK)
    return DueWork(events, *(None if wait is None else float(wait) for wait in waits))
