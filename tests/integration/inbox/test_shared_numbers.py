"""A customer known by a user id answers our request for their number."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core.accounts import notification_texts
from core.messaging.outbound.enqueue import NewMessage, enqueue_message
from core.models import Sender
from core.platform.db import transaction
from tests.conftest import TestBusiness
from tests.integration.inbox.test_identity import with_user_id
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes, receive
from tests.support.outbox import say, send_all
from tests.support.provider_bodies import WABA_ID, meta_body, text_value

RUI, LIA = "PT.771", "PT.772"
NUMBER = "351912345678"
ASKS = {"type": "interactive", "interactive": {"type": "request_contact_info", "body": {"text": "O seu número?"},
                                               "action": {"name": "request_contact_info"}}}  # fmt: skip


def asked(business: TestBusiness, user_id: str = RUI, content: dict[str, Any] = ASKS) -> int:
    """Receive a message of a customer without a number and request the number. Returns the conversation's id."""
    receive(meta_body(with_user_id("bom dia", phone=None, user_id=user_id)))
    talk = int(one("SELECT conversation_id FROM messages WHERE text = 'bom dia' ORDER BY id DESC LIMIT 1"))
    with transaction(business.business_id) as session:
        (message_id,) = enqueue_message(session, talk, NewMessage(content, Sender.AGENT))
    send_all()
    rows("UPDATE messages SET provider_id = 'wamid.ASKED' WHERE id = :id", id=message_id)
    return talk


def shares(*numbers: str, user_id: str = RUI, quotes: str | None = "wamid.ASKED", cards: int = 1) -> None:
    value = with_user_id("", phone=None, user_id=user_id)
    phones = [{"phone": f"+{number}", "wa_id": number, "type": "CELL"} for number in numbers]
    card = {"name": {"formatted_name": "Rui"}, "phones": phones}
    item = {key: part for key, part in value["messages"][0].items() if key != "text"}
    item |= {"type": "contacts", "contacts": [card] * cards, "id": f"wamid.{time.monotonic_ns()}"}
    if quotes:
        item["context"] = {"id": quotes}
    value["messages"] = [item]
    receive(meta_body(value))


def contacts_of(address: str) -> list[int]:
    return column(
        "SELECT contact_id FROM contact_identities WHERE address = :address AND ended_at IS NULL", address=address
    )


@pytest.mark.parametrize("quotes", ["wamid.ASKED", None])
def test_the_number_becomes_theirs(business: TestBusiness, quotes: str | None) -> None:
    talk = asked(business)
    shares(NUMBER, quotes=quotes)
    assert contacts_of(NUMBER) == contacts_of(RUI)
    assert one("SELECT count(*) FROM contacts") == 1
    assert customer_writes("e por aqui?", NUMBER) == talk
    assert one("SELECT count(*) FROM notifications WHERE kind LIKE 'number_%'") == 0


def test_a_template_asks_too(business: TestBusiness) -> None:
    rows(
        "INSERT INTO message_templates (business_id, account, name, language, category, status, quality,"
        " rejected_reason,"
        " components) VALUES (:b, :account, 'numero', 'pt_PT', 'UTILITY', 'APPROVED', '', '', :parts)",
        b=business.business_id, account=WABA_ID,
        parts='[{"type": "BODY", "text": "Olá"}, {"type": "BUTTONS", "buttons": [{"type": "REQUEST_CONTACT_INFO"}]}]',
    )  # fmt: skip
    asked(business, content={"type": "template", "template": {"name": "numero", "language": "pt_PT"}})
    shares(NUMBER)
    assert contacts_of(NUMBER) == contacts_of(RUI)


def test_a_number_of_the_address_book_is_joined(business: TestBusiness) -> None:
    rows("INSERT INTO contacts (business_id, name) VALUES (:b, 'Rui Alves')", b=business.business_id)
    rows(
        "INSERT INTO contact_identities (business_id, contact_id, kind, address, lookup_key)"
        " SELECT business_id, id, 'whatsapp', :n, :n FROM contacts",
        n=NUMBER,
    )
    asked(business)
    shares(NUMBER)
    assert contacts_of(NUMBER) == contacts_of(RUI)


@pytest.mark.parametrize("user_id", [LIA, None])
def test_another_persons_number_stays_theirs_and_the_team_is_notified(
    business: TestBusiness, user_id: str | None
) -> None:
    if user_id:
        receive(meta_body(with_user_id("sou a Lia", phone=NUMBER, user_id=user_id)))
    else:
        receive(meta_body(text_value("sou a Lia", NUMBER)))
    talk = asked(business)
    shares(NUMBER)
    assert contacts_of(NUMBER) != contacts_of(RUI)
    assert one("SELECT count(*) FROM contact_identities WHERE ended_at IS NOT NULL") == 0
    kind, place, data = rows("SELECT kind, conversation_id, data FROM notifications WHERE kind LIKE 'number_%'")[0]
    assert (kind, place) == ("number_of_another" if user_id else "number_known", talk)
    for language in notification_texts.LANGUAGES:
        assert data["address"] in notification_texts.sentence(language, kind, data, "", "Rui")


@pytest.mark.parametrize("case", ["not asked", "something else quoted", "two numbers", "two cards", "answered since"])
def test_any_other_card_is_somebody_elses(business: TestBusiness, case: str) -> None:
    if case == "not asked":
        receive(meta_body(with_user_id("bom dia", phone=None, user_id=RUI)))
    else:
        talk = asked(business)
    if case == "answered since":
        say(business.business_id, talk, "E o nome?")
    numbers = (NUMBER, "351912345679") if case == "two numbers" else (NUMBER,)
    quotes = {"something else quoted": "wamid.OTHER", "answered since": None}.get(case, "wamid.ASKED")
    shares(*numbers, quotes=quotes, cards=2 if case == "two cards" else 1)
    assert contacts_of(NUMBER) == []


def test_a_customer_with_a_number_gets_no_other_by_a_card(business: TestBusiness) -> None:
    asked(business)
    shares(NUMBER)
    shares("351912345679")
    shares("351912345679", user_id=LIA)
    assert len(contacts_of(NUMBER)) == 1
    assert contacts_of("351912345679") == []
