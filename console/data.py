"""What pages read. Every read asks who is looking and opens one short transaction of their business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console import auth
from core.conversations import thread as threads
from core.conversations.thread import Row, Thread, View
from core.db import transaction
from core.errors import NotFound
from core.people import sessions
from core.people.sessions import OpenSession


@dataclass(frozen=True, slots=True)
class Inbox:
    """The list of conversations, and how many each view holds."""

    rows: Sequence[Row]
    counts: dict[View, int]


def inbox(view: View) -> Inbox:
    agent = auth.require()
    with transaction(agent.business_id) as session:
        return Inbox(threads.rows(session, view, agent.id), threads.counts(session, agent.id))


def waiting() -> int:
    """How many customers wait for a person."""
    agent = auth.require()
    with transaction(agent.business_id) as session:
        return threads.counts(session, agent.id)[View.WAITING]


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
