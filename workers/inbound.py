"""Raw events into conversations."""

from __future__ import annotations

from core.db import system_transaction
from core.inbox.receive import BATCH, receive_pending


def receive() -> int:
    """Store one batch of events. Returns how many; a full batch means that there may be more."""
    with system_transaction() as session:
        return receive_pending(session, BATCH)
