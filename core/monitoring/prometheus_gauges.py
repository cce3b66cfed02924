"""Gauges of the queues, read from their tables."""

from __future__ import annotations

from sqlalchemy import text

from core.platform.db import get_engine

_FIGURES = text("""
SELECT
    (SELECT count(*) FROM webhook_events WHERE processed_at IS NULL),
    (SELECT coalesce(extract(epoch FROM now() - min(received_at)), 0) FROM webhook_events WHERE processed_at IS NULL),
    (SELECT count(*) FROM pending_replies),
    (SELECT count(*) FROM deliveries WHERE next_attempt_at IS NOT NULL),
    (SELECT count(*) FROM deliveries WHERE leased_until IS NOT NULL),
    (SELECT count(*) FROM messages WHERE status = 'uncertain'),
    (SELECT count(*) FROM messages WHERE status = 'failed'),
    (SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL),
    (SELECT count(*) FROM channel_limits WHERE open_until > now())
""")
_NAMES = (
    ("events_pending", "Webhook events not yet processed"),
    ("events_oldest_seconds", "Age of the oldest unprocessed webhook event"),
    ("turns_pending", "Conversations the bot owes an answer"),
    ("sends_queued", "Messages waiting to be sent"),
    ("sends_under_way", "Messages being sent"),
    ("sends_uncertain", "Messages whose fate is unknown"),
    ("sends_failed", "Messages that could not be sent"),
    ("dead_letters", "Items that could not be processed"),
    ("breakers_open", "Numbers whose circuit breaker is open"),
)


def queue_figures() -> dict[str, tuple[float, str]]:
    """Return gauge name to (value, description)."""
    with get_engine().connect() as connection:
        row = connection.execute(_FIGURES).one()
    return {name: (float(value), meaning) for (name, meaning), value in zip(_NAMES, row, strict=True)}


def database_answers() -> bool:
    """Return True if Postgres answers a query. Raises `SQLAlchemyError` if it does not."""
    with get_engine().connect() as connection:
        return connection.execute(text("SELECT true")).scalar_one() is True
