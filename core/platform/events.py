"""Change events for open consoles, published with Postgres NOTIFY after the commit.

A notification carries ids and agents' names, never message content. It may be lost (no listener, broken connection,
killed process): the console also reloads its data after reconnecting and periodically. It is not sent inside the
writing transaction, because NOTIFY serializes commits; a thread collects changes and sends them a moment later.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass

import psycopg
import structlog
from sqlalchemy.orm import Session

from core.platform.config import get_settings
from core.platform.scope import current_scope

log = structlog.get_logger(__name__)

TOPIC = "bothub_live"
ALL_AGENTS = 0
_PENDING = "live"
_BATCH_SECONDS = 0.03
_SEND = "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a conversation; `conversation_id` 0 stands for the whole list.

    `needs_agent`: the customer needs a person, the agent with this id, or any agent (`ALL_AGENTS`).
    """

    business_id: int
    conversation_id: int
    needs_agent: int | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """An agent has opened a conversation (`here`), perhaps types, or has left it. `name` is shown to other agents."""

    business_id: int
    conversation_id: int
    agent_id: int
    name: str
    typing: bool
    here: bool = True


def publish_change(session: Session, conversation_id: int, needs_agent: int | None = None) -> None:
    """Publish a change of a conversation or its messages once this transaction has committed."""
    publish(session, Change(current_scope(session).business_id, conversation_id, needs_agent))


def publish(session: Session, change: Change) -> None:
    """Publish a change from work across businesses."""
    session.info.setdefault(_PENDING, {})[change] = None


def flush_after_commit(session: Session) -> None:
    """Publish the changes recorded by this session; called after commit (`core.platform.db`)."""
    if changes := session.info.pop(_PENDING, None):
        _publisher.add(changes, get_settings().database_url)


def publish_presence(presence: Presence) -> None:
    """Publish which agent has a conversation open. Nothing is stored: listeners drop it after a while."""
    _publisher.add([presence], get_settings().database_url)


def parse(payload: str) -> Change | Presence | None:
    """Parse a notification; None when it is not ours (any client of the database can send one)."""
    try:
        match json.loads(payload):
            case [int(business_id), int(conversation_id), int() | None as needs_agent]:
                return Change(business_id, conversation_id, needs_agent)
            case [int(business_id), int(conversation_id), int(agent_id), str(name), bool(typing), bool(here)]:
                return Presence(business_id, conversation_id, agent_id, name, typing, here)
    except ValueError:
        pass
    return None


class _Publisher:
    """One thread and one connection, started with the first change."""

    def __init__(self) -> None:
        self._changes: dict[Change | Presence, None] = {}  # an ordered set
        self._waiting = threading.Condition()
        self._thread: threading.Thread | None = None
        self._connection: psycopg.Connection | None = None
        self._url = ""

    def add(self, changes: Iterable[Change | Presence], url: str) -> None:
        with self._waiting:
            self._changes |= dict.fromkeys(changes)
            if url != self._url:
                self._url, self._connection = url, None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
            self._waiting.notify()

    def _run(self) -> None:
        while True:
            with self._waiting:
                while not self._changes:
                    self._waiting.wait()
            time.sleep(_BATCH_SECONDS)
            with self._waiting:
                changes, self._changes = self._changes, {}
            payloads = [json.dumps(astuple(change)) for change in changes]
            for _ in range(2):  # a connection that broke while it was idle is replaced
                try:
                    self._send(payloads)
                    break
                except psycopg.Error as error:
                    self._connection = None
                    log.info("changes_not_published", count=len(changes), error=type(error).__name__)

    def _send(self, payloads: list[str]) -> None:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=2)
        self._connection.execute(_SEND, [TOPIC, payloads])


_publisher = _Publisher()
