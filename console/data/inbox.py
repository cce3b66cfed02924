"""What the inbox reads."""

from __future__ import annotations

from console import auth
from core.conversations import listing
from core.conversations import thread as threads
from core.conversations.listing import Row, View
from core.conversations.thread import Thread
from core.db import transaction
from core.errors import NotFound


def rows(view: View) -> list[Row]:
    """The conversations of a view."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        return listing.rows(session, view, agent.id)


def counts() -> dict[View, int]:
    """How many open conversations each view holds."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        return listing.counts(session, agent.id)


def thread(conversation_id: int, limit: int) -> Thread | None:
    """One conversation; None when there is no such one in this business."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        try:
            return threads.read(session, conversation_id, limit)
        except NotFound:
            return None
