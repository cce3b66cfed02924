"""The sweep: finds every few seconds what a lost bell or a dead worker left behind."""

from __future__ import annotations

import structlog

from core.conversations import lifecycle as conversations
from core.conversations import triage
from core.messaging.inbound import delivery_receipts
from core.messaging.outbound import claim as outbox
from core.messaging.outbound import settlement, uncertain
from core.platform import job_queue
from core.platform.config import get_settings
from core.platform.db import system_transaction
from workers import due_work

log = structlog.get_logger(__name__)

_ABANDONED_SECONDS = 30.0


def sweep() -> None:
    """One round. Each part is a transaction of its own and safe to run twice, or on two machines at once."""
    settings = get_settings()
    with system_transaction() as session:
        if expired := outbox.expire_leases(session):
            log.warning("sends_uncertain", count=len(expired))
    with system_transaction() as session:
        delivery_receipts.match_waiting(session)
    with system_transaction() as session:
        settlement.hand_off_uncertain_sends(session, settings.uncertain_grace_seconds)
    with system_transaction() as session:
        uncertain.tell(session, settings.uncertain_grace_seconds)
    with system_transaction() as session:
        conversations.hand_off_unanswered(session, _ABANDONED_SECONDS + settings.reply_quiet_seconds)
    with system_transaction() as session:
        triage.unsnooze_due(session)
    if due_work.look().within(0):
        job_queue.wake_worker()
