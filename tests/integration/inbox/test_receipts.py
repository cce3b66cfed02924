"""Delivery receipts: all stored, moving each message forward only, in any order and number."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core.channels.types import Sent
from core.messaging.inbound.delivery_receipts import match_waiting
from core.messaging.outbound import claim as claims
from core.messaging.outbound import manual_retry, results
from core.models import Sender
from core.platform.db import system_transaction, transaction
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.support.database import one, rows
from tests.support.inbound import customer_writes, receive
from tests.support.outbox import claim_one, say, stored_message
from tests.support.provider_bodies import meta_body, status_value

FAILURE = [{"code": 131026, "title": "Message undeliverable", "error_data": {"details": "No WhatsApp"}}]


def report(wamid: str, status: str, **more: Any) -> None:
    receive(meta_body(status_value(wamid, status, **more)))


def sent(business: TestBusiness, wamid: str = "wamid.OUT", *, sender: Sender = Sender.AGENT) -> int:
    """Insert a sent message. Returns its id."""
    (message_id,) = say(business.business_id, customer_writes(), sender=sender)
    claimed = claim_one()
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent(wamid))])
    return message_id


def test_a_message_moves_forward_only(business: TestBusiness) -> None:
    message_id = sent(business)
    for status, reached in [("read", "read"), ("delivered", "read"), ("sent", "read"), ("played", "played")]:
        report("wamid.OUT", status)
        assert stored_message(message_id).status == reached
    assert one("SELECT count(*) FROM delivery_receipts WHERE message_id = :id", id=message_id) == 4, (
        "every report is kept"
    )


def test_a_repeated_receipt_is_stored_once(business: TestBusiness) -> None:
    sent(business)
    at = time.time()
    report("wamid.OUT", "delivered", at=at)
    receive({**meta_body(status_value("wamid.OUT", "delivered", at=at)), "again": 1})
    assert one("SELECT count(*) FROM delivery_receipts") == 1


def test_a_receipt_may_come_before_the_response_to_the_send(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    report("wamid.OUT", "delivered", our_id=message_id)
    assert stored_message(message_id).status == "delivered"
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent("wamid.OUT"))])
    after = stored_message(message_id)
    assert (after.status, after.provider_id, after.lease, after.next_attempt_at) == (
        "delivered",
        "wamid.OUT",
        None,
        None,
    )


def test_a_failure_may_come_before_the_response_to_the_send(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    report("wamid.OUT", "failed", our_id=message_id, errors=FAILURE)
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent("wamid.OUT"))])
    after = stored_message(message_id)
    assert (after.status, after.lease) == ("failed", None)
    assert after.error["code"] == "131026", "its reason is not forgotten"


@pytest.mark.parametrize("status", ["sent", "delivered", "read"])
def test_a_receipt_resolves_an_uncertain_message(business: TestBusiness, status: str) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    claim_one()
    rows("UPDATE deliveries SET leased_until = now() - interval '1 second'")
    with system_transaction() as session:
        assert claims.expire_leases(session) == [message_id]
    assert stored_message(message_id).status == "uncertain"
    report("wamid.OUT", status, our_id=message_id)
    after = stored_message(message_id)
    assert (after.status, after.error, after.uncertain_since) == (status, None, None)
    assert after.provider_id == "wamid.OUT"


def test_a_failed_answer_of_the_bot_goes_to_a_person_with_its_diagnosis(business: TestBusiness) -> None:
    message_id = sent(business, sender=Sender.BOT)
    report("wamid.OUT", "failed", errors=FAILURE)
    after = stored_message(message_id)
    assert after.status == "failed"
    assert after.error["cause"] == "recipient"
    assert after.error["advice"]
    assert rows("SELECT mode, handoff_reason, waiting_since IS NOT NULL FROM conversations") == [
        ("human", "send_failed", True)
    ]
    assert "Message undeliverable" in one("SELECT text FROM notifications")


@pytest.mark.parametrize("title", ["Message undeliverable", "Message undeliverable."])
def test_a_failed_message_of_a_person_is_notified(business: TestBusiness, title: str) -> None:
    message_id = sent(business)
    report("wamid.OUT", "failed", errors=[{**FAILURE[0], "title": title}])
    assert rows("SELECT kind, text FROM notifications") == [
        ("message_failed", f"Message {message_id} could not be sent: Message undeliverable.")
    ]


def test_a_delivery_after_a_failure_wins_and_a_failure_after_a_delivery_does_not(business: TestBusiness) -> None:
    message_id = sent(business)
    report("wamid.OUT", "failed", errors=FAILURE)
    report("wamid.OUT", "delivered")
    assert (stored_message(message_id).status, stored_message(message_id).error) == ("delivered", None)
    report("wamid.OUT", "failed", errors=FAILURE, at=time.time() - 60)
    assert stored_message(message_id).status == "delivered"


def test_a_repeated_failure_does_not_fail_the_next_attempt(business: TestBusiness) -> None:
    """Meta may deliver a receipt again for days; meanwhile a person has sent the message once more."""
    message_id = sent(business)
    at = time.time()
    report("wamid.OUT", "failed", errors=FAILURE, at=at)
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        assert manual_retry.retry(session, [message_id], None).queued == [message_id]
    receive({**meta_body(status_value("wamid.OUT", "failed", errors=FAILURE, at=at)), "again": 1})
    assert stored_message(message_id).status == "queued"
    claimed = claim_one()
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent("wamid.SECOND"))])
    assert (stored_message(message_id).status, stored_message(message_id).provider_id) == ("sent", "wamid.SECOND")


def test_a_receipt_without_our_id_waits_for_its_message(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes())
    claimed = claim_one()
    report("wamid.OUT", "read")
    assert stored_message(message_id).status == "sending"
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent("wamid.OUT"))])
    with system_transaction() as session:
        assert match_waiting(session) == 1
    assert stored_message(message_id).status == "read"
    assert one("SELECT message_id FROM delivery_receipts") == message_id
    with system_transaction() as session:
        assert match_waiting(session) == 0


def test_an_unmatched_failure_is_applied_later(business: TestBusiness) -> None:
    (message_id,) = say(business.business_id, customer_writes(), sender=Sender.BOT)
    claimed = claim_one()
    report("wamid.OUT", "failed", errors=FAILURE)
    with transaction(business.business_id) as session:
        results.record_sent(session, [(claimed, Sent("wamid.OUT"))])
    with system_transaction() as session:
        match_waiting(session)
    assert stored_message(message_id).error["code"] == "131026"
    assert one("SELECT mode FROM conversations") == "human"


def test_a_receipt_of_an_unknown_message_changes_nothing(business: TestBusiness) -> None:
    message_id = sent(business)
    other = one("INSERT INTO businesses (name) VALUES ('Other') RETURNING id")
    rows(
        "INSERT INTO channels (business_id, kind, provider, identity, name, credentials)"
        " VALUES (:b, 'whatsapp', 'whatsapp_cloud', '777', 'WhatsApp', '')",
        b=other,
    )
    receive(meta_body(status_value("wamid.ELSEWHERE", "read", our_id=message_id), phone_number_id="777"))
    assert stored_message(message_id).status == "sent"
    assert rows("SELECT business_id, message_id FROM delivery_receipts") == [(other, None)]


def test_all_reports_of_a_message_in_one_body(business: TestBusiness) -> None:
    message_id = sent(business)
    receive(meta_body(*(status_value("wamid.OUT", status) for status in ("read", "sent", "failed", "delivered"))))
    assert stored_message(message_id).status == "read"
