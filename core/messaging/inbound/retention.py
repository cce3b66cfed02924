"""How long raw events are kept: long enough to replay them, and past Meta's seven days of redelivery."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select

from core.models import DeadLetter, WebhookEvent
from core.platform.db import system_transaction

KEEP = timedelta(days=30)
_AT_ONCE = 5_000


def forget_old_events() -> int:
    """Delete processed events older than `KEEP`, except those with dead letters that nobody has replayed."""
    forgotten = 0
    while True:
        with system_transaction() as session:
            unsolved = select(DeadLetter.event_id).where(DeadLetter.replayed_at.is_(None))
            old = (
                select(WebhookEvent.id)
                .where(
                    WebhookEvent.processed_at.is_not(None),
                    WebhookEvent.received_at < func.now() - KEEP,
                    WebhookEvent.id.not_in(unsolved),
                )
                .order_by(WebhookEvent.id)
                .limit(_AT_ONCE)
            )
            rows = session.execute(
                delete(WebhookEvent)
                .where(WebhookEvent.id.in_(old.scalar_subquery()))
                .returning(WebhookEvent.id)
                .execution_options(synchronize_session=False)
            ).all()
        forgotten += len(rows)
        if len(rows) < _AT_ONCE:
            return forgotten
