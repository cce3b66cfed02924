"""Queue replies, and claim and send them as a worker does."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import rq

from core.channels.types import Sent
from core.messaging.outbound import claim as claims
from core.messaging.outbound import results
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Sender
from core.platform import job_queue
from core.platform.db import system_transaction, transaction
from tests.support.database import rows

LEASE = timedelta(seconds=10)


def say(
    business_id: int, conversation_id: int, words: str = "Buenas", *, sender: Sender = Sender.AGENT, **more: Any
) -> list[int]:
    """Queue a text. Returns the messages' ids."""
    draft = NewMessage(content={"type": "text", "text": words}, sender=sender, **more)
    with transaction(business_id) as session:
        return enqueue_message(session, conversation_id, draft)


def claim(limit: int = 10, lease_for: timedelta = LEASE) -> list[claims.Claimed]:
    with system_transaction() as session:
        return claims.claim(session, limit, uuid.uuid4(), lease_for)


def claim_one() -> claims.Claimed:
    (claimed,) = claim(1)
    return claimed


def send_all() -> None:
    """Send what is due; the provider accepts it."""
    for claimed in claim():
        with transaction(claimed.business_id) as session:
            results.record_sent(session, [(claimed, Sent(f"wamid.{claimed.message_id}"))])


def wake_ups() -> int:
    """Return how many jobs wait for a worker."""
    return int(rq.Queue(job_queue.QUEUE, connection=job_queue.connection()).count)


def ids(claimed: Sequence[claims.Claimed]) -> list[int]:
    return [one.message_id for one in claimed]


def stored_message(message_id: int) -> Any:
    """Return a message with its delivery."""
    (row,) = rows(
        "SELECT m.*, d.attempts, d.lease, d.leased_until, d.next_attempt_at, d.uncertain_since FROM messages m"
        " LEFT JOIN deliveries d ON d.message_id = m.id WHERE m.id = :id",
        id=message_id,
    )
    return row


def due_now() -> None:
    """Make every waiting message due."""
    rows("UPDATE deliveries SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL")
