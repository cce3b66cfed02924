"""Telling open consoles what changed, with Postgres NOTIFY after the commit.

A notification carries ids and colleagues' names, never what was written. It may be lost (nobody listens, the connection
broke, this process died): who shows data reads it again after reconnecting and now and then anyway. It is not sent
inside the writing transaction, for NOTIFY makes commits wait for each other; a thread of this process gathers what
changed and sends it a moment later.
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

log = structlog.get_logger(__name__)

TOPIC = "bothub_live"
ANYBODY = 0
_NOTED = "live"
_GATHER_SECONDS = 0.03
_SEND = "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload"


@dataclass(frozen=True, slots=True)
class Change:
    """Something in this conversation looks different now.

    `calls`: its customer needs a person, the agent of this id or, with `ANYBODY`, whoever is there.
    """

    business_id: int
    conversation_id: int
    calls: int | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody looks at this conversation (`here`), perhaps typing, or has just left it. `name` is for colleagues."""

    business_id: int
    conversation_id: int
    agent_id: int
    name: str
    typing: bool
    here: bool = True


def notify(session: Session, business_id: int, conversation_id: int, calls: int | None = None) -> None:
    """Announce a change of a conversation or its messages once this transaction has committed."""
    session.info.setdefault(_NOTED, {})[Change(business_id, conversation_id, calls)] = None


def committed(session: Session) -> None:
    """What this session noted is true now. Called where transactions end (`core.platform.db`)."""
    if changes := session.info.pop(_NOTED, None):
        _announcer.add(changes, get_settings().database_url)


def tell(presence: Presence) -> None:
    """Announce who looks at a conversation. Nothing is stored: who hears it forgets it after a while."""
    _announcer.add([presence], get_settings().database_url)


def parse(payload: str) -> Change | Presence | None:
    """What a notification says; None when it is not one of ours (anybody with the database's password can send)."""
    try:
        match json.loads(payload):
            case [int(business_id), int(conversation_id), int() | None as calls]:
                return Change(business_id, conversation_id, calls)
            case [int(business_id), int(conversation_id), int(agent_id), str(name), bool(typing), bool(here)]:
                return Presence(business_id, conversation_id, agent_id, name, typing, here)
    except ValueError:
        pass
    return None


class _Announcer:
    """One thread and one connection, begun with the first change."""

    def __init__(self) -> None:
        self._changes: dict[Change | Presence, None] = {}  # a set that keeps its order
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
            time.sleep(_GATHER_SECONDS)
            with self._waiting:
                changes, self._changes = self._changes, {}
            try:
                self._send([json.dumps(astuple(change)) for change in changes])
            except psycopg.Error as error:
                self._connection = None
                log.info("live_not_sent", count=len(changes), error=type(error).__name__)

    def _send(self, payloads: list[str]) -> None:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=2)
        self._connection.execute(_SEND, [TOPIC, payloads])


_announcer = _Announcer()
