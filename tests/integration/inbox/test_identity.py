"""Resolve the same person from any spelling of the provider; opt-outs."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.messaging.inbound.store_messages import readable_name
from core.platform.db import transaction
from core.platform.scope import Actor, Scope
from core.replies import pending_replies
from core.replies.decision import Reply, Trace
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes, receive
from tests.support.outbox import claim, say, stored_message
from tests.support.pending_replies import begin
from tests.support.provider_bodies import meta_body, text_value
from tests.support.refusals import refused

BSUID = "AR.13491208655302741918"


def with_user_id(words: str, *, phone: str | None, user_id: str) -> dict[str, Any]:
    """Return a message that carries a business-scoped user id, with the number or without."""
    value = text_value(words, phone or "0")
    number = {} if phone is None else {"wa_id": phone}
    value["contacts"] = [{"profile": {"name": "Ana"}, "user_id": user_id, **number}]
    value["messages"][0] |= {"from_user_id": user_id}
    if phone is None:
        del value["messages"][0]["from"]
    return value


def number_change(old: str, new: str, wamid: str = "wamid.CHANGE") -> dict[str, Any]:
    system = {"type": "user_changed_number", "body": f"User changed from {old} to {new}", "wa_id": new}
    message = {"from": old, "id": wamid, "timestamp": str(int(time.time())), "type": "system", "system": system}
    return {"messages": [message]}


@pytest.mark.parametrize(
    ("first", "second"),
    [("5215512345678", "525512345678"), ("5491155550001", "541155550001"), ("5541988887777", "554188887777")],
    ids=["mexico", "argentina", "brazil"],
)
def test_spellings_of_a_number_are_one_contact(business: TestBusiness, first: str, second: str) -> None:
    receive(meta_body(text_value("uno", first)))
    receive(meta_body(text_value("dos", second)))
    assert one("SELECT count(*) FROM contacts") == 1
    assert one("SELECT count(*) FROM conversations") == 1
    assert column("SELECT address FROM contact_identities ORDER BY id") == [first, second], (
        "each is kept as it was written"
    )
    assert one("SELECT i.address FROM conversations c JOIN contact_identities i ON i.id = c.identity_id") == second


def test_spellings_in_one_batch_are_one_contact(business: TestBusiness) -> None:
    receive(meta_body(text_value("uno", "5215512345678"), text_value("dos", "525512345678")))
    assert one("SELECT count(*) FROM contacts") == 1


def test_a_user_id_is_joined_to_its_number(business: TestBusiness) -> None:
    receive(meta_body(text_value("by number")))
    receive(meta_body(with_user_id("by both", phone="5491155550001", user_id=BSUID)))
    receive(meta_body(with_user_id("by user id", phone=None, user_id=BSUID)))
    assert one("SELECT count(*) FROM contacts") == 1
    assert one("SELECT count(*) FROM conversations") == 1
    assert one("SELECT i.address FROM conversations c JOIN contact_identities i ON i.id = c.identity_id") == BSUID


def test_a_user_id_that_came_first_is_joined_when_its_number_comes(business: TestBusiness) -> None:
    receive(meta_body(with_user_id("by user id", phone=None, user_id=BSUID)))
    receive(meta_body(with_user_id("by both", phone="5491155550001", user_id=BSUID)))
    assert one("SELECT count(*) FROM contacts") == 1
    assert one("SELECT count(*) FROM conversations") == 1


def test_a_name_given_in_the_console_stays(business: TestBusiness) -> None:
    receive(meta_body(text_value("uno", name="")))
    receive(meta_body(text_value("dos", name="Ana")))
    assert one("SELECT name FROM contacts") == "Ana"
    rows("UPDATE contacts SET name = 'Ana (VIP)'")
    receive(meta_body(text_value("tres", name="Otra")))
    assert one("SELECT name FROM contacts") == "Ana (VIP)"


def test_a_changed_number_goes_on_in_the_same_conversation(business: TestBusiness) -> None:
    conversation_id = customer_writes("Hola", "5491155550001")
    receive(meta_body(number_change("5491155550001", "5491166660002")))
    assert customer_writes("Soy yo", "5491166660002") == conversation_id
    assert one("SELECT count(*) FROM contacts") == 1
    assert column("SELECT payload ->> 'event' FROM messages WHERE type = 'system'") == ["number_changed"]


def test_a_repeated_number_change_is_shown_once(business: TestBusiness) -> None:
    customer_writes("Hola", "5491155550001")
    receive(meta_body(number_change("5491155550001", "5491166660002")))
    receive({**meta_body(number_change("5491155550001", "5491166660002")), "again": 1})
    assert one("SELECT count(*) FROM messages WHERE type = 'system'") == 1


def test_a_new_number_with_a_recent_contact_is_merged(business: TestBusiness) -> None:
    customer_writes("Hola", "5491155550001")
    other = customer_writes("Hola", "5491166660002")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        from core.conversations import lifecycle

        lifecycle.close(session, other)
    rows(
        "INSERT INTO contact_identities (business_id, contact_id, kind, address)"
        " SELECT business_id, contact_id, 'sms', '+5491166660002' FROM conversations WHERE id = :id",
        id=other,
    )
    receive(meta_body(number_change("5491155550001", "5491166660002")))
    keep = one("SELECT contact_id FROM contact_identities WHERE address = '5491155550001'")
    assert set(column("SELECT contact_id FROM contact_identities")) == {keep}
    assert set(column("SELECT contact_id FROM conversations")) == {keep}
    assert column("SELECT merged_into_id FROM contacts WHERE id <> :keep", keep=keep) == [keep]


@pytest.mark.parametrize(
    ("new", "old"),
    [(-1200, -1800), (-60, -30)],
    ids=["written long before, arrived late", "the customer still wrote from the old number"],
)
def test_a_stranger_at_the_new_number_is_not_merged(business: TestBusiness, new: int, old: int) -> None:
    now = time.time()
    stranger = customer_writes("Hola", "5491166660002", at=now + new)
    customer = customer_writes("Hola", "5491155550001", at=now + old)
    receive(meta_body(number_change("5491155550001", "5491166660002")))
    assert one("SELECT count(*) FROM contacts WHERE merged_into_id IS NOT NULL") == 0
    owned = "SELECT contact_id FROM conversations WHERE id = :id"
    assert column("SELECT contact_id FROM contact_identities WHERE ended_at IS NULL") == [one(owned, id=customer)]
    assert one(owned, id=stranger) != one(owned, id=customer)


def test_a_known_customer_who_used_the_new_number_is_not_merged(business: TestBusiness) -> None:
    customer_writes("Hola", "5491155550001")
    customer_writes("Hola", "5491166660002")
    rows("UPDATE contacts SET created_at = now() - interval '1 year' WHERE id = (SELECT max(id) FROM contacts)")
    receive(meta_body(number_change("5491155550001", "5491166660002")))
    assert one("SELECT count(*) FROM contacts WHERE merged_into_id IS NOT NULL") == 0


def test_of_two_open_conversations_of_one_person_the_newer_goes_on(business: TestBusiness) -> None:
    now = time.time()
    customer_writes("Hola", "5491155550001", at=now - 60)
    newer = customer_writes("Hola", "5491166660002", at=now)
    receive(meta_body(number_change("5491155550001", "5491166660002")))
    assert column("SELECT id FROM conversations WHERE status = 'open'") == [newer]
    assert one("SELECT count(*) FROM dead_letters") == 0


def test_stop_opts_out_and_start_lifts_it(business: TestBusiness) -> None:
    conversation_id = customer_writes("Hola")
    (waiting,) = say(business.business_id, conversation_id, send_at=datetime.now(UTC) + timedelta(hours=1))
    customer_writes("STOP")
    with refused("opted_out"):
        say(business.business_id, conversation_id)
    assert stored_message(waiting).status == "cancelled", "what had been put in the outbox before is not sent either"
    assert stored_message(waiting).error["code"] == "opted_out"
    rows("UPDATE deliveries SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL")
    assert claim() == []
    customer_writes("start")
    assert say(business.business_id, conversation_id)


def test_the_last_keyword_of_a_batch_counts(business: TestBusiness) -> None:
    now = time.time()
    receive(meta_body(text_value("START", at=now - 20)), meta_body(text_value("STOP", at=now - 10)))
    assert one("SELECT opted_out_at IS NOT NULL FROM contact_identities")
    receive(meta_body(text_value("STOP", at=now - 8)), meta_body(text_value("START", at=now - 5)))
    assert one("SELECT opted_out_at IS NULL FROM contact_identities")


def test_an_opt_out_holds_at_every_address_of_its_person(business: TestBusiness) -> None:
    receive(meta_body(with_user_id("Hola", phone="5491155550001", user_id=BSUID)))
    customer_writes("STOP")
    assert one("SELECT count(*) FROM contact_identities WHERE opted_out_at IS NULL") == 0
    receive(meta_body(number_change("5491155550001", "5491166660002")))
    assert one("SELECT opted_out_at IS NOT NULL FROM contact_identities WHERE address = '5491166660002'")


def test_an_opt_out_on_whatsapp_does_not_affect_sms(business: TestBusiness) -> None:
    customer_writes("STOP")
    rows(
        "INSERT INTO contact_identities (business_id, contact_id, kind, address)"
        " SELECT business_id, contact_id, 'sms', '+5491155550001' FROM contact_identities"
    )
    customer_writes("STOP")
    assert rows("SELECT kind, opted_out_at IS NULL FROM contact_identities ORDER BY id") == [
        ("whatsapp", False),
        ("sms", True),
    ]


def test_stop_while_the_bot_replies_cancels_the_reply(business: TestBusiness) -> None:
    customer_writes("Hola")
    turn, reply_context = begin()
    customer_writes("STOP")
    with transaction(business.business_id) as session:
        answer = Reply("Buenas", draft=False, trace=Trace("model"))
        pending_replies.finish(session, [pending_replies.CompletedReply(turn, reply_context, answer)])
    assert one("SELECT count(*) FROM deliveries") == 0
    assert one("SELECT outcome FROM ai_runs") == "reply"


def test_marketing_consent_is_separate_from_opting_out(business: TestBusiness) -> None:
    conversation_id = customer_writes("Hola")
    preference = {
        "wa_id": "5491155550001",
        "detail": "User requested to stop",
        "category": "marketing_messages",
        "value": "stop",
        "timestamp": int(time.time()),
    }
    document = meta_body({"user_preferences": [preference]})
    document["entry"][0]["changes"][0]["field"] = "user_preferences"
    receive(document)
    assert rows("SELECT marketing_stopped_at IS NOT NULL, opted_out_at FROM contact_identities") == [(True, None)]
    assert say(business.business_id, conversation_id)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("\u202egpj.exe", "gpj.exe"),
        ("  Ana\n\tde  la Cruz\x07 ", "Ana de la Cruz"),
        ("مريم \u2067x\u2069", "مريم x"),
        ("👨‍👩‍👧 Familia", "👨‍👩‍👧 Familia"),
        ("A" * 500, "A" * 200),
        ("\u202e\u200f", ""),
    ],
)
def test_a_name_is_stored_without_bidi_controls(given: str, kept: str) -> None:
    assert readable_name(given) == kept
