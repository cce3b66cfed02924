"""One round of polling, to its end."""

from __future__ import annotations

from core.messaging.inbound.polls import Poller


def poll_all() -> None:
    """Poll every channel that is due, as the scheduler does, and wait for all."""
    with Poller() as poller:
        poller.start_due()
