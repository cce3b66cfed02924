"""Recovery: finds every few seconds what a lost wake-up or a dead worker left unfinished."""

from __future__ import annotations

import structlog

from core.conversations import lifecycle as conversations
from core.conversations import triage
from core.messaging.inbound import delivery_receipts
from core.messaging.outbound import claim as outbox
from core.messaging.outbound import settlement
from core.platform import job_queue
from core.platform.config import get_settings
from core.platform.db import system_transaction
from workers import due_work

log = structlog.get_logger(__name__)

_UNANSWERED_SECONDS = 30.0


def recover() -> None:
    """Run once. Each step is its own transaction and safe to run twice, or on two machines at once."""
    settings = get_settings()
    with system_transaction() as session:
        if expired := outbox.expire_leases(session):
            log.warning("sends_uncertain", count=len(expired))
    with system_transaction() as session:
        delivery_receipts.match_waiting(session)
    with system_transaction() as session:
        settlement.hand_off_uncertain_sends(session, settings.uncertain_grace_seconds)
    with system_transaction() as session:
        settlement.notify_of_uncertain(session, settings.uncertain_grace_seconds)
    with system_transaction() as session:
        conversations.hand_off_unanswered(session, _UNANSWERED_SECONDS + settings.reply_quiet_seconds)
    with system_transaction() as session:
        triage.unsnooze_due(session)
    if due_work.check().due_within(0):
        job_queue.wake_worker()
