"""Raw webhook events: group-committed insert, claim in order, and dead letters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from sqlalchemy.orm import Session

from core.channels import json_sanitizer
from core.platform.db import run, single_statement

_RECEIVE_LOCK = 4_207_002
MAX_ATTEMPTS = 3  # once in a batch, twice alone; then the event is quarantined
_MOST_BYTES = 1024 * 1024  # of bodies in one transaction, besides the first
_MOST_RAW = 200_000  # characters of an item stored with its reason: the event has all of it

_STORE = """
INSERT INTO webhook_events (source, digest, content_type, query, body, received_at, signed_by)
SELECT source, digest, content_type, query, body, received_at, signed_by::bigint[]
FROM unnest(%s::text[], %s::bytea[], %s::text[], %s::text[], %s::bytea[], %s::timestamptz[], %s::text[])
    AS event (source, digest, content_type, query, body, received_at, signed_by)
ON CONFLICT (digest) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class RawEvent:
    """A verified webhook body to be stored.

    `signed_by`: the channels whose secret signed it, 0 for the secret of the settings; None when unknown.
    """

    source: str
    content_type: str
    query: str
    body: bytes
    received_at: datetime
    signed_by: tuple[int, ...] | None = None

    @property
    def digest(self) -> bytes:
        """Return the key that identifies a redelivery: same bytes, same signer, same endpoint.

        Without the signer a forged copy that came first would block the genuine one.
        """
        signers = "" if self.signed_by is None else f"{self._signers}\0"
        head = f"{self.source}\0{self.query}\0{signers}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(head + self.body).digest()

    @property
    def _signers(self) -> str | None:
        """Return the signers as a Postgres array literal: arrays of different lengths cannot be sent as one array."""
        return None if self.signed_by is None else "{" + ",".join(map(str, self.signed_by)) + "}"


def store_raw(connection: psycopg.Connection[Any], events: Sequence[RawEvent]) -> None:
    """Insert many events in one commit. A body already stored is skipped, so this can be repeated."""
    columns = (
        [event.source for event in events],
        [event.digest for event in events],
        [event.content_type for event in events],
        [event.query for event in events],
        [event.body for event in events],
        [event.received_at for event in events],
        [event._signers for event in events],
    )
    connection.execute(_STORE, columns, binary=True)


def lock_receiving(session: Session) -> None:
    """Take the receive lock until commit: one transaction receives at a time.

    This stores a conversation's messages in order of arrival and prevents duplicate contacts. Others wait a few
    milliseconds, and batches are faster than parallel receivers.
    """
    run(session, "SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _RECEIVE_LOCK})


class StoredEvent(NamedTuple):
    """An unprocessed row of `webhook_events`."""

    id: int
    source: str
    content_type: str
    query: str
    body: bytes
    received_at: datetime
    signed_by: list[int] | None


def claim(session: Session, limit: int, *, again: bool = False) -> Sequence[StoredEvent]:
    """Return the oldest unprocessed events, in order of arrival, marked as processed on commit.

    Empty while another transaction receives, or when the oldest event must be processed alone (`claim_alone`). `again`:
    the last transaction was rolled back on purpose.

    A sequence holds the first event of the last claiming transaction. It is not rolled back, so finding that event
    unprocessed means that a worker was killed, timed out or failed while processing it.
    """
    if not _lock(session):
        return []
    taken = run(session, _CLAIM, {"limit": limit, "bytes": _MOST_BYTES, "again": again}).all()
    return sorted(StoredEvent(*row[:-1]) for row in taken)


_CLAIM = """
WITH oldest AS (
    SELECT id, attempts, octet_length(body) AS bytes FROM webhook_events
    WHERE processed_at IS NULL ORDER BY id LIMIT %(limit)s
), waiting AS (
    SELECT id, bool_and(attempts = 0) OVER (ORDER BY id) AS clear, sum(bytes) OVER (ORDER BY id) - bytes AS before
    FROM oldest
), last AS (
    SELECT last_value AS id FROM receiving_from WHERE is_called
), taken AS MATERIALIZED (
    SELECT id FROM waiting WHERE clear AND before <= %(bytes)s
    AND (%(again)s OR (SELECT min(id) FROM waiting) IS DISTINCT FROM (SELECT id FROM last))
), noted AS MATERIALIZED (
    SELECT setval('receiving_from', min(id)) AS first FROM taken HAVING count(*) > 0
)
UPDATE webhook_events SET processed_at = clock_timestamp() WHERE id IN (SELECT id FROM taken)
RETURNING id, source, content_type, query, body, received_at, signed_by, (SELECT first FROM noted)
"""
_SUSPICIOUS = """
SELECT id, attempts FROM (
    SELECT id, attempts FROM webhook_events WHERE processed_at IS NULL ORDER BY id LIMIT 1
) oldest
WHERE attempts > 0 OR id = (SELECT last_value FROM receiving_from WHERE is_called)
"""


def claim_alone(session: Session, suspects: int) -> tuple[StoredEvent, int] | None:
    """Return the oldest unprocessed event if it stopped a worker before, and its attempts including this one.

    None while another transaction receives, or when the event has no failed attempt.

    The attempt is committed beforehand and reset by the commit, so the count survives a crash caused by the event. The
    `suspects` oldest were, or may have been, in the failed batch while the cause was unknown.
    """
    if not _lock(session):
        return None
    oldest = run(session, _SUSPICIOUS).first()
    if oldest is None:
        return None
    with single_statement() as aside:
        run(aside, _SUSPECT, {"id": oldest.id, "suspects": suspects if oldest.attempts == 0 else 1})
    attempts = run(session, "SELECT attempts FROM webhook_events WHERE id = %(id)s", {"id": oldest.id}).scalar_one()
    row = run(session, _CLAIM_ONE, {"id": oldest.id}).one()
    return StoredEvent(*row), attempts


_SUSPECT = """
UPDATE webhook_events SET attempts = greatest(attempts, 1) + (id = %(id)s)::int WHERE id IN (
    SELECT id FROM webhook_events WHERE processed_at IS NULL ORDER BY id LIMIT %(suspects)s
)
"""
_CLAIM_ONE = """
UPDATE webhook_events SET processed_at = clock_timestamp(), attempts = 0 WHERE id = %(id)s
RETURNING id, source, content_type, query, body, received_at, signed_by
"""


def _lock(session: Session) -> bool:
    return bool(run(session, "SELECT pg_try_advisory_xact_lock(%(lock)s)", {"lock": _RECEIVE_LOCK}).scalar())


class DeadItem(NamedTuple):
    """An item that could not be processed, its reason, and its business (None: unknown)."""

    event_id: int
    reason: str
    raw: Any
    business_id: int | None = None


def quarantine(session: Session, event_id: int, reason: str, raw: Any, business_id: int | None = None) -> None:
    """Store an item that could not be processed as a dead letter."""
    quarantine_all(session, [DeadItem(event_id, reason, raw, business_id)])


def quarantine_all(session: Session, items: Sequence[DeadItem]) -> None:
    """Store dead letters in one statement."""
    if items:
        columns = {
            "events": [one.event_id for one in items],
            "businesses": [one.business_id for one in items],
            "reasons": [json_sanitizer.clean_text(one.reason[:2000]) for one in items],
            "raws": [_raw(one.raw) for one in items],
        }
        run(session, _QUARANTINE, columns)


_QUARANTINE = """
INSERT INTO dead_letters (event_id, business_id, reason, raw)
SELECT * FROM unnest(%(events)s::bigint[], %(businesses)s::bigint[], %(reasons)s::text[], %(raws)s::jsonb[])
"""


def _raw(item: Any) -> str:
    written = json.dumps({"item": json_sanitizer.clean(item)})
    return written if len(written) <= _MOST_RAW else json.dumps({"item": written[:20_000]})
