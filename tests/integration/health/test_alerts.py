"""Alerts notify once on opening and once on clearing."""

from __future__ import annotations

from core.monitoring import alerts
from core.platform.db import system_transaction, transaction
from tests.factories import conversation, says
from tests.support.database import rows


def notified_after(change: str = "SELECT 1") -> list[tuple[str, str]]:
    """Run a statement, evaluate the alerts, and return the notifications so far."""
    with system_transaction() as session:
        session.connection().exec_driver_sql(change)
    with system_transaction() as session:
        alerts.evaluate(session)
    return rows("SELECT kind, severity FROM notifications ORDER BY id")


def test_a_paused_channel_notifies_once_and_once_on_clearing(business) -> None:
    assert notified_after() == []
    assert notified_after("UPDATE channels SET state = 'paused' WHERE kind = 'sms'") == [("alert_paused", "high")]
    assert notified_after() == [("alert_paused", "high")]
    with transaction(business.business_id) as session:
        (found,) = alerts.open_alerts(session)
    assert found.subject == "sms +15005550006"
    assert notified_after("UPDATE channels SET state = 'active'") == [("alert_paused", "high")]
    told = notified_after("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'")
    assert told == [("alert_paused", "high"), ("alert_paused", "info")]
    with transaction(business.business_id) as session:
        assert alerts.open_alerts(session) == []
        assert [one.id for one in alerts.past_alerts(session)] == [found.id]


def test_an_open_breaker_and_pending_events_open_alerts(business) -> None:
    channel, at = business.whatsapp_channel_id, "now() + interval '1 minute'"
    notified_after(
        "INSERT INTO channel_limits (business_id, channel_id, open_until)"
        f" VALUES ({business.business_id}, {channel}, {at})"
        f" ON CONFLICT (channel_id) DO UPDATE SET open_until = {at}"
    )
    told = notified_after(
        "INSERT INTO webhook_events (source, digest, content_type, query, body, received_at)"
        " VALUES ('whatsapp_cloud', 'x', '', '', '', now() - interval '3 minutes')"
    )
    assert told == [("alert_breaker", "high"), ("alert_backlog", "high")]


def test_lost_workers_open_an_alert_unless_none_ever_reported(business) -> None:
    assert notified_after() == []
    told = notified_after(
        "INSERT INTO worker_reports (worker, started_at, seen_at, slots, busy, done, memory)"
        " VALUES ('a', now(), now() - interval '1 minute', '{}', '{}', 0, 0)"
    )
    assert told == [("alert_workers", "high")]


def _hour_of_messages(business, ago: str, count: int) -> None:
    notified_after(
        "INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, payload,"
        " status, created_at)"
        f" SELECT business_id, id, channel_id, 'inbound', 'customer', 'text', 'hi', '{{}}', 'received',"
        f" now() - interval '{ago}' FROM conversations, generate_series(1, {count})"
    )


def test_an_unusual_hour_without_messages_opens_an_alert(business) -> None:
    conversation(business.business_id, business.whatsapp_channel_id)
    for week in (1, 2, 3):
        _hour_of_messages(business, f"{week} weeks 20 minutes", 5)
    assert notified_after() == []  # three weeks are not enough to call it unusual
    _hour_of_messages(business, "4 weeks 20 minutes", 5)
    assert rows("SELECT kind, subject FROM alerts") == [("silence", "whatsapp 106540352242922")]
    rows("DELETE FROM alerts")
    _hour_of_messages(business, "10 minutes", 1)
    assert rows("SELECT kind FROM alerts") == []


def test_an_exhausted_budget_opens_an_alert(business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    rows("UPDATE bot_versions SET data = data || '{\"tokens_per_minute\": 100}'")
    run = (
        "INSERT INTO ai_runs (business_id, conversation_id, bot_id, settings_version, prompt_version, outcome,"
        " decided_by, model, input_tokens, output_tokens)"
        f" VALUES ({business.business_id}, {talk}, {business.bot_id}, 1, '1', 'reply', 'model', 'm', 40, 10)"
    )
    assert notified_after(run) == []
    assert notified_after(run) == [("alert_budget", "warning")]


def test_a_backlog_names_its_channel_and_one_that_is_paused_is_not_counted(business) -> None:
    for channel_id in (business.whatsapp_channel_id, business.twilio_whatsapp_channel_id):
        talk = conversation(business.business_id, channel_id)
        message = says(business.business_id, talk, "hi", direction="outbound", sender="bot", status="queued")
        rows(
            "INSERT INTO deliveries (business_id, message_id, conversation_id, channel_id, identity_id, priority,"
            f" next_attempt_at) SELECT business_id, {message}, id, channel_id, identity_id, 1,"
            f" now() - interval '3 minutes' FROM conversations WHERE id = {talk}"
        )
    notified_after(f"UPDATE channels SET state = 'paused' WHERE id = {business.twilio_whatsapp_channel_id}")
    found = rows("SELECT kind, subject FROM alerts ORDER BY kind")
    assert found == [("backlog", "whatsapp 106540352242922"), ("paused", "whatsapp +14155238886")]


def test_a_failed_probe_opens_an_alert(business) -> None:
    ends = "to_jsonb(now() + interval '6 days')"
    rows(f"UPDATE channels SET last_probe = jsonb_build_object('well', false, 'expires_at', {ends}) WHERE kind = 'sms'")
    assert notified_after() == [("alert_sms_down", "high"), ("alert_token", "warning")]


def _events(count: int, since: str = "1 minute") -> None:
    notified_after(
        "INSERT INTO webhook_events (source, digest, content_type, query, body, received_at, processed_at)"
        f" SELECT 'whatsapp_cloud', ('e{since}' || n)::bytea, '', '', '', now() - interval '{since}', now()"
        f" FROM generate_series(1, {count}) n"
    )


def _add_dead_letters(count: int) -> None:
    notified_after(
        "INSERT INTO dead_letters (event_id, reason) SELECT id, 'odd' FROM webhook_events e"
        f" WHERE NOT EXISTS (SELECT FROM dead_letters WHERE event_id = e.id) ORDER BY id DESC LIMIT {count}"
    )


def test_unprocessable_webhooks_open_an_alert_above_a_tenth(business) -> None:
    _events(500, "10 minutes")
    _events(20)
    _add_dead_letters(2)
    assert ("webhook_errors",) not in rows("SELECT kind FROM alerts")
    _add_dead_letters(1)
    assert ("webhook_errors",) in rows("SELECT kind FROM alerts")


def test_a_channel_at_its_rate_limit_opens_an_alert(business) -> None:
    conversation(business.business_id, business.whatsapp_channel_id)
    slow = """UPDATE channels SET settings = settings || '{"messages_per_second": 0.5}' WHERE kind = 'whatsapp'"""
    sent = (
        "INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, payload,"
        " status, sent_at) SELECT business_id, id, channel_id, 'outbound', 'bot', 'text', 'hi', '{}', 'sent', now()"
        " FROM conversations, generate_series(1, %d)"
    )
    notified_after(slow)
    notified_after(sent % 20)
    assert rows("SELECT kind FROM alerts") == []
    notified_after(sent % 1)
    assert rows("SELECT kind, subject FROM alerts") == [("rate_limit_warning", "whatsapp 106540352242922")]


def test_a_failed_message_is_an_alert_until_resolved(business) -> None:
    """The message has its own notification; the alert adds none."""
    talk = conversation(business.business_id, business.sms_channel_id)
    failed = says(
        business.business_id, talk, "Chegou a encomenda", direction="outbound", sender="agent", status="failed"
    )
    assert notified_after() == []
    assert rows("SELECT kind, severity, subject FROM alerts") == [("message_failed", "warning", "sms +15005550006")]
    rows(f"UPDATE messages SET status = 'cancelled' WHERE id = {failed}")
    assert notified_after("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'") == []
    assert rows("SELECT cleared_at IS NOT NULL FROM alerts") == [(True,)]


def test_an_old_failure_is_no_alert_unless_retried(business) -> None:
    talk = conversation(business.business_id, business.sms_channel_id)
    failed = says(business.business_id, talk, "Chegou", direction="outbound", sender="agent", status="failed")
    notified_after(f"UPDATE messages SET created_at = now() - interval '3 days' WHERE id = {failed}")
    assert rows("SELECT kind FROM alerts") == []
    notified_after(
        "INSERT INTO delivery_attempts (business_id, message_id, number, verdict, cause, code, title)"
        f" VALUES ({business.business_id}, {failed}, 6, 'permanent', 'recipient', '21211', 'no such number')"
    )
    assert rows("SELECT kind FROM alerts") == [("message_failed",)]


def test_alerts_cleared_over_a_year_ago_are_deleted(business) -> None:
    notified_after("UPDATE channels SET state = 'paused'")
    notified_after("UPDATE alerts SET cleared_at = now() - interval '366 days' WHERE left(subject, 3) = 'sms'")
    with system_transaction() as session:
        alerts.forget_old_alerts(session)
    assert rows("SELECT DISTINCT subject FROM alerts WHERE cleared_at < now() - interval '1 day'") == []
    assert rows("SELECT count(*) > 0 FROM alerts") == [(True,)]
