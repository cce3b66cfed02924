"""Events become rows: once each, in order, and an invalid item affects no other."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from core.channels.registry import parse_event
from core.channels.types import InboundMessage
from core.channels.webhook import EventBody
from core.conversations import lifecycle, search
from core.messaging.inbound import ingest as receiving
from core.messaging.inbound import store_messages
from core.messaging.inbound.ingest import receive_pending
from core.models import Conversation
from core.platform.db import system_transaction, transaction
from core.platform.scope import Actor, Scope
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes, receive, store
from tests.support.outbox import say, send_all, stored_message
from tests.support.payloads import Payload, load, load_all
from tests.support.provider_bodies import meta_body, meta_json, text_value
from workers.jobs import ingest

ANA = "5491155550001"


def value_of(item: dict[str, Any], sender: str = ANA) -> dict[str, Any]:
    return {"contacts": [{"profile": {"name": "Ana"}, "wa_id": sender}], "messages": [item]}


def item(kind: str, wamid: str, *, sender: str = ANA, at: float | None = None, **body: Any) -> dict[str, Any]:
    return {"from": sender, "id": wamid, "timestamp": str(int(at or time.time())), "type": kind, kind: body}


def test_the_same_body_twice_is_one_message(business: TestBusiness) -> None:
    document = meta_body(text_value("Hola"))
    assert receive(document) == 1
    assert receive(document) == 0
    assert column("SELECT text FROM messages") == ["Hola"]


@pytest.mark.parametrize("together", [True, False])
def test_the_same_message_in_two_bodies_is_one_message(business: TestBusiness, together: bool) -> None:
    first = meta_body(text_value("Hola", wamid="wamid.SAME"))
    second = {**first, "redelivered": True}
    if together:
        receive(first, second)
    else:
        receive(first)
        receive(second)
    assert column("SELECT provider_id FROM messages") == ["wamid.SAME"]
    assert rows(
        "SELECT unread_count, quarantined.count FROM conversations, (SELECT count(*) FROM dead_letters) quarantined"
    ) == [(1, 0)]


def test_a_message_in_two_bodies_has_its_file_once(business: TestBusiness) -> None:
    picture = value_of(item("image", "wamid.PIC", id="991", mime_type="image/jpeg", sha256="AAAA"))
    receive(meta_body(picture), {**meta_body(picture), "again": 1})
    assert column("SELECT provider_media_id FROM attachments") == ["991"]
    assert one("SELECT count(*) FROM dead_letters") == 0


def test_one_unreadable_item_in_a_thousand_is_quarantined_alone(business: TestBusiness) -> None:
    messages = [item("text", f"wamid.{n}", sender=f"54911{n:08}", body=f"Hola {n}") for n in range(1000)]
    messages[500] = "not a message"  # type: ignore[call-overload]
    receive(meta_body({"messages": messages}))
    assert one("SELECT count(*) FROM messages") == 999
    assert one("SELECT count(*) FROM dead_letters") == 1


@pytest.fixture
def limited(business: TestBusiness) -> Iterator[None]:
    """A database that refuses one text as too large: an error that the driver calls operational."""
    rows(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.text = 'Hola 3' THEN RAISE program_limit_exceeded USING MESSAGE = 'too large'; END IF;"
        " RETURN NEW; END $$;"
        " CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    yield
    rows("DROP FUNCTION refuse CASCADE")


@pytest.mark.usefixtures("limited")
def test_an_item_that_the_database_refuses_is_quarantined_alone(business: TestBusiness) -> None:
    messages = [item("text", f"wamid.{n}", sender=f"54911{n:08}", body=f"Hola {n}") for n in range(8)]
    receive(meta_body({"messages": messages}))
    stored = column("SELECT text FROM messages ORDER BY id")
    assert stored == [f"Hola {n}" for n in range(8) if n != 3]
    ((reason, event_id, business_id),) = rows("SELECT reason, event_id, business_id FROM dead_letters")
    assert reason == "the database refused it: too large"
    assert business_id == business.business_id
    assert one("SELECT processed_at IS NOT NULL FROM webhook_events WHERE id = :id", id=event_id)


def test_a_text_too_long_for_search_is_stored_whole_and_found_by_its_beginning(business: TestBusiness) -> None:
    endless = "Trompeta " + " ".join(f"palabra{n}" for n in range(90_000))
    advertised = item("text", "wamid.2", body="Hola")
    advertised["referral"] = {"source_type": "ad", "body": f"Violines {endless}"}
    receive(meta_body({"messages": [item("text", "wamid.1", body=endless), advertised]}))
    assert column("SELECT text FROM messages ORDER BY id") == [endless, "Hola"]
    assert one("SELECT count(*) FROM dead_letters") == 0
    with transaction(business.business_id) as session:
        for words in ("trompeta", "violines"):
            found = select(Conversation.id).where(search.matches(session, words))
            assert len(session.scalars(found).all()) == 1


def test_a_body_that_breaks_its_parser_does_not_stop_the_next(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = parse_event

    def parse(source: str, event: EventBody) -> Any:
        if b"poison" in event.body:
            raise RecursionError("nobody thought of this")
        return really(source, event)

    monkeypatch.setattr(receiving, "parse_event", parse)
    receive(meta_body(text_value("poison")), meta_body(text_value("Hola")))
    assert column("SELECT text FROM messages") == ["Hola"]
    assert one("SELECT reason FROM dead_letters") == "the body has a shape that is not known"


def test_an_event_of_a_provider_that_was_removed_does_not_stop_the_next(business: TestBusiness) -> None:
    store(b"lost", source="telegraph")
    receive(meta_body(text_value("Hola")))
    assert column("SELECT text FROM messages") == ["Hola"]
    assert one("SELECT reason FROM dead_letters") == "no provider here has events of the source telegraph"


def test_a_database_failure_rolls_back_the_batch(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a shutdown or a deadlock the batch stays unprocessed; its items are not the cause."""
    from sqlalchemy import text as sql
    from sqlalchemy.exc import OperationalError

    def interrupted(session: Any, *_: Any) -> None:
        session.execute(sql("SET LOCAL statement_timeout = '1ms'"))
        session.execute(sql("SELECT pg_sleep(1)"))

    store(meta_json(meta_body(text_value("Hola"))))
    with monkeypatch.context() as patch:
        patch.setattr(store_messages, "store", interrupted)
        with pytest.raises(OperationalError), system_transaction() as session:
            receive_pending(session)
    assert one("SELECT count(*) FROM dead_letters") == 0
    with system_transaction() as session:
        assert receive_pending(session) == 1
    assert column("SELECT text FROM messages") == ["Hola"]


def test_many_items_are_stored_in_chunks(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred events of a thousand statuses each would exceed one statement's time limit."""
    sizes: list[int] = []
    really = receiving._store_items

    def measured(session: Any, items: Any) -> None:
        sizes.append(len(items))
        really(session, items)

    monkeypatch.setattr(receiving, "_store_items", measured)
    status = {"status": "delivered", "timestamp": "1780000000", "recipient_id": ANA}
    statuses = [{"id": f"wamid.S{n}", "biz_opaque_callback_data": str(n), **status} for n in range(2500)]
    began = time.monotonic()
    receive(meta_body({"statuses": statuses[:1250]}), meta_body({"statuses": statuses[1250:]}))
    assert sizes == [1000, 1000, 500]
    assert one("SELECT count(*) FROM delivery_receipts") == 2500
    assert time.monotonic() - began < 15, "the statement time-out"


@pytest.mark.parametrize(
    "payload",
    [p for source in ("whatsapp_cloud", "twilio_inbound", "twilio_status") for p in load_all(source)],
    ids=lambda p: f"{p.source}-{p.name}",
)
def test_every_shape_leaves_a_row(business: TestBusiness, payload: Payload) -> None:
    store(payload.body, source=payload.source, content_type=payload.content_type, query=payload.query)
    with system_transaction() as session:
        assert receive_pending(session) == 1
    left = one(
        "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM delivery_receipts) + (SELECT count(*)"
        " FROM notifications)"
        " + (SELECT count(*) FROM dead_letters) + (SELECT count(*) FROM contact_identities)"
    )
    assert left > 0
    assert one("SELECT count(*) FROM dead_letters WHERE reason LIKE '%Error%'") == 0


def test_an_item_for_an_unknown_number_is_a_dead_letter_with_advice(business: TestBusiness) -> None:
    receive(meta_body(text_value("Hola"), phone_number_id="999"))
    assert one("SELECT count(*) FROM messages") == 0
    assert "channels add" in one("SELECT reason FROM dead_letters")


def test_another_business_gets_its_own(business: TestBusiness) -> None:
    other = one("INSERT INTO businesses (name) VALUES ('Other') RETURNING id")
    rows(
        "INSERT INTO channels (business_id, kind, provider, identity, name, credentials)"
        " VALUES (:b, 'whatsapp', 'whatsapp_cloud', '777', 'WhatsApp', '')",
        b=other,
    )
    receive(meta_body(text_value("Hola")), meta_body(text_value("Buenas"), phone_number_id="777"))
    assert rows("SELECT business_id, text FROM messages ORDER BY business_id") == [
        (business.business_id, "Hola"),
        (other, "Buenas"),
    ]
    assert one("SELECT mode FROM conversations WHERE business_id = :b", b=other) == "human", "it has no bot"


def test_order_is_the_providers_time_then_arrival(business: TestBusiness) -> None:
    now = time.time()
    receive(meta_body(text_value("second", at=now - 10)), meta_body(text_value("third", at=now - 10)))
    receive(meta_body(text_value("first", at=now - 20)))
    assert column("SELECT text FROM messages ORDER BY created_at, id") == ["first", "second", "third"]


def test_nul_and_half_surrogates_are_stored_without_them(business: TestBusiness) -> None:
    body = meta_json(meta_body(text_value("aXb"))).replace(b"aXb", b"a\\u0000\\ud83db")
    store(body)
    with system_transaction() as session:
        receive_pending(session)
    assert column("SELECT text FROM messages") == ["ab"]


def test_a_reaction_an_edit_and_a_revocation_land_on_their_message(business: TestBusiness) -> None:
    receive(meta_body(text_value("Hola", wamid="wamid.TARGET")))
    conversation_id = one("SELECT id FROM conversations")
    message = {"type": "text", "text": {"body": "Hola!"}}
    receive(
        meta_body(
            value_of(item("reaction", "wamid.R", message_id="wamid.TARGET", emoji="👍")),
            value_of(item("edit", "wamid.E", original_message_id="wamid.TARGET", message=message)),
            value_of(item("revoke", "wamid.X", original_message_id="wamid.TARGET")),
        )
    )
    payload = one("SELECT payload FROM messages WHERE provider_id = 'wamid.TARGET'")
    assert payload["reactions"] == {ANA: "👍"}
    assert payload["edited"]["text"] == "Hola!"
    assert "at" in payload["revoked"]
    assert set(column("SELECT conversation_id FROM messages")) == {conversation_id}
    assert one("SELECT unread_count FROM conversations") == 1, "nobody owes an answer to a reaction"
    receive(meta_body(value_of(item("reaction", "wamid.R2", message_id="wamid.TARGET"))))
    assert one("SELECT payload -> 'reactions' FROM messages WHERE provider_id = 'wamid.TARGET'") == {}


def test_a_reaction_to_a_closed_conversation_stays_there(business: TestBusiness) -> None:
    receive(meta_body(text_value("Hola", wamid="wamid.TARGET")))
    closed = one("SELECT id FROM conversations")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        lifecycle.close(session, closed)
    receive(meta_body(value_of(item("reaction", "wamid.R", message_id="wamid.TARGET", emoji="👍"))))
    assert rows("SELECT id, status FROM conversations") == [(closed, "closed")]


def test_a_closed_conversation_is_followed_by_a_new_one(business: TestBusiness) -> None:
    first = customer_writes("Hola")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        lifecycle.close(session, first)
    second = customer_writes("Otra cosa")
    assert second != first
    assert rows("SELECT status, mode FROM conversations ORDER BY id") == [("closed", "bot"), ("open", "bot")]


def test_a_conversation_closed_while_its_message_arrives_is_followed_by_a_new_one(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent's close and a customer's message are concurrent: the message waits for the close and opens a new
    conversation.
    """
    first = customer_writes("Hola")
    with transaction(Scope(business.business_id, Actor.agent(1))) as closing:
        lifecycle.close(closing, first)
        arriving = threading.Thread(target=receive, args=(meta_body(text_value("Otra cosa")),))
        arriving.start()
        _until_somebody_waits_for_a_row()
    arriving.join(10)
    assert rows(
        "SELECT text, c.status FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE"
        " m.type = 'text' ORDER BY m.id"
    ) == [("Hola", "closed"), ("Otra cosa", "open")]
    assert one("SELECT count(*) FROM pending_replies") == 1


def _until_somebody_waits_for_a_row() -> None:
    deadline = time.monotonic() + 10
    while not one("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def echo(words: str, wamid: str, *, at: float | None = None) -> dict[str, Any]:
    message = {
        "from": "15550783881",
        "to": ANA,
        "id": wamid,
        "timestamp": str(int(at or time.time())),
        "type": "text",
        "text": {"body": words},
    }
    metadata = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "message_echoes": [message]}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": [{"field": "smb_message_echoes", "value": value}]}],
    }


def test_an_answer_from_the_businesss_own_phone_pauses_the_bot(business: TestBusiness) -> None:
    customer_writes("Hola", at=time.time() - 5)
    assert one("SELECT count(*) FROM pending_replies") == 1
    receive(echo("Ya le atiendo", "wamid.ECHO"))
    assert rows("SELECT mode, waiting_since FROM conversations") == [("human", None)]
    assert one("SELECT count(*) FROM pending_replies") == 0, "an answer the bot is thinking about is dropped"
    assert rows("SELECT direction, sender, status FROM messages ORDER BY id DESC LIMIT 1") == [
        ("outbound", "agent", "sent")
    ]


def test_an_echo_pauses_the_bot_even_if_the_customer_answers_in_the_same_batch(business: TestBusiness) -> None:
    customer_writes("Hola", at=time.time() - 20)
    receive(
        echo("Ya le atiendo", "wamid.ECHO", at=time.time() - 10), meta_body(text_value("Gracias", at=time.time() - 5))
    )
    ((mode, waiting),) = rows("SELECT mode, waiting_since FROM conversations")
    assert mode == "human"
    assert waiting is not None
    assert one("SELECT count(*) FROM pending_replies") == 0


def test_imported_history_needs_no_answer_and_leaves_the_bot_in_charge(business: TestBusiness) -> None:
    payload = load("whatsapp_cloud", "history")
    store(payload.body)
    with system_transaction() as session:
        receive_pending(session)
    assert one("SELECT count(*) FROM messages WHERE direction = 'outbound'") > 0, "it holds the business's own words"
    assert one("SELECT count(*) FROM pending_replies") == 0
    assert set(rows("SELECT mode, waiting_since, unread_count FROM conversations")) == {("bot", None, 0)}


def test_a_message_to_a_group_is_not_answered(business: TestBusiness) -> None:
    store(load("whatsapp_cloud", "text_group").body)
    with system_transaction() as session:
        receive_pending(session)
    assert one("SELECT count(*) FROM messages") == 1
    assert one("SELECT count(*) FROM pending_replies") == 0


def test_an_account_update_becomes_a_notification(business: TestBusiness) -> None:
    store(load("whatsapp_cloud", "account_update_ban").body)
    with system_transaction() as session:
        receive_pending(session)
    assert one("SELECT severity FROM notifications") == "high"


def test_a_waiting_message_is_answered_for_in_its_own_conversation(business: TestBusiness) -> None:
    conversation_id = customer_writes("Hola")
    (message_id,) = say(business.business_id, conversation_id)
    assert stored_message(message_id).conversation_id == conversation_id
    send_all()
    assert one("SELECT waiting_since FROM conversations") is None


def test_two_receivers_store_everything_once(business: TestBusiness) -> None:
    bodies = [meta_json(meta_body(text_value(f"Hola {n}", f"54911{n:08}"))) for n in range(60)]
    store(*bodies)
    counts: list[int] = []

    def work() -> None:
        while True:
            with system_transaction() as session:
                done = receive_pending(session, 10)
            if done:
                counts.append(done)
            elif not one("SELECT count(*) FROM webhook_events WHERE processed_at IS NULL"):
                return  # otherwise another one held the lock

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(counts) == 60
    assert column("SELECT text FROM messages ORDER BY id") == [f"Hola {n}" for n in range(60)]


def test_a_batch_of_one_item_is_not_bisected(business: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []
    really = receiving._try_store

    def counted(session: Any, items: Any) -> Any:
        tries.append(len(items))
        return really(session, items)

    monkeypatch.setattr(receiving, "_try_store", counted)
    monkeypatch.setattr(store_messages, "store", _refuse_poison)
    receive(meta_body(*(text_value("poison" if n == 5 else "Hola") for n in range(64))))
    assert len(tries) == 1 + 2 * 6, "64 items are halved six times"
    assert one("SELECT count(*) FROM dead_letters") == 1


def _refuse_poison(_: Any, arrived: list[tuple[int, Any, InboundMessage]]) -> None:
    if any(message.text == "poison" for _, _, message in arrived):
        raise LookupError("poison")


@pytest.mark.parametrize(
    ("name", "unread", "waiting", "turns"),
    [("calls_missed", 1, True, 1), ("calls_answered", 0, False, 0), ("calls_of_ours", 0, False, 0)],
)
def test_a_missed_call_waits_for_somebody(
    business: TestBusiness, name: str, unread: int, waiting: bool, turns: int
) -> None:
    body = load("whatsapp_cloud", name).body
    store(body)
    store(body + b" ")
    receive()
    assert rows(
        "SELECT m.type, unread_count, waiting_since IS NOT NULL, mode, (SELECT count(*) FROM pending_replies)"
        " FROM conversations c JOIN messages m ON m.conversation_id = c.id"
    ) == [("call", unread, waiting, "bot", turns)]


def test_a_call_of_ours_that_was_not_taken_leaves_the_customer_waiting(business: TestBusiness) -> None:
    document = json.loads(load("whatsapp_cloud", "calls_of_ours").body)
    call = document["entry"][0]["changes"][0]["value"]["calls"][0]
    customer_writes("¿Me llaman?", sender=call["to"])
    receive(document)
    assert rows("SELECT waiting_since IS NOT NULL, mode FROM conversations") == [(True, "bot")]
    call |= {"id": "wacid.TAKEN", "duration": 60}
    receive(document)
    assert rows("SELECT waiting_since IS NOT NULL, mode FROM conversations") == [(False, "human")]


def test_one_message_in_several_bodies_is_stored_once_and_shown(business: TestBusiness) -> None:
    """In other bytes, beside others, without a field, and in pieces: the id decides."""
    value = text_value("¿Tienen turno?", wamid="wamid.SAME")
    twice = {**value, "messages": value["messages"] * 2}
    bodies = [meta_body(value), meta_body(dict(reversed(value.items()))), meta_body(twice, value)]
    without_field = meta_body(value)
    del without_field["entry"][0]["changes"][0]["field"]
    store(
        *(meta_json(body) for body in (without_field, *bodies)),
        *(json.dumps(body, indent=1).encode() for body in bodies),
    )
    ingest.receive()
    assert rows("SELECT provider_id, text FROM messages WHERE direction = 'inbound'") == [
        ("wamid.SAME", "¿Tienen turno?")
    ]
    assert column("SELECT last_message_text FROM conversations") == ["¿Tienen turno?"]
    assert one("SELECT count(*) FROM dead_letters") == one("SELECT count(*) FROM notifications") == 0


def test_a_message_for_no_number_says_so(business: TestBusiness) -> None:
    body = meta_body(text_value("hola"))
    del body["entry"][0]["changes"][0]["value"]["metadata"]
    receive(body)
    assert one("SELECT reason FROM dead_letters") == "it does not say for which of our numbers it is"
