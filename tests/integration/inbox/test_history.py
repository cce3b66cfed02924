"""A number's imported history: closed, dated, named, complete, and in no metric."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from core.conversations import lifecycle
from core.platform.db import transaction
from core.platform.scope import Actor, Scope
from core.reporting import api_stats
from tests.conftest import TestBusiness
from tests.support.database import column, one, rows
from tests.support.inbound import customer_writes, receive, store
from tests.support.provider_bodies import meta_body, meta_json

ANA = "5491155550091"
OWN = "15550783881"
DAY = 86_400
BEGAN = int(time.time()) - 60 * DAY


def of_field(field: str, value: dict[str, Any]) -> dict[str, Any]:
    document = meta_body(value)
    document["entry"][0]["changes"][0]["field"] = field
    return document


def old(number: int, *, customer: str = ANA, ours: bool = False, at: int | None = None, **body: Any) -> dict[str, Any]:
    return {
        "from": OWN if ours else customer,
        "id": f"wamid.{customer}.{number}",
        "timestamp": str(at or BEGAN + number),
        "history_context": {"status": "READ"},
        **(body or {"type": "text", "text": {"body": f"viejo {number}"}}),
    }


def past(*threads: tuple[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found = [{"id": who, "messages": own} for who, own in threads]
    chunk = {"metadata": {"phase": 1, "chunk_order": 1, "progress": 50}, "threads": found}
    return of_field("history", {"history": [chunk]})


def names(*people: tuple[str, str], action: str = "add") -> dict[str, Any]:
    contacts = [{"full_name": name, "phone_number": number} for number, name in people]
    told = [{"type": "contact", "contact": one, "action": action} for one in contacts]
    return of_field("smb_app_state_sync", {"state_sync": told})


def test_history_is_imported_closed_dated_and_without_notifications(business: TestBusiness) -> None:
    today = customer_writes("hoy", "5491155550001")
    before = rows("SELECT count(*) FROM notifications")
    receive(past((ANA, [old(1), old(2, ours=True), old(3)]), ("5491155550092", [old(1, customer="5491155550092")])))
    receive(past((ANA, [old(4), old(3), old(0)])))
    assert rows(
        "SELECT status, extract(epoch FROM created_at)::int, extract(epoch FROM last_message_at)::int,"
        " extract(epoch FROM closed_at)::int, last_message_text, unread_count, waiting_since, imported"
        " FROM conversations WHERE id <> :today ORDER BY id",
        today=today,
    ) == [
        ("closed", BEGAN, BEGAN + 4, BEGAN + 4, "viejo 4", 0, None, True),
        ("closed", BEGAN + 1, BEGAN + 1, BEGAN + 1, "viejo 1", 0, None, True),
    ]
    texts = "SELECT text, sender FROM messages WHERE conversation_id = :id ORDER BY created_at, id"
    talk = one("SELECT max(conversation_id) FROM messages WHERE text = 'viejo 4'")
    assert [tuple(row) for row in rows(texts, id=talk)] == [
        ("viejo 0", "customer"), ("viejo 1", "customer"), ("viejo 2", "agent"), ("viejo 3", "customer"),
        ("viejo 4", "customer"),
    ]  # fmt: skip
    assert column("SELECT conversation_id FROM pending_replies") == [today]
    assert rows("SELECT count(*) FROM notifications") == before
    assert customer_writes("y hoy", ANA) != talk, "what is new begins a conversation of its own"


def test_history_is_in_no_metric(business: TestBusiness) -> None:
    def figures() -> Any:
        with transaction(business.business_id) as session:
            return api_stats.stats(session, api_stats.Period.WEEK)

    customer_writes("hoy", "5491155550001")
    before = figures()
    lately = int(time.time()) - 3_600
    receive(past((ANA, [old(1), old(2, at=lately), old(3, at=lately + 9, ours=True)])))
    assert figures() == before
    talk = one("SELECT id FROM conversations WHERE imported")
    with transaction(Scope(business.business_id, Actor.agent(1))) as session:
        lifecycle.reopen(session, talk)
    assert figures().total_conversations == before.total_conversations + 1


def test_files_of_the_history_replace_their_placeholders(business: TestBusiness) -> None:
    picture: dict[str, Any] = {"type": "image", "image": {"id": "45", "mime_type": "image/jpeg", "caption": "la foto"}}
    voice: dict[str, Any] = {"type": "audio", "audio": {"id": "46", "mime_type": "audio/ogg"}, "to": ANA}
    media = of_field(
        "history", {"contacts": [{"wa_id": ANA}], "messages": [old(2, **picture), old(3, ours=True, **voice)]}
    )
    placeholders = [old(1), old(2, type="media_placeholder"), old(3, ours=True, type="media_placeholder")]
    receive(past((ANA, placeholders)), media)
    receive({**media, "again": 1}, past((ANA, [*placeholders, old(0)])))
    found = rows(
        "SELECT m.type, m.text, m.sender, a.provider_media_id FROM messages m"
        " LEFT JOIN attachments a ON a.message_id = m.id ORDER BY m.created_at"
    )
    assert [tuple(row) for row in found] == [
        ("text", "viejo 0", "customer", None), ("text", "viejo 1", "customer", None),
        ("image", "la foto", "customer", "45"), ("audio", "", "agent", "46"),
    ]  # fmt: skip
    assert rows("SELECT status, last_message_text FROM conversations") == [("closed", "")]
    assert one("SELECT count(*) FROM dead_letters") == 0


def test_files_that_come_before_their_placeholders_stay(business: TestBusiness) -> None:
    picture: dict[str, Any] = {"type": "image", "image": {"id": "45", "mime_type": "image/jpeg", "caption": "la foto"}}
    receive(of_field("history", {"contacts": [{"wa_id": ANA}], "messages": [old(2, **picture)]}))
    receive(past((ANA, [old(2, type="media_placeholder")])))
    assert rows("SELECT type, text FROM messages") == [("image", "la foto")]
    assert column("SELECT status FROM conversations") == ["closed"]


def test_the_address_book_names_customers_without_notices(business: TestBusiness) -> None:
    receive(past((ANA, [old(1)])))
    receive(names((ANA, "Ana de la Feria"), ("5215512345678", "Luz")), names((ANA, "Otra"), action="edit"))
    receive(names((ANA, ""), action="remove"))
    receive(past(("525512345678", [old(1, customer="525512345678")])))
    assert column("SELECT name FROM contacts ORDER BY id") == ["Ana de la Feria", "Luz"]
    assert one("SELECT count(*) FROM conversations") == 2
    assert one("SELECT count(*) FROM notifications") == 0
    assert one("SELECT count(*) FROM dead_letters") == 0


def test_two_hundred_threads_are_a_few_statements(business: TestBusiness) -> None:
    from sqlalchemy import event

    from core.platform.db import get_engine

    count = 0

    def counting(*_: Any) -> None:
        nonlocal count
        count += 1

    people = [f"54911555{number:05}" for number in range(200)]
    store(meta_json(past(*((who, [old(n, customer=who) for n in range(20)]) for who in people))))
    event.listen(get_engine(), "before_cursor_execute", counting)
    try:
        receive()
    finally:
        event.remove(get_engine(), "before_cursor_execute", counting)
    assert one("SELECT count(*) FROM messages") == 4000
    assert column("SELECT DISTINCT status FROM conversations") == ["closed"]
    assert one("SELECT count(*) FROM conversations") == 200
    assert one("SELECT max(last_message_at) FROM conversations") == datetime.fromtimestamp(BEGAN + 19, UTC)
    assert count < 120, "a few for each thousand messages"


def test_a_customers_old_message_to_our_number_is_the_customers(business: TestBusiness) -> None:
    receive(past((ANA, [{**old(1), "to": OWN}, {**old(2, ours=True), "to": ANA}])))
    assert column("SELECT sender FROM messages ORDER BY created_at") == ["customer", "agent"]
