"""What pages read. Every read asks who is looking and opens one short transaction of their business."""

from __future__ import annotations

from console import auth
from core.conversations import thread as threads
from core.conversations.thread import Row, Thread, View
from core.db import transaction
from core.errors import NotFound
from core.people import sessions
from core.people.sessions import OpenSession


def rows(view: View) -> list[Row]:
    """The conversations of a view."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        return threads.rows(session, view, agent.id)


def counts() -> dict[View, int]:
    """How many open conversations each view holds."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        return threads.counts(session, agent.id)


def thread(conversation_id: int, limit: int) -> Thread | None:
    """One conversation; None when there is no such one in this business."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        try:
            return threads.read(session, conversation_id, limit)
        except NotFound:
            return None


def open_sessions() -> list[OpenSession]:
    """Where this person is signed in."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        return sessions.sessions_of(session, agent.id)
