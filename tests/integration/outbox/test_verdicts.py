"""What a provider's refusal blocks, for how long, and what it records about the person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.channels.mailbox import servers, smtp
from core.channels.registry import PROVIDERS
from core.channels.twilio import errors as twilio
from core.channels.types import ProviderError, SendError, Sent
from core.channels.whatsapp_cloud import errors as meta
from core.messaging.channels.admin import ChannelEdit, change
from core.messaging.contacts import profile
from core.messaging.outbound import results
from core.messaging.outbound.claim import Claimed
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Sender
from core.monitoring import alerts
from core.platform.config import get_settings
from core.platform.db import system_transaction, transaction
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes, receive, store
from tests.support.outbox import claim, claim_one, due_now, ids, say, stored_message
from tests.support.provider_bodies import meta_body, status_value, twilio_form
from tests.support.refusals import refused
from workers.jobs import ingest


def refuse(business: TestBusiness, claimed: Claimed, code: str, http_status: int = 400) -> None:
    """The provider of the message's channel responds with this code."""
    diagnose = meta.diagnose if claimed.channel_id == business.whatsapp_channel_id else twilio.diagnose
    error = SendError(ProviderError(code, "Refused"), diagnose(code, http_status))
    with transaction(business.business_id) as session:
        results.record_failure(session, claimed, error)


def take(business: TestBusiness, claimed: Claimed) -> None:
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent(f"wamid.{claimed.message_id}"))])


def breaker_over() -> None:
    rows("UPDATE channel_limits SET open_until = now() - interval '1 second' WHERE open_until IS NOT NULL")
    due_now()


def test_a_refused_country_stops_this_message_and_nothing_else(business: TestBusiness) -> None:
    (here,) = say(business.business_id, customer_writes())
    (there,) = say(business.business_id, customer_writes(sender="5215512345678"))
    refused = claim(1)[0]
    refuse(business, refused, "130497")
    assert (stored_message(here).status, stored_message(here).error["cause"]) == ("failed", "recipient")
    assert column("SELECT DISTINCT state FROM channels") == ["active"]
    assert ids(claim()) == [there]


@pytest.mark.parametrize("code", ["0", "3", "10", "190", "102"])
def test_refused_credentials_suspend_the_number_and_lose_nothing(business: TestBusiness, code: str) -> None:
    """For any duration; the first accepted message resumes the number."""
    messages = [say(business.business_id, customer_writes(sender=f"549115555{n:04}"))[0] for n in range(3)]
    for _ in range(get_settings().retry_max_attempts + 2):
        (probe,) = claim(1)
        refuse(business, probe, code, 401)
        assert claim() == []
        breaker_over()
    assert {stored_message(i).status for i in messages} == {"queued"}
    held = stored_message(probe.message_id)
    assert held.attempts == 0 and held.error["cause"] == "admin" and "credentials work again" in held.error["advice"]
    assert column("SELECT kind FROM notifications") == ["number_held"], "told once"
    (probe,) = claim(10)
    take(business, probe)
    due_now()
    assert len(claim()) == 2
    assert column("SELECT state FROM channels WHERE id = :id", id=business.whatsapp_channel_id) == ["active"]


def test_refused_credentials_are_an_alert_about_the_account_and_not_about_a_failing_provider(
    business: TestBusiness,
) -> None:
    say(business.business_id, customer_writes())
    refuse(business, claim_one(), "190", 401)
    with system_transaction() as session:
        alerts.evaluate(session)
    assert column("SELECT kind FROM alerts") == ["whatsapp_down"]
    assert column("SELECT kind FROM notifications") == ["number_held"]


def test_a_message_refused_here_does_not_resume_a_suspended_number(business: TestBusiness) -> None:
    for number in range(2):
        say(business.business_id, talk(business, number))
    refuse(business, claim(1)[0], "190", 401)
    breaker_over()
    refuse(business, claim_one(), "invalid")
    assert one(
        "SELECT open_until IS NOT NULL FROM channel_limits WHERE channel_id = :c", c=business.whatsapp_channel_id
    )


def test_new_credentials_resume_the_number(business: TestBusiness) -> None:
    """At once; scheduled messages stay scheduled."""
    rows("UPDATE channels SET identity = '999' WHERE id = :id", id=business.whatsapp_channel_id)
    held = [say(business.business_id, talk(business, n))[0] for n in range(2)]
    for claimed in claim():
        refuse(business, claimed, "190", 401)
    assert claim() == []
    edit = ChannelEdit("Tienda", "102290129340398", business.bot_id, None, {"access_token": "new"})
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        change(session, business.whatsapp_channel_id, edit)
    assert sorted(ids(claim())) == held


def talk(business: TestBusiness, number: int = 0) -> int:
    """Open a conversation with an open window on the WhatsApp number."""
    from tests.factories import conversation

    return conversation(business.business_id, business.whatsapp_channel_id, f"54911555500{number:02}")


@pytest.mark.parametrize("by_receipt", [False, True])
def test_a_quality_limit_postpones_messages_that_begin_conversations(business: TestBusiness, by_receipt: bool) -> None:
    first, cold, warm = talk(business, 1), talk(business, 2), talk(business, 3)
    (refused,) = say(business.business_id, first)
    claimed = claim_one()
    if by_receipt:
        take(business, claimed)
        errors = [{"code": 131048, "title": "Spam rate limit hit"}]
        receive(meta_body(status_value(f"wamid.{refused}", "failed", our_id=refused, errors=errors)))
        assert stored_message(refused).status == "failed" and "by hand" in stored_message(refused).error["advice"]
    else:
        refuse(business, claimed, "131048")
        assert stored_message(refused).status == "queued"
        assert stored_message(refused).next_attempt_at > stored_message(refused).stored_at + timedelta(minutes=30)
    rows("UPDATE conversations SET window_expires_at = now() - interval '1 day' WHERE id = :id", id=cold)
    template = {"type": "template", "template": {"name": "aviso", "language": "es"}}
    with transaction(business.business_id) as session:
        (begins,) = enqueue_message(session, cold, NewMessage(template, Sender.AGENT))
    (answers,) = say(business.business_id, warm)
    assert ids(claim()) == [answers]
    assert stored_message(begins).next_attempt_at > stored_message(begins).stored_at + timedelta(minutes=30)
    assert column("SELECT state FROM channels WHERE id = :id", id=business.whatsapp_channel_id) == ["active"]
    assert column("SELECT kind FROM notifications WHERE kind = 'number_limited'") == ["number_limited"]
    rows("UPDATE channel_limits SET answers_only_until = now()")
    rows("UPDATE deliveries SET next_attempt_at = now() WHERE message_id = :id", id=begins)
    assert ids(claim()) == [begins]


_TABLES = {
    "whatsapp_cloud": meta.DIAGNOSES,
    "twilio": twilio.DIAGNOSES,
    "mailbox": {code: diagnosis for code, (_, diagnosis) in servers.FAILURES.items()}
    | {
        code: smtp.diagnose(code)
        for code in ("421", "4.2.2", "4.7.28", "535", "550", "552", "5.2.2", "5.7.26", "5.9.9")
    },
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_final_failure_promises_a_retry(business: TestBusiness, provider: str) -> None:
    """Neither a status nor the last attempt."""
    table = _TABLES[provider]
    from core.messaging.outbound import settlement

    for code in [*table, "987654"]:
        told = settlement.advice(PROVIDERS[provider].diagnose_failure(ProviderError(code, "")), queued=False)
        assert "by itself" not in told, code
        assert "by itself" not in settlement.advice(table.get(code, meta.diagnose(code)), queued=False), code
    assert "by hand" in settlement.advice(
        PROVIDERS[provider].diagnose_failure(ProviderError("131000", "")), queued=False
    ) or (provider != "whatsapp_cloud")


def test_the_last_try_says_that_it_was_the_last(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    for _ in range(get_settings().retry_max_attempts):
        refuse(business, claim_one(), "130429", 429)
        told, status = stored_message(message_id).error["advice"], stored_message(message_id).status
        assert ("again by itself" in told) is (status == "queued")
        due_now()
    assert status == "failed" and "by hand" in told


def sms_status(message_id: int, code: str) -> None:
    pairs = [("MessageSid", f"SM{message_id}"), ("MessageStatus", "undelivered"), ("ErrorCode", code)]
    pairs += [("From", "+15005550006"), ("To", "+15551234567")]
    query = f"message_id={message_id}"
    store(twilio_form(pairs), source="twilio_status", content_type="application/x-www-form-urlencoded", query=query)
    ingest.receive()


def sms_talk(business: TestBusiness) -> int:
    from tests.factories import conversation

    return conversation(business.business_id, business.sms_channel_id, "+15551234567", kind="sms")


@pytest.mark.parametrize("by_status", [False, True])
def test_an_opt_out_reported_by_twilio_is_stored(business: TestBusiness, by_status: bool) -> None:
    conversation = sms_talk(business)
    (first,) = say(business.business_id, conversation)
    (second,) = say(business.business_id, conversation)
    claimed = claim_one()
    if by_status:
        sms_status(first, "21610")
    else:
        refuse(business, claimed, "21610")
    assert [stored_message(i).status for i in (first, second)] == ["failed", "cancelled"]
    assert one("SELECT opted_out_at IS NOT NULL FROM contact_identities")
    with refused("opted_out"):
        say(business.business_id, conversation)


@pytest.mark.parametrize("code", ["30008", "30004", "30410", "99999"])
def test_a_status_of_twilio_has_a_title_and_is_final(business: TestBusiness, code: str) -> None:
    (message_id,) = say(business.business_id, sms_talk(business))
    claim_one()
    sms_status(message_id, code)
    failed = stored_message(message_id)
    assert failed.status == "failed" and failed.error["title"] and "by itself" not in failed.error["advice"]
    assert failed.error["title"] in one("SELECT text FROM notifications WHERE kind = 'message_failed'")


@pytest.mark.parametrize("by_status", [False, True])
def test_a_stop_of_marketing_is_stored_and_obeyed(business: TestBusiness, by_status: bool) -> None:
    rows(
        "INSERT INTO message_templates (business_id, account, name, language, category, status, quality,"
        " rejected_reason,"
        " components)"
        " SELECT business_id, account, category, 'es', category, 'APPROVED', '', '', '[]' FROM channels,"
        " unnest(ARRAY['MARKETING', 'UTILITY']) AS category WHERE id = :id",
        id=business.whatsapp_channel_id,
    )
    conversation = customer_writes()
    (message_id,) = say(business.business_id, conversation)
    claimed = claim_one()
    if by_status:
        errors = [{"code": 131050, "title": "User stopped marketing"}]
        receive(meta_body(status_value("wamid.X", "failed", our_id=message_id, errors=errors)))
    else:
        refuse(business, claimed, "131050")
    assert rows("SELECT marketing_stopped_at IS NOT NULL, opted_out_at FROM contact_identities") == [(True, None)]
    with transaction(business.business_id) as session:
        (shown,) = profile.read(session, one("SELECT contact_id FROM contact_identities")).identities
    assert shown.marketing_stopped_at is not None

    def send(name: str) -> None:
        content = {"type": "template", "template": {"name": name, "language": "es"}}
        with transaction(business.business_id) as session:
            enqueue_message(session, conversation, NewMessage(content, Sender.AGENT))

    with refused("marketing_stopped"):
        send("MARKETING")
    send("UTILITY")
    say(business.business_id, conversation)
    customer_writes("ALTA")
    send("MARKETING")


def test_help_that_twilio_answered_gets_no_second_answer(business: TestBusiness) -> None:
    pairs = [("MessageSid", "SMhelp"), ("From", "+15551234567"), ("To", "+15005550006"), ("Body", "HELP")]
    form = "application/x-www-form-urlencoded"
    store(twilio_form([*pairs, ("OptOutType", "HELP")]), source="twilio_inbound", content_type=form)
    ingest.receive()
    assert rows("SELECT waiting_since, unread_count FROM conversations") == [(None, 0)]
    with system_transaction() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM pending_replies").scalar_one() == 0
