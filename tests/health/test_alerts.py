"""Alerts open once, stay quiet while they last, and are told to be over."""

from __future__ import annotations

from core.db import system_transaction, transaction
from core.health import alerts
from tests.inbox.steps import rows


def look(change: str = "SELECT 1") -> list[tuple[str, str]]:
    """Change something, evaluate, and give what was told so far."""
    with system_transaction() as session:
        session.connection().exec_driver_sql(change)
    with system_transaction() as session:
        alerts.evaluate(session)
    return rows("SELECT kind, severity FROM notices ORDER BY id")


def test_a_paused_channel_is_told_once_and_again_when_it_is_over(business) -> None:
    assert look() == []
    assert look("UPDATE channels SET state = 'paused' WHERE kind = 'sms'") == [("alert_paused", "high")]
    assert look() == [("alert_paused", "high")]
    with transaction(business.business_id) as session:
        (found,) = alerts.open_alerts(session, business.business_id)
    assert found.subject == "sms +15005550006"
    assert look("UPDATE channels SET state = 'active'") == [("alert_paused", "high")]
    told = look("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'")
    assert told == [("alert_paused", "high"), ("alert_paused", "info")]
    with transaction(business.business_id) as session:
        assert alerts.open_alerts(session, business.business_id) == []
        assert [one.id for one in alerts.past_alerts(session, business.business_id)] == [found.id]


def test_an_open_breaker_and_waiting_events_are_told(business) -> None:
    channel, at = business.whatsapp_channel_id, "now() + interval '1 minute'"
    look(
        "INSERT INTO channel_flow (business_id, channel_id, open_until)"
        f" VALUES ({business.business_id}, {channel}, {at})"
        f" ON CONFLICT (channel_id) DO UPDATE SET open_until = {at}"
    )
    told = look(
        "INSERT INTO webhook_events (source, digest, content_type, query, body, received_at)"
        " VALUES ('whatsapp_cloud', 'x', '', '', '', now() - interval '3 minutes')"
    )
    assert told == [("alert_breaker", "high"), ("alert_backlog", "high")]


def test_workers_that_fell_silent_are_told_and_none_ever_seen_is_not(business) -> None:
    assert look() == []
    told = look(
        "INSERT INTO worker_reports (worker, started_at, seen_at, slots, busy, done, memory)"
        " VALUES ('a', now(), now() - interval '1 minute', '{}', '{}', 0, 0)"
    )
    assert told == [("alert_workers", "high")]
