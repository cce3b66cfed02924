"""Alerts open once, stay quiet while they last, and are told to be over."""

from __future__ import annotations

from core.monitoring import alerts
from core.platform.db import system_transaction, transaction
from tests.console.people import conversation, says
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


def _hour_of_messages(business, ago: str, count: int) -> None:
    look(
        "INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, payload,"
        " status, created_at)"
        f" SELECT business_id, id, channel_id, 'inbound', 'customer', 'text', 'hi', '{{}}', 'received',"
        f" now() - interval '{ago}' FROM conversations, generate_series(1, {count})"
    )


def test_an_hour_without_a_message_is_told_where_every_week_had_some(business) -> None:
    conversation(business.business_id, business.whatsapp_channel_id)
    for week in (1, 2, 3):
        _hour_of_messages(business, f"{week} weeks 20 minutes", 5)
    assert look() == []  # three weeks are not enough to call it unusual
    _hour_of_messages(business, "4 weeks 20 minutes", 5)
    assert rows("SELECT kind, subject FROM alerts") == [("silence", "whatsapp 106540352242922")]
    rows("DELETE FROM alerts")
    _hour_of_messages(business, "10 minutes", 1)
    assert rows("SELECT kind FROM alerts") == []


def test_a_spent_budget_is_told(business) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    rows("UPDATE bot_settings SET data = data || '{\"tokens_per_minute\": 100}'")
    run = (
        "INSERT INTO ai_runs (business_id, conversation_id, bot_id, settings_version, prompt_version, outcome,"
        " decided_by, model, input_tokens, output_tokens)"
        f" VALUES ({business.business_id}, {talk}, {business.bot_id}, 1, '1', 'reply', 'model', 'm', 40, 10)"
    )
    assert look(run) == []
    assert look(run) == [("alert_budget", "warning")]


def test_a_backlog_names_its_channel_and_one_that_is_paused_is_not_counted(business) -> None:
    for channel_id in (business.whatsapp_channel_id, business.twilio_whatsapp_channel_id):
        talk = conversation(business.business_id, channel_id)
        message = says(business.business_id, talk, "hi", direction="outbound", sender="bot", status="queued")
        rows(
            "INSERT INTO deliveries (business_id, message_id, conversation_id, channel_id, identity_id, priority,"
            f" next_attempt_at) SELECT business_id, {message}, id, channel_id, identity_id, 1,"
            f" now() - interval '3 minutes' FROM conversations WHERE id = {talk}"
        )
    look(f"UPDATE channels SET state = 'paused' WHERE id = {business.twilio_whatsapp_channel_id}")
    found = rows("SELECT kind, subject FROM alerts ORDER BY kind")
    assert found == [("backlog", "whatsapp 106540352242922"), ("paused", "whatsapp +14155238886")]


def test_what_the_provider_said_is_told(business) -> None:
    ends = "to_jsonb(now() + interval '6 days')"
    rows(f"UPDATE channels SET told = jsonb_build_object('well', false, 'expires_at', {ends}) WHERE kind = 'sms'")
    assert look() == [("alert_sms_down", "high"), ("alert_token", "warning")]


def _events(count: int, since: str = "1 minute") -> None:
    look(
        "INSERT INTO webhook_events (source, digest, content_type, query, body, received_at, processed_at)"
        f" SELECT 'whatsapp_cloud', ('e{since}' || n)::bytea, '', '', '', now() - interval '{since}', now()"
        f" FROM generate_series(1, {count}) n"
    )


def _spoil(count: int) -> None:
    look(
        "INSERT INTO dead_letters (event_id, reason) SELECT id, 'odd' FROM webhook_events e"
        f" WHERE NOT EXISTS (SELECT FROM dead_letters WHERE event_id = e.id) ORDER BY id DESC LIMIT {count}"
    )


def test_webhooks_that_cannot_be_processed_are_told_above_a_tenth(business) -> None:
    _events(500, "10 minutes")
    _events(20)
    _spoil(2)
    assert ("webhook_errors",) not in rows("SELECT kind FROM alerts")
    _spoil(1)
    assert ("webhook_errors",) in rows("SELECT kind FROM alerts")


def test_a_channel_at_its_rate_is_told(business) -> None:
    conversation(business.business_id, business.whatsapp_channel_id)
    slow = """UPDATE channels SET settings = settings || '{"messages_per_second": 0.5}' WHERE kind = 'whatsapp'"""
    sent = (
        "INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, payload,"
        " status, sent_at) SELECT business_id, id, channel_id, 'outbound', 'bot', 'text', 'hi', '{}', 'sent', now()"
        " FROM conversations, generate_series(1, %d)"
    )
    look(slow)
    look(sent % 20)
    assert rows("SELECT kind FROM alerts") == []
    look(sent % 1)
    assert rows("SELECT kind, subject FROM alerts") == [("rate_limit_warning", "whatsapp 106540352242922")]


def test_a_message_that_failed_for_good_is_an_alert_until_somebody_deals_with_it(business) -> None:
    """Its own notice tells it; the alert adds none."""
    talk = conversation(business.business_id, business.sms_channel_id)
    failed = says(
        business.business_id, talk, "Chegou a encomenda", direction="outbound", sender="agent", status="failed"
    )
    assert look() == []
    assert rows("SELECT kind, severity, subject FROM alerts") == [("message_failed", "warning", "sms +15005550006")]
    rows(f"UPDATE messages SET status = 'cancelled' WHERE id = {failed}")
    assert look("UPDATE alerts SET last_seen_at = now() - interval '3 minutes'") == []
    assert rows("SELECT cleared_at IS NOT NULL FROM alerts") == [(True,)]


def test_a_message_that_failed_days_ago_is_no_alert_unless_it_was_tried_again(business) -> None:
    talk = conversation(business.business_id, business.sms_channel_id)
    failed = says(business.business_id, talk, "Chegou", direction="outbound", sender="agent", status="failed")
    look(f"UPDATE messages SET created_at = now() - interval '3 days' WHERE id = {failed}")
    assert rows("SELECT kind FROM alerts") == []
    look(
        "INSERT INTO delivery_attempts (business_id, message_id, number, verdict, cause, code, title)"
        f" VALUES ({business.business_id}, {failed}, 6, 'permanent', 'recipient', '21211', 'no such number')"
    )
    assert rows("SELECT kind FROM alerts") == [("message_failed",)]


def test_alerts_that_were_over_a_year_ago_are_dropped(business) -> None:
    look("UPDATE channels SET state = 'paused'")
    look("UPDATE alerts SET cleared_at = now() - interval '366 days' WHERE left(subject, 3) = 'sms'")
    with system_transaction() as session:
        alerts.forget_old_alerts(session)
    assert rows("SELECT DISTINCT subject FROM alerts WHERE cleared_at < now() - interval '1 day'") == []
    assert rows("SELECT count(*) > 0 FROM alerts") == [(True,)]
