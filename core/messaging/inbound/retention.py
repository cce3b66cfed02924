"""Retention of raw events: long enough to replay them, and past Meta's seven days of redelivery."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select

from core.models import DeadLetter, WebhookEvent
from core.platform.db import system_transaction

KEEP = timedelta(days=30)
_BATCH = 5_000


def delete_old_events() -> int:
    """Delete processed events older than `KEEP`, except those with pending dead letters. Returns how many."""
    deleted = 0
    while True:
        with system_transaction() as session:
            pending = select(DeadLetter.event_id).where(DeadLetter.replayed_at.is_(None))
            old = (
                select(WebhookEvent.id)
                .where(
                    WebhookEvent.processed_at.is_not(None),
                    WebhookEvent.received_at < func.now() - KEEP,
                    WebhookEvent.id.not_in(pending),
                )
                .order_by(WebhookEvent.id)
                .limit(_BATCH)
            )
            rows = session.execute(
                delete(WebhookEvent).where(WebhookEvent.id.in_(old.scalar_subquery())).returning(WebhookEvent.id)
            ).all()
        deleted += len(rows)
        if len(rows) < _BATCH:
            return deleted
