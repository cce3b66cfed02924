"""Queries of the dead letters page and the webhook log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console import auth
from console.db import system_transaction
from core.messaging.inbound import dead_letters, webhook_log
from core.messaging.inbound.dead_letters import DeadItem
from core.messaging.inbound.webhook_log import Body, Posted


def dead(before_id: int | None) -> Sequence[DeadItem]:
    """Return the dead letters. Raises `NotAllowed`."""
    agent = auth.require(*auth.MANAGERS)
    with system_transaction() as session:
        return dead_letters.pending(session, agent.business_id, before_id)


def log_may_be_shown() -> bool:
    """Return whether raw events may be shown: only if all of them belong to this business. Raises `NotAllowed`."""
    auth.require(*auth.ADMINISTRATORS)
    with system_transaction() as session:
        return dead_letters.only_business(session)


def posted(
    source: str | None, outcome: str | None, since: datetime | None, before_id: int | None, limit: int
) -> Sequence[Posted]:
    """Return a page of the webhook log. Raises `NotAllowed`."""
    _own_log()
    with system_transaction() as session:
        return webhook_log.page(session, source=source, outcome=outcome, since=since, before_id=before_id, limit=limit)


def body(event_id: int) -> Body:
    """Return an event's raw body. Raises `NotAllowed`, `NotFound`."""
    _own_log()
    with system_transaction() as session:
        return webhook_log.body(session, event_id)


def _own_log() -> None:
    if not log_may_be_shown():
        raise auth.NotAllowed("This installation serves several businesses: its raw events are shown to none of them.")
