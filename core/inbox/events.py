"""Raw events: the group-committed write at the door, claiming them in order, and what could not be understood."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.db import run
from core.models import DeadLetter

_RECEIVE_LOCK = 4_207_002

_STORE = """
INSERT INTO webhook_events (source, digest, content_type, query, body, received_at)
SELECT * FROM unnest(%s::text[], %s::bytea[], %s::text[], %s::text[], %s::bytea[], %s::timestamptz[])
ON CONFLICT (digest) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class RawEvent:
    """A verified body on its way to the database."""

    source: str
    content_type: str
    query: str
    body: bytes
    received_at: datetime

    @property
    def digest(self) -> bytes:
        """What makes a redelivery recognisable: the same bytes through the same door."""
        head = f"{self.source}\0{self.query}\0".encode("utf-8", "surrogatepass")
        return hashlib.sha256(head + self.body).digest()


def store_raw(connection: psycopg.Connection[Any], events: Sequence[RawEvent]) -> None:
    """Write many events with one commit. A body that is already there is left alone, so this can be repeated."""
    columns = (
        [event.source for event in events],
        [event.digest for event in events],
        [event.content_type for event in events],
        [event.query for event in events],
        [event.body for event in events],
        [event.received_at for event in events],
    )
    connection.execute(_STORE, columns, binary=True)


def lock_receiving(session: Session) -> None:
    """Be the only transaction that receives, until commit.

    A conversation's messages are stored in the order they arrived, and nobody makes a contact twice; the rest wait
    here for the few milliseconds that takes. Batches make that faster than receivers side by side.
    """
    run(session, "SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _RECEIVE_LOCK})


class StoredEvent(NamedTuple):
    """A row of `webhook_events` that waits to be processed."""

    id: int
    source: str
    content_type: str
    query: str
    body: bytes
    received_at: datetime


def claim(session: Session, limit: int) -> Sequence[StoredEvent]:
    """The oldest unprocessed events, in order of arrival, marked as processed from the commit on.

    None while another transaction receives.
    """
    if not run(session, "SELECT pg_try_advisory_xact_lock(%(lock)s)", {"lock": _RECEIVE_LOCK}).scalar():
        return []
    return sorted(StoredEvent(*row) for row in run(session, _CLAIM, {"limit": limit}))


_CLAIM = """
UPDATE webhook_events SET processed_at = clock_timestamp() WHERE id IN (
    SELECT id FROM webhook_events WHERE processed_at IS NULL ORDER BY id LIMIT %(limit)s
)
RETURNING id, source, content_type, query, body, received_at
"""


def quarantine(session: Session, event_id: int, reason: str, raw: Any, business_id: int | None = None) -> None:
    """Keep an item that could not be processed, with its reason."""
    session.execute(
        insert(DeadLetter),
        [{"event_id": event_id, "business_id": business_id, "reason": reason[:2000], "raw": {"item": raw}}],
    )
