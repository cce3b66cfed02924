"""Numbers and user ids with a new owner: who is meant, what is sent, and who is notified."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.conversations import channel_switch, thread
from core.messaging.contacts import duplicates, profile
from core.platform.db import system_transaction, transaction
from core.replies.context import load_snapshots
from tests.conftest import TestBusiness
from tests.integration.contacts.steps import close, merge, undo
from tests.integration.inbox.test_identity import number_change, with_user_id
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes, receive
from tests.support.outbox import claim, due_now, say, send_all, stored_message
from tests.support.provider_bodies import meta_body, text_value
from tests.support.refusals import refused

OLD, NEW = "5491155550041", "5491155550042"
ANAS, BRUNOS = "AR.111", "AR.999"


def user_change(old: str, new: str, wamid: str = "wamid.USER") -> dict[str, Any]:
    system = {"type": "user_changed_user_id", "body": "changed", "previous_user_id": old, "user_id": new}
    item = {"id": wamid, "timestamp": str(int(time.time())), "type": "system", "system": system}
    return {"messages": [item]}


def bruno(
    words: str = "hola, ¿hacen envíos?", *, phone: str | None = OLD, user_id: str | None = BRUNOS
) -> dict[str, Any]:
    if user_id is None:
        return text_value(words, phone or "", name="Bruno")
    value = with_user_id(words, phone=phone, user_id=user_id)
    value["contacts"][0]["profile"] = {"name": "Bruno"}
    return value


def talk_of(words: str) -> int:
    return int(one("SELECT conversation_id FROM messages WHERE text = :words", words=words))


def name_of(talk: int) -> str:
    return str(
        one("SELECT c.name FROM contacts c JOIN conversations t ON t.contact_id = c.id WHERE t.id = :id", id=talk)
    )


def prompt_of(talk: int) -> list[str]:
    with system_transaction() as session:
        return [message.text for message in load_snapshots(session, [talk])[talk].messages]


@pytest.mark.parametrize("user_id", [BRUNOS, None], ids=["with a user id", "without"])
@pytest.mark.parametrize("together", [True, False], ids=["one body", "four"])
@pytest.mark.parametrize("phone", [OLD, "541155550041"], ids=["as before", "spelled differently"])
def test_the_new_owner_of_a_former_number_is_another_contact(
    business: TestBusiness, user_id: str | None, together: bool, phone: str
) -> None:
    values = [
        text_value("mi pedido 8841 llegó roto", OLD, name="Ana"),
        number_change(OLD, NEW),
        text_value("sigo siendo Ana", NEW, name="Ana"),
        bruno(phone=phone, user_id=user_id),
    ]
    receive(meta_body(*values)) if together else [receive(meta_body(value)) for value in values]
    anas, brunos = talk_of("sigo siendo Ana"), talk_of("hola, ¿hacen envíos?")
    assert talk_of("mi pedido 8841 llegó roto") == anas
    assert anas != brunos
    assert (name_of(anas), name_of(brunos)) == ("Ana", "Bruno")
    assert prompt_of(brunos) == ["hola, ¿hacen envíos?"]
    say(business.business_id, anas, "Ana, tu reembolso")
    say(business.business_id, brunos, "Bruno, sí")
    assert {sent.payload["text"]: sent.address for sent in claim()} == {"Ana, tu reembolso": NEW, "Bruno, sí": phone}
    assert one("SELECT count(*) FROM dead_letters") == 0


def test_a_known_number_with_another_user_id_is_another_contact(business: TestBusiness) -> None:
    receive(meta_body(with_user_id("mi tarjeta es 4111", phone=OLD, user_id=ANAS)))
    anas = talk_of("mi tarjeta es 4111")
    rows(
        "INSERT INTO contact_identities (business_id, contact_id, kind, address, lookup_key)"
        " SELECT business_id, contact_id, 'sms', '+5491155550041', '541155550041' FROM conversations"
    )
    (waiting,) = say(business.business_id, anas, "Ana, tu reembolso")
    (later,) = say(business.business_id, anas, "Recordatorio", send_at=datetime.now(UTC) + timedelta(hours=1))
    receive(meta_body(bruno()))
    brunos = talk_of("hola, ¿hacen envíos?")
    assert brunos != anas
    assert (name_of(anas), name_of(brunos)) == ("Ana", "Bruno")
    assert prompt_of(brunos) == ["hola, ¿hacen envíos?"]
    due_now()
    assert claim() == []
    for stopped in (waiting, later):
        assert (stored_message(stopped).status, stored_message(stopped).error["code"]) == ("cancelled", "address_ended")
    with refused("address_ended"):
        say(business.business_id, anas)
    assert column("SELECT conversation_id FROM notifications WHERE kind = 'address_ended'") == [anas]
    events = column(
        "SELECT payload ->> 'address' FROM messages WHERE type = 'event' AND conversation_id = :id", id=anas
    )
    assert events == ["+54 9 11 5555-0041"]
    assert one("SELECT count(*) FROM pending_replies WHERE conversation_id = :id", id=anas) == 0
    with transaction(business.business_id) as session:
        assert thread.read(session, anas).address_ended
        assert not thread.read(session, brunos).address_ended
        contact_id = one("SELECT contact_id FROM conversations WHERE id = :id", id=anas)
        former = [(each.address, each.former) for each in profile.read(session, contact_id).identities]
        assert former == [(ANAS, False), (OLD, True), ("+5491155550041", True)]
        assert channel_switch.alternatives(session, anas)[0].address == ANAS
        assert duplicates.candidates(session, contact_id) == []
    receive(meta_body(bruno("otra vez", user_id=None)), meta_body(bruno("y otra")))
    assert talk_of("otra vez") == talk_of("y otra") == brunos
    assert one("SELECT count(*) FROM notifications WHERE kind = 'address_ended'") == 1


def test_a_message_being_sent_as_its_number_ends_is_not_retried(business: TestBusiness) -> None:
    receive(meta_body(with_user_id("hola", phone=OLD, user_id=ANAS)))
    (sent,) = say(business.business_id, talk_of("hola"))
    claim()
    receive(meta_body(bruno()))
    rows("UPDATE messages SET status = 'queued' WHERE id = :id", id=sent)
    rows(
        "UPDATE deliveries SET next_attempt_at = now(), lease = NULL, leased_until = NULL WHERE message_id = :id",
        id=sent,
    )
    assert claim() == []
    assert stored_message(sent).status == "cancelled"


def test_what_waits_for_a_number_that_changed_goes_to_the_new_one(business: TestBusiness) -> None:
    talk = customer_writes("Hola", OLD)
    say(business.business_id, talk, "Recordatorio", send_at=datetime.now(UTC) + timedelta(hours=1))
    receive(meta_body(number_change(OLD, NEW)))
    due_now()
    assert [each.address for each in claim()] == [NEW]


def test_a_number_change_gives_a_new_user_id_too(business: TestBusiness) -> None:
    receive(meta_body(with_user_id("hola", phone=OLD, user_id=ANAS)))
    both = number_change(OLD, NEW)
    both["messages"][0] |= {"from_user_id": ANAS}
    both["messages"][0]["system"] |= {"user_id": "AR.222"}
    receive(meta_body(both))
    receive({**meta_body(both), "again": 1})
    assert sorted(column("SELECT address FROM contact_identities WHERE ended_at IS NULL")) == [NEW, "AR.222"]
    assert one("SELECT i.address FROM conversations c JOIN contact_identities i ON i.id = c.identity_id") == NEW
    receive(meta_body(with_user_id("sigo", phone=NEW, user_id="AR.222")))
    receive(meta_body(with_user_id("sin número", phone=None, user_id="AR.222")))
    assert talk_of("sin número") == talk_of("sigo") == talk_of("hola")
    assert one("SELECT count(*) FROM contacts") == 1
    assert one("SELECT count(*) FROM notifications") == 0


def test_a_user_id_that_changed_is_not_used_again(business: TestBusiness) -> None:
    receive(meta_body(with_user_id("hola", phone=None, user_id=ANAS)))
    receive(meta_body(user_change(ANAS, "AR.222")))
    say(business.business_id, talk_of("hola"))
    assert [each.address for each in claim()] == ["AR.222"]
    receive(meta_body(with_user_id("yo", phone=None, user_id="AR.222")))
    assert talk_of("yo") == talk_of("hola")


def test_the_account_reports_new_user_ids(business: TestBusiness) -> None:
    receive(meta_body(with_user_id("hola", phone=None, user_id=ANAS)))
    document = meta_body(
        {
            "user_id_update": [
                {"wa_id": OLD, "user_id": {"previous": ANAS, "current": "AR.222"}, "timestamp": str(int(time.time()))},
                {},
            ]
        }
    )
    document["entry"][0]["changes"][0]["field"] = "user_id_update"
    receive(document)
    assert column("SELECT address FROM contact_identities WHERE ended_at IS NULL") == ["AR.222"]
    assert one("SELECT count(*) FROM notifications") == 0
    assert one("SELECT count(*) FROM dead_letters") == 1


def test_a_notice_that_comes_after_the_new_owner_still_moves_the_customer(business: TestBusiness) -> None:
    now = time.time()
    receive(meta_body(with_user_id("hola", phone=OLD, user_id=ANAS)))
    change = number_change(OLD, NEW)
    change["messages"][0]["timestamp"] = str(int(now) - 600)
    receive(meta_body(bruno()))
    receive(meta_body(change))
    late = text_value("antes del cambio", OLD, name="Ana", at=now - 700)
    receive(meta_body(late))
    assert talk_of("antes del cambio") == talk_of("hola")
    say(business.business_id, talk_of("hola"), "Ana")
    say(business.business_id, talk_of("hola, ¿hacen envíos?"), "Bruno")
    assert {each.payload["text"]: each.address for each in claim()} == {"Ana": NEW, "Bruno": OLD}


def test_a_new_number_that_was_a_strangers_long_ago_brings_nothing_of_theirs(business: TestBusiness) -> None:
    carlas = customer_writes("soy Carla", NEW, name="Carla")
    rows("UPDATE contacts SET created_at = now() - interval '30 days'")
    anas = customer_writes("soy Ana", OLD)
    receive(meta_body(number_change(OLD, NEW)))
    receive(meta_body(text_value("sigo", NEW)))
    assert talk_of("sigo") == anas
    assert (name_of(anas), name_of(carlas)) == ("Ana", "Carla")
    with refused("address_ended"):
        say(business.business_id, carlas)


def test_a_number_that_comes_back_is_the_customers_again(business: TestBusiness) -> None:
    now = int(time.time())
    talk = customer_writes("Hola", OLD, at=now - 90)
    for minute, (old, new) in enumerate([(OLD, NEW), (NEW, OLD)]):
        change = number_change(old, new, f"wamid.{minute}")
        change["messages"][0]["timestamp"] = str(now - 60 + minute)
        receive(meta_body(change))
    first = number_change(OLD, NEW, "wamid.0")
    first["messages"][0]["timestamp"] = str(now - 60)
    receive({**meta_body(first), "again": 1})
    assert customer_writes("de vuelta", OLD) == talk
    say(business.business_id, talk)
    assert [each.address for each in claim()] == [OLD]


def test_two_accounts_know_one_customer_by_two_user_ids(business: TestBusiness) -> None:
    receive(meta_body(with_user_id("por Meta", phone=OLD, user_id=ANAS)))
    rows("UPDATE contact_identities SET account = 'another account' WHERE address = :id", id=ANAS)
    receive(meta_body(with_user_id("por otro", phone=OLD, user_id="AR.222")))
    receive(meta_body(with_user_id("otra vez", phone=OLD, user_id=ANAS)))
    assert one("SELECT count(*) FROM contacts") == 1
    assert one("SELECT count(*) FROM notifications") == 0


def test_a_number_and_a_user_id_known_apart_are_one_person_when_they_come_together(business: TestBusiness) -> None:
    receive(meta_body(text_value("por número", OLD)))
    receive(meta_body(with_user_id("por usuario", phone=None, user_id=ANAS)))
    receive(meta_body(with_user_id("por ambos", phone=OLD, user_id=ANAS)))
    assert one("SELECT count(DISTINCT contact_id) FROM contact_identities") == 1
    assert one("SELECT count(*) FROM conversations WHERE status <> 'closed'") == 1


def test_merging_and_undoing_leave_an_ended_address_ended(business: TestBusiness) -> None:
    receive(meta_body(with_user_id("Ana", phone=OLD, user_id=ANAS)))
    receive(meta_body(bruno()))
    receive(meta_body(text_value("Carla", NEW, name="Carla")))
    anas, carlas, brunos = talk_of("Ana"), talk_of("Carla"), talk_of("hola, ¿hacen envíos?")
    keep, merged = (one("SELECT contact_id FROM conversations WHERE id = :id", id=talk) for talk in (carlas, anas))
    merge_id = merge(business, keep, merged)
    receive(meta_body(bruno("sigo")))
    undo(business, merge_id)
    assert talk_of("sigo") == brunos
    assert column("SELECT address FROM contact_identities WHERE ended_at IS NOT NULL") == [OLD]
    assert name_of(anas) == "Ana"
    close(business, brunos)
    with refused("address_ended"):
        say(business.business_id, anas)
    send_all()
