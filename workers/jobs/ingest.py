"""Store raw webhook events as messages of conversations."""

from __future__ import annotations

from core.messaging.inbound.ingest import BATCH, Refused, receive_pending
from core.platform.db import system_transaction


def receive() -> int:
    """Store one batch of events. Returns how many; 0 while another process does so."""
    try:
        with system_transaction() as session:
            return receive_pending(session, BATCH)
    except Refused:
        with system_transaction() as session:
            return receive_pending(session, BATCH, carefully=True)
