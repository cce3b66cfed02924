"""Gauges of the queues, read from their tables."""

from __future__ import annotations

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.monitoring import worker_stats
from core.platform.db import get_engine

_FIGURES = text("""
SELECT
    (SELECT count(*) FROM webhook_events WHERE processed_at IS NULL),
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
    ("replies_pending", "Conversations that the bot has to answer"),
    ("sends_queued", "Messages waiting to be sent"),
    ("sends_under_way", "Messages being sent"),
    ("sends_uncertain", "Messages whose result is unknown"),
    ("sends_failed", "Messages that could not be sent"),
    ("dead_letters", "Items that could not be processed"),
    ("breakers_open", "Numbers whose circuit breaker is open"),
)


def gauges(session: Session) -> list[GaugeMetricFamily]:
    """Return the state of the queues and the number of live workers. Needs a system transaction."""
    row = session.execute(_FIGURES).one()
    found = [
        GaugeMetricFamily(f"bothub_{name}", meaning, value=float(value))
        for (name, meaning), value in zip(_NAMES, row, strict=True)
    ]
    due = GaugeMetricFamily("bothub_queue_due", "Due work by kind", labels=["kind"])
    oldest = GaugeMetricFamily("bothub_queue_oldest_seconds", "Age of the oldest due work by kind", labels=["kind"])
    for waiting in worker_stats.waiting(session):
        due.add_metric([waiting.kind], waiting.count)
        oldest.add_metric([waiting.kind], waiting.oldest)
    live = sum(not worker.lost for worker in worker_stats.workers(session))
    return [*found, due, oldest, GaugeMetricFamily("bothub_workers", "Worker processes that report", value=live)]


def database_answers() -> bool:
    """Return True if Postgres answers a query. Raises `SQLAlchemyError` if it does not."""
    with get_engine().connect() as connection:
        return connection.execute(text("SELECT true")).scalar_one() is True
