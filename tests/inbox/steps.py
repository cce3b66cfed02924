"""Shared test steps: store events, receive a customer's message, queue a reply, query the database."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from core.channels.types import Sent
from core.messaging.inbound.webhook_events import RawEvent, store_raw
from core.messaging.outbound import claim as claims
from core.messaging.outbound import results
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Sender
from core.platform.config import get_settings
from core.platform.db import get_engine, system_transaction, transaction
from core.platform.embedded import Embedded
from tests.messages import meta_body, meta_json, text_value
from workers.jobs import ingest

LEASE = timedelta(seconds=10)


def store(
    *bodies: bytes, source: str = "whatsapp_cloud", content_type: str = "application/json", query: str = ""
) -> None:
    """Store raw events, as the webhook endpoint does."""
    events = [RawEvent(source, content_type, query, body, datetime.now(UTC)) for body in bodies]
    with psycopg.connect(get_settings().database_url, autocommit=True) as connection:
        store_raw(connection, events)


def receive(*documents: Any) -> int:
    """Store documents of Meta's and process all pending events. Returns how many were processed."""
    store(*(meta_json(document) for document in documents))
    return ingest.receive()


def customer_writes(words: str = "Hola", sender: str = "5491155550001", **more: Any) -> int:
    """Receive a text message. Returns its conversation's id."""
    receive(meta_body(text_value(words, sender, **more)))
    return int(
        one(
            "SELECT c.id FROM conversations c JOIN contact_identities i ON i.id = c.identity_id"
            " WHERE i.address = :sender"
            " AND c.status <> 'closed'",
            sender=sender,
        )
    )


def rows(sql: str, **values: Any) -> list[Any]:
    """Run a query as the database's owner."""
    with system_transaction() as session:
        result = session.execute(text(sql), values)
        return list(result.all()) if isinstance(result, CursorResult) and result.returns_rows else []


def one(sql: str, **values: Any) -> Any:
    """Return the single value of the single row."""
    ((value,),) = rows(sql, **values)
    return value


def column(sql: str, **values: Any) -> list[Any]:
    return [row[0] for row in rows(sql, **values)]


def say(
    business_id: int, conversation_id: int, words: str = "Buenas", *, sender: Sender = Sender.AGENT, **more: Any
) -> list[int]:
    """Queue a text. Returns the messages' ids."""
    draft = NewMessage(content={"type": "text", "text": words}, sender=sender, **more)
    with transaction(business_id) as session:
        return enqueue_message(session, business_id, conversation_id, draft)


def claim(limit: int = 10, lease_for: timedelta = LEASE) -> list[claims.Claimed]:
    with system_transaction() as session:
        return claims.claim(session, limit, uuid.uuid4(), lease_for)


def claim_one() -> claims.Claimed:
    (claimed,) = claim(1)
    return claimed


def send_all() -> None:
    """Send what is due; the provider accepts it."""
    for claimed in claim():
        with transaction(claimed.business_id) as session:
            results.record_sent(session, [(claimed, Sent(f"wamid.{claimed.message_id}"))])


def ids(claimed: Sequence[claims.Claimed]) -> list[int]:
    return [one.message_id for one in claimed]


def message(message_id: int) -> Any:
    """Return a message with its delivery."""
    (row,) = rows(
        "SELECT m.*, d.attempts, d.lease, d.leased_until, d.next_attempt_at, d.uncertain_since FROM messages m"
        " LEFT JOIN deliveries d ON d.message_id = m.id WHERE m.id = :id",
        id=message_id,
    )
    return row


def due_now() -> None:
    """Make every waiting message due."""
    rows("UPDATE deliveries SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL")


def start_postgres(servers: Embedded) -> None:
    """Start Postgres again. Connections opened by the test before are not reused."""
    servers.postgres.start()
    get_engine().dispose()


def force_rescans(session: Session) -> None:
    """Make Postgres use nested loops that look up the inner side per outer row, as it may for few rows."""
    for plan in ("hashjoin", "mergejoin", "hashagg", "sort", "material", "bitmapscan", "indexscan", "indexonlyscan"):
        session.execute(text(f"SET LOCAL enable_{plan} = off"))
