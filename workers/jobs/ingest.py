"""Store raw webhook events as messages of conversations."""

from __future__ import annotations

from core.messaging.inbound.ingest import BATCH, BatchRejected, receive_pending
from core.platform.db import system_transaction


def receive() -> int:
    """Store one batch of events. Returns how many; 0 while another process does so."""
    try:
        with system_transaction() as session:
            return receive_pending(session, BATCH)
    except BatchRejected:
        with system_transaction() as session:
            return receive_pending(session, BATCH, isolate_failures=True)
