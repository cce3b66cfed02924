"""The sweep: finds every few seconds what a lost bell or a dead worker left behind."""

from __future__ import annotations

import structlog

from core import agenda, bell
from core.config import get_settings
from core.conversations import service as conversations
from core.conversations import triage
from core.db import system_transaction
from core.inbox import receipts
from core.outbox import claim as outbox
from core.outbox import settlement, uncertainty

log = structlog.get_logger(__name__)

_ABANDONED_SECONDS = 30.0


def sweep() -> None:
    """One round. Each part is a transaction of its own and safe to run twice, or on two machines at once."""
    settings = get_settings()
    with system_transaction() as session:
        if expired := outbox.expire_leases(session):
            log.warning("sends_uncertain", count=len(expired))
    with system_transaction() as session:
        receipts.match_waiting(session)
    with system_transaction() as session:
        settlement.own_uncertain(session, settings.uncertain_grace_seconds)
    with system_transaction() as session:
        uncertainty.tell(session, settings.uncertain_grace_seconds)
    with system_transaction() as session:
        conversations.own_abandoned(session, _ABANDONED_SECONDS + settings.reply_quiet_seconds)
    with system_transaction() as session:
        triage.wake_due(session)
    if agenda.look().within(0):
        bell.ring()
