"""Every kind of message is readable: by the bot, in search, in lists and by API clients."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, text

from console.components.contents import contents
from core.conversations import api_reads, search, thread
from core.models import Conversation, Sender
from core.platform.db import system_transaction, transaction
from core.replies import transcript
from tests.conftest import TestBusiness
from tests.integration.inbox.test_receive import item, value_of
from tests.support.database import one, rows
from tests.support.inbound import customer_writes, receive, store
from tests.support.outbox import say
from tests.support.pending_replies import claim_one, prepare
from tests.support.provider_bodies import meta_body
from workers.jobs import ingest

ANA = "5491155550001"
FORM = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent"}}


def form(answers: Any) -> dict[str, Any]:
    raw = answers if isinstance(answers, str) else json.dumps(answers)
    return {**FORM, "nfm_reply": {**FORM["nfm_reply"], "response_json": raw}}  # type: ignore[dict-item]


def arrives(kind: str, body: Any, **riders: Any) -> int:
    """Receive a message of Ana's. Returns its conversation's id."""
    document = {**item(kind, f"wamid.{time.monotonic_ns()}", at=riders.pop("at", None)), kind: body, **riders}
    receive(meta_body(value_of({key: value for key, value in document.items() if value is not None})))
    return int(one("SELECT id FROM conversations WHERE status <> 'closed'"))


def told(conversation_id: int) -> list[str]:
    with system_transaction() as session:
        return [turn.whole for turn in transcript.turns_until(session, conversation_id, limit=50)]


def finds(business_id: int, words: str) -> bool:
    with transaction(business_id) as session:
        where = search.matches(session, words)
        return bool(session.scalars(select(Conversation.id).where(where)).all())


def texts(business_id: int, conversation_id: int) -> list[str]:
    """Return the texts as API clients get them."""
    with transaction(business_id) as session:
        return [one.text for one in api_reads.messages(session, conversation_id, None, 50).items]


def preview() -> str:
    return str(one("SELECT last_message_text FROM conversations"))


CARD = {"name": {"first_name": "Rosa"}, "org": {"company": "Vivero Sur"}, "phones": [{"wa_id": "56222223333"}]}
PRODUCTS = [{"product_retailer_id": "TORTA-9", "quantity": 3, "item_price": 12.5, "currency": "EUR"}]


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("interactive", form({"flow_token": "t", "zona": "Ñuñoa", "alergias": ["maní", "soya"]}), ["Ñuñoa", "soya"]),
        ("interactive", form([{"mesa": 4}, "terraza"]), ["mesa: 4", "terraza"]),
        ("interactive", form({"datos": {"patente": "XY1234"}, "ok": True}), ["XY1234", "ok: ✓"]),
        ("interactive", form('{"cortado": "mitad'), ["mitad"]),
        ("order", {"text": "sin azúcar", "product_items": PRODUCTS}, ["sin azúcar", "3 × TORTA-9", "12.5 EUR"]),
        ("contacts", [CARD], ["Rosa", "Vivero Sur", "56222223333"]),
        ("contacts", [{"phones": [{"phone": "+56 2 2222 3333"}]}], ["+56 2 2222 3333"]),
        ("location", {"latitude": -33.4, "longitude": -70.6, "name": "Casa Rosa"}, ["Casa Rosa"]),
        ("document", {"id": "1", "filename": "presupuesto-cocina.pdf"}, ["presupuesto-cocina.pdf"]),
        ("button", {"payload": "confirmo-visita"}, ["confirmo-visita"]),
    ],
)
def test_messages_without_text_are_readable_everywhere(
    business: TestBusiness, kind: str, body: Any, words: list[str]
) -> None:
    conversation_id = arrives(kind, body)
    for one_word in words:
        assert one_word in told(conversation_id)[-1]
        assert one_word in preview()
        assert one_word in texts(business.business_id, conversation_id)[-1]
    assert finds(business.business_id, words[-1])


@pytest.mark.parametrize(
    ("riders", "words"),
    [
        (
            {"context": {"id": "x", "referred_product": {"catalog_id": "9", "product_retailer_id": "LAMP-77"}}},
            "LAMP-77",
        ),
        ({"referral": {"headline": "Colchón Nube", "body": "Hasta viernes", "source_type": "ad"}}, "Colchón Nube"),
        ({"referral": {"body": "Clases de cerámica", "source_url": "https://x.example"}}, "cerámica"),
    ],
)
def test_message_context_reaches_the_bot_and_the_search(
    business: TestBusiness, riders: dict[str, Any], words: str
) -> None:
    conversation_id = arrives("text", {"body": "¿Sigue disponible?"}, **riders)
    assert words in told(conversation_id)[-1] and told(conversation_id)[-1].endswith("¿Sigue disponible?")
    assert finds(business.business_id, words)
    assert preview() == "¿Sigue disponible?"
    with system_transaction() as session:
        (turn,) = transcript.turns_until(session, conversation_id, limit=5)
    assert turn.text == "¿Sigue disponible?", "rules look at the customer's own words"


def test_details_of_a_choice_and_a_file_are_read(business: TestBusiness) -> None:
    row = {"id": "r1", "title": "Plan B", "description": "Dos visitas al mes"}
    conversation_id = arrives("interactive", {"type": "list_reply", "list_reply": row})
    arrives("document", {"id": "1", "filename": "plano-terreno.pdf", "caption": "¿esto sirve?"})
    first, second = told(conversation_id)
    assert "Plan B" in first and "Dos visitas al mes" in first
    assert "plano-terreno.pdf" in second and "¿esto sirve?" in second
    assert finds(business.business_id, "visitas") and finds(business.business_id, "plano terreno pdf")


def test_quoted_text_of_both_sides_reaches_the_bot(business: TestBusiness) -> None:
    conversation_id = customer_writes("quiero el azul marino", wamid="wamid.HERS")
    (ours,) = say(business.business_id, conversation_id, "El set de sábanas cuesta 40", sender=Sender.AGENT)
    rows("UPDATE messages SET provider_id = 'wamid.OURS' WHERE id = :id", id=ours)
    for quoted in ("wamid.OURS", "wamid.HERS", "wamid.GONE"):
        arrives("text", {"body": "¿y este?"}, context={"id": quoted})
    *_, first, second, third = told(conversation_id)
    assert "El set de sábanas cuesta 40" in first
    assert "quiero el azul marino" in second
    assert "reply_to" in third


def edits(target: str, words: str, at: float | None = None) -> None:
    arrives("edit", {"original_message_id": target, "message": {"type": "text", "text": {"body": words}}}, at=at)


def test_an_edit_counts_everywhere(business: TestBusiness) -> None:
    conversation_id = customer_writes("Quiero 2 remeras talle M", wamid="wamid.T")
    edits("wamid.T", "Quiero 3 camisas talle L")
    assert told(conversation_id) == ["Quiero 3 camisas talle L"]
    assert preview() == "Quiero 3 camisas talle L"
    assert texts(business.business_id, conversation_id)[0] == "Quiero 3 camisas talle L"
    assert finds(business.business_id, "camisas") and not finds(business.business_id, "remeras")
    assert one("SELECT unread_count FROM conversations") == 1, "it is one message still"
    assert one("SELECT payload #>> '{edited,before}' FROM messages WHERE provider_id = 'wamid.T'").endswith("talle M")


def test_an_edit_of_an_answered_message_needs_an_answer(business: TestBusiness) -> None:
    conversation_id = customer_writes("¿Tienen turno el lunes?", wamid="wamid.T")
    rows("DELETE FROM pending_replies")
    say(business.business_id, conversation_id, "Sí, a las 10", sender=Sender.BOT)
    edits("wamid.T", "¿Tienen turno el martes?")
    assert told(conversation_id)[1:] == ["Sí, a las 10", "[edit] ¿Tienen turno el martes?"]
    assert one("SELECT count(*) FROM pending_replies") == 1
    assert one("SELECT waiting_since IS NOT NULL FROM conversations")


def test_a_deleted_message_is_gone_and_needs_no_answer(business: TestBusiness) -> None:
    conversation_id = customer_writes("buenas tardes")
    customer_writes("mi tarjeta es 4111", wamid="wamid.T")
    edits("wamid.T", "mi tarjeta es 4222")
    arrives("revoke", {"original_message_id": "wamid.T"})
    assert told(conversation_id) == ["buenas tardes"]
    assert not finds(business.business_id, "tarjeta")
    assert "tarjeta" not in "".join(texts(business.business_id, conversation_id)) + preview()
    rows("UPDATE messages SET payload = payload || '{\"revoked\": {}}' WHERE text = 'buenas tardes'")
    assert prepare(claim_one()) is None
    assert rows("SELECT mode, waiting_since FROM conversations") == [("bot", None)]
    assert one("SELECT count(*) FROM pending_replies") == 0


def test_an_answer_to_a_message_deleted_meanwhile_is_stale(business: TestBusiness) -> None:
    customer_writes("borrar esto", wamid="wamid.T")
    before = one("SELECT latest_message_id FROM pending_replies")
    arrives("revoke", {"original_message_id": "wamid.T"})
    assert one("SELECT latest_message_id FROM pending_replies") > before


@pytest.mark.parametrize("kind", ["edit", "revoke"])
def test_changes_that_come_before_their_message_count(business: TestBusiness, kind: str) -> None:
    if kind == "edit":
        edits("wamid.LATE", "después")
    else:
        arrives("revoke", {"original_message_id": "wamid.LATE"})
    conversation_id = customer_writes("antes", wamid="wamid.LATE")
    assert "antes" not in told(conversation_id)
    assert not finds(business.business_id, "antes")


def test_the_bot_neither_reads_nor_answers_a_group(business: TestBusiness) -> None:
    conversation_id = arrives("text", {"body": "alguien sabe la clave"}, group_id="grp.1")
    assert rows("SELECT unread_count, window_expires_at FROM conversations") == [(1, None)]
    assert one("SELECT payload ->> 'group_id' FROM messages") == "grp.1"
    assert one("SELECT count(*) FROM pending_replies") == 0
    assert told(conversation_id) == []


@pytest.mark.parametrize(
    ("kind", "body", "named"),
    [
        ("image", {"id": "1"}, "[image]"),
        ("audio", {"id": "1", "voice": True}, "[audio]"),
        ("document", {"id": "1", "filename": "cv.pdf"}, "[document] cv.pdf"),
        ("unsupported", {"type": "poll_creation"}, "[unsupported: poll_creation]"),
        ("hologram", {"id": "1"}, "[unknown: hologram]"),
        ("interactive", FORM, "[interactive]"),
        ("text", {"body": "  "}, ""),
    ],
)
def test_unreadable_messages_are_labelled_by_type(business: TestBusiness, kind: str, body: Any, named: str) -> None:
    conversation_id = arrives(kind, body)
    with system_transaction() as session:
        (turn,) = transcript.turns_until(session, conversation_id, limit=5)
    assert not turn.readable
    assert turn.text.startswith(named)


@pytest.mark.parametrize(
    ("more", "kind", "words"),
    [
        ({"InteractiveData": '{"fecha": "5 de mayo", "hora": "10:30"}'}, "interactive", "10:30"),
        ({"Cart": json.dumps({"product_items": PRODUCTS})}, "order", "3 × TORTA-9"),
        ({"Shared": json.dumps({"contacts": [CARD]})}, "contacts", "Vivero Sur"),
        ({"ButtonPayload": "si-quiero"}, "button", "si-quiero"),
        ({"MessageType": "order"}, "unsupported", ""),
        ({"FutureThing": "x"}, "text", ""),
    ],
)
def test_twilio_messages_without_a_body_are_read(
    business: TestBusiness, more: dict[str, str], kind: str, words: str
) -> None:
    fields = {"MessageSid": "SM1", "From": f"whatsapp:+{ANA}", "Body": "", "NumMedia": "0", **more}
    fields["To"] = "whatsapp:" + one("SELECT identity FROM channels WHERE kind = 'whatsapp' AND provider = 'twilio'")
    store(urlencode(fields).encode(), source="twilio_inbound", content_type="application/x-www-form-urlencoded")
    ingest.receive()
    ((found, text, payload),) = rows("SELECT type, text, payload FROM messages")
    assert found == kind and words in text
    assert all(
        payload.get("parameters", {}).get(name) == more[name] for name in more if name in ("Cart", "FutureThing")
    )
    with system_transaction() as session:
        (turn,) = transcript.turns_until(session, one("SELECT id FROM conversations"), limit=5)
    assert turn.readable is bool(words)


def test_a_message_that_names_no_type_is_of_its_only_part(business: TestBusiness) -> None:
    arrives("location", {"latitude": 1.5, "longitude": 2.5}, type=None)
    assert rows("SELECT type, text FROM messages") == [("location", "1.5, 2.5")]


def test_a_reaction_is_shown_with_its_message(business: TestBusiness) -> None:
    conversation_id = customer_writes("Hola")
    (ours,) = say(business.business_id, conversation_id, "¿Le reservo?", sender=Sender.BOT)
    rows("UPDATE messages SET provider_id = 'wamid.OURS' WHERE id = :id", id=ours)
    arrives("reaction", {"message_id": "wamid.OURS", "emoji": "👍"})
    assert "👍" in told(conversation_id)[-1]


@pytest.mark.parametrize("query", ["AR.99x77", "@rosa.flores", "Rosa.Flores", "rosa.flores"])
def test_customers_without_a_number_are_found_by_id_and_username(business: TestBusiness, query: str) -> None:
    value = value_of(item("text", "wamid.B", body="hola"))
    value["messages"][0] |= {"from": None, "from_user_id": "AR.99x77"}
    value["contacts"] = [{"profile": {"name": "Rosa", "username": "Rosa.Flores"}, "user_id": "AR.99x77"}]
    receive(meta_body(value))
    assert finds(business.business_id, query)
    assert not finds(business.business_id, "AR.00000")
    assert one("SELECT username FROM contact_identities") == "Rosa.Flores"


def test_a_new_username_takes_the_old_ones_place(business: TestBusiness) -> None:
    for name in ("ana1", "ana2"):
        value = value_of(item("text", f"wamid.{name}", body="hola"))
        value["contacts"][0]["profile"]["username"] = name
        receive(meta_body(value))
    assert one("SELECT username FROM contact_identities") == "ana2"
    assert finds(business.business_id, "ana2") and not finds(business.business_id, "ana1")


@pytest.mark.parametrize(
    ("sender", "answered"), [("BANCO", False), ("72345", False), ("+5491155550003", True), ("AMAZON", False)]
)
def test_machines_that_send_sms_are_not_answered(business: TestBusiness, sender: str, answered: bool) -> None:
    to = one("SELECT identity FROM channels WHERE kind = 'sms'")
    fields = {"MessageSid": "SM1", "From": sender, "To": to, "Body": "Su clave es 1234", "NumMedia": "0"}
    store(urlencode(fields).encode(), source="twilio_inbound", content_type="application/x-www-form-urlencoded")
    ingest.receive()
    assert one("SELECT count(*) FROM pending_replies") == answered
    assert rows(
        "SELECT c.unread_count, i.address FROM conversations c JOIN contact_identities i ON i.id = c.identity_id"
    ) == [(1, sender)]


def test_unknown_preferences_and_payments_are_stored(business: TestBusiness) -> None:
    customer_writes("hola")
    rows("UPDATE contact_identities SET marketing_stopped_at = now()")
    wishes = [
        {"wa_id": ANA, "category": "marketing_messages", "value": "signup"},
        {"wa_id": ANA, "category": "marketing_messages", "value": "perhaps"},
    ]
    document = meta_body({"user_preferences": wishes})
    document["entry"][0]["changes"][0]["field"] = "user_preferences"
    (ours,) = say(business.business_id, one("SELECT id FROM conversations"), "Paga aquí")
    rows("UPDATE messages SET provider_id = 'wamid.PAY', status = 'sent' WHERE id = :id", id=ours)
    paid = [
        {
            "id": "wamid.PAY",
            "status": status,
            "type": "payment",
            "timestamp": "1795392000",
            "payment": {"reference_id": "7"},
        }
        for status in ("pending", "captured", "failed")
    ]
    receive(document, meta_body({"statuses": paid}))
    assert one("SELECT marketing_stopped_at FROM contact_identities") is None
    assert one("SELECT count(*) FROM dead_letters") == 0
    assert one("SELECT count(*) FROM notifications WHERE text LIKE '%perhaps%'") == 1
    assert {row[0] for row in rows("SELECT status FROM delivery_receipts WHERE message_id = :id", id=ours)} == {
        "payment_pending", "payment_captured", "payment_failed",
    }  # fmt: skip
    assert one("SELECT status FROM messages WHERE id = :id", id=ours) == "sent"


def test_earlier_changes_are_looked_up_by_their_index(business: TestBusiness) -> None:
    """Under row-level security Postgres uses an index for leakproof conditions only."""
    asked = (
        "EXPLAIN SELECT FROM messages e WHERE e.type IN ('edit', 'revoke') AND e.channel_id = 1 AND e.reply_to = 'x'"
    )
    with transaction(business.business_id) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(session.execute(text(asked)).scalars())
    assert "ix_messages_changes" in plan and "reply_to" in plan.partition("Filter")[0]


@pytest.mark.parametrize("odd", [True, 1.5, "x", ["x"], {"a": 1}, {"text": 5, "at": None}])
@pytest.mark.parametrize("kind", ["image", "location", "order", "interactive", "reaction", "revoke"])
def test_a_new_part_of_a_message_is_not_taken_for_one_of_ours(business: TestBusiness, kind: str, odd: Any) -> None:
    """A conversation is readable with any keys and values of a provider."""
    ours = ("edited", "revoked", "reactions", "media", "written_at", "group_id", "message_id", "original_message_id")
    names = (*ours, "context", "referral", "caption", "button_reply", "product_items", "latitude", "emoji")
    conversation_id = arrives(kind, dict.fromkeys(names, odd), context=odd, referral=odd, errors=odd)
    told(conversation_id)
    assert len(texts(business.business_id, conversation_id)) == 1
    with transaction(business.business_id) as session:
        lines = thread.read(session, conversation_id).lines
    assert json.dumps([contents(line) for line in lines])
    assert not ({"edited", "revoked", "reactions", "media", "group_id"} & set(one("SELECT payload FROM messages")))


def test_a_choice_without_a_title_is_shown_by_what_it_has(business: TestBusiness) -> None:
    choice = {"type": "list_reply", "list_reply": {"id": "r1", "description": "azul"}}
    conversation_id = arrives("interactive", choice)
    with transaction(business.business_id) as session:
        (line,) = thread.read(session, conversation_id).lines
    assert contents(line)["choice"] == {"title": "azul", "about": ""}
    assert preview() == "azul"
