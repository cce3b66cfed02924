"""Receive provider events: store them as the webhook does, and process them as the worker does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg

from core.messaging.inbound.webhook_events import RawEvent, store_raw
from core.platform.config import get_settings
from tests.support.database import one
from tests.support.provider_bodies import meta_body, meta_json, text_value
from workers.jobs import ingest


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
