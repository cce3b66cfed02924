"""Listing, searching and reading conversations, and what is done to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, text

from core.conversations import search
from core.models import Agent, Attachment, AuditEntry, Notification
from core.platform.db import get_engine, system_transaction, transaction
from tests.factories import NOW, conversation, message
from tests.support.api import Api, count, value_of


@pytest.fixture
def api(client: Any) -> Api:
    return Api(client)


def make_agent(business_id: int) -> int:
    with system_transaction() as session:
        values = {"business_id": business_id, "name": "Eva", "email": "eva@example.com", "role": "agent"}
        return session.execute(insert(Agent).values(values).returning(Agent.id)).scalar_one()


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.json
    return [item["id"] for item in answer.json["items"]]


def test_a_conversation_has_the_promised_members(api: Api, business: Any) -> None:
    made = conversation(business.business_id, business.whatsapp_channel_id, tags=["vip"], unread_count=2)
    shown = api.get(f"/api/v1/conversations/{made}").json
    assert shown["contact"].keys() == {"id", "name", "address"}
    assert (shown["channel"], shown["status"], shown["mode"]) == ("whatsapp", "open", "bot")
    assert (shown["assignee"], shown["tags"], shown["unread_count"]) == (None, ["vip"], 2)
    for moment in ("last_message_at", "window_expires_at", "created_at"):
        assert shown[moment].endswith("Z")
    assert api.get("/api/v1/conversations").json["items"] == [shown]


def test_pages_hold_every_conversation_once_newest_first_even_within_one_moment(api: Api, business: Any) -> None:
    made = [
        conversation(
            business.business_id,
            business.whatsapp_channel_id,
            f"54911555500{n:02}",
            last_message_at=NOW - timedelta(hours=n // 3),
        )
        for n in range(11)
    ]
    newest_first = sorted(made, key=lambda i: (-(made.index(i) // 3), i), reverse=True)
    seen: list[int] = []
    cursor: dict[str, str] = {}
    for _ in range(6):
        answer = api.get("/api/v1/conversations", limit=2, **cursor)
        seen += ids(answer)
        if answer.json["next_cursor"]:
            cursor = {"cursor": answer.json["next_cursor"]}
    assert seen == newest_first
    assert answer.json["next_cursor"] is None


def test_an_exactly_full_last_page_has_no_next(api: Api, business: Any) -> None:
    conversation(business.business_id, business.whatsapp_channel_id)
    assert api.get("/api/v1/conversations", limit=1).json["next_cursor"] is None


def test_filters(api: Api, business: Any) -> None:
    eva = make_agent(business.business_id)
    plain = conversation(business.business_id, business.whatsapp_channel_id, "5491155550001")
    sms = conversation(business.business_id, business.sms_channel_id, "+5491155550002", kind="sms", tags=["vip"])
    hers = conversation(business.business_id, business.whatsapp_channel_id, "5491155550003", assignee_id=eva)
    closed = conversation(business.business_id, business.whatsapp_channel_id, "5491155550004", status="closed")
    listed = "/api/v1/conversations"
    assert ids(api.get(listed, channel="sms")) == [sms]
    assert ids(api.get(listed, status="closed")) == [closed]
    assert ids(api.get(listed, assignee=eva)) == [hers]
    assert set(ids(api.get(listed, assignee="none"))) == {plain, sms, closed}
    assert ids(api.get(listed, tag="vip")) == [sms]
    assert ids(api.get(listed, tag="vip", channel="whatsapp")) == []


@pytest.fixture
def talks(business: Any) -> dict[str, int]:
    made = {
        "ana": conversation(business.business_id, business.whatsapp_channel_id, "5491155550001", name="Ana Núñez"),
        "bob": conversation(business.business_id, business.whatsapp_channel_id, "5215512345678", name="Bob 100%"),
    }
    message(made["bob"], "Necesito una cotización de bicicletas")
    return made


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cotizacion", "bob"),
        ("COTIZACIÓN", "bob"),
        ("bicicleta", "bob"),
        ("nunez", "ana"),
        ("Núñ", "ana"),
        ("100%", "bob"),
        ("bob 10", "bob"),
        ("ob", None),
        ("5555-0001", "ana"),
        ("+52 1 55 1234 5678", "bob"),
        ("avión", None),
        ("'; DROP TABLE messages --", None),
        ("\\", None),
        ("de la", None),
        ("<->", None),
    ],
)
@pytest.mark.parametrize("common", [2000, 0])  # 0: every word counts as common, so the list is walked
def test_search(
    api: Api, talks: dict[str, int], monkeypatch: pytest.MonkeyPatch, words: str, found: str | None, common: int
) -> None:
    monkeypatch.setattr(search, "_COMMON", common)
    assert ids(api.get("/api/v1/conversations", q=words)) == ([talks[found]] if found else [])


def test_the_search_of_messages_uses_its_index(business: Any, talks: dict[str, int]) -> None:
    """Row-level security would forbid it, which is why the probe steps outside."""
    plans: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if "websearch_to_tsquery" in statement:
            cursor.execute("EXPLAIN " + statement, parameters)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))

    with system_transaction() as session:
        session.execute(
            text("""
            INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, text, status)
            SELECT business_id, id, channel_id, 'inbound', 'customer', 'text', 'pedido ' || n, 'received'
            FROM conversations, generate_series(1, 3000) AS n
            """)
        )
    with get_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE messages"))
    event.listen(get_engine(), "before_cursor_execute", explain)
    try:
        with transaction(business.business_id) as session:
            search.matches(session, "bicicleta")
    finally:
        event.remove(get_engine(), "before_cursor_execute", explain)
    assert len(plans) == 1
    assert "ix_messages_search" in plans[0]


def test_messages_come_oldest_first_in_pages(api: Api, business: Any) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    made = [message(talk, f"n.º {n}", at=NOW + timedelta(seconds=n // 2)) for n in range(5)]
    earliest = message(talk, "came late", at=NOW - timedelta(minutes=1))
    path = f"/api/v1/conversations/{talk}/messages"
    first = api.get(path, limit=3)
    second = api.get(path, limit=3, cursor=first.json["next_cursor"])
    assert ids(first) + ids(second) == [earliest, *made]
    assert second.json["next_cursor"] is None


def test_messages_carry_their_files(api: Api, business: Any) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    came = message(talk, "", type="image")
    with system_transaction() as session:
        values = {"business_id": business.business_id, "mime_type": "image/png", "state": "stored", "size": 9}
        session.execute(insert(Attachment).values(values | {"message_id": came}))
        ours = session.execute(insert(Attachment).values(values).returning(Attachment.id)).scalar_one()
    sent = message(talk, "", sender="agent", type="image", payload={"media": {"attachment_id": ours}})
    shown = {m["id"]: m["media"] for m in api.get(f"/api/v1/conversations/{talk}/messages").json["items"]}
    assert [file["mime_type"] for file in shown[came]] == ["image/png"]
    assert [(file["id"], file["url"]) for file in shown[sent]] == [(ours, f"/api/v1/media/{ours}")]


def test_a_page_costs_the_same_number_of_statements_whatever_its_size(api: Api, business: Any) -> None:
    for n in range(6):
        talk = conversation(business.business_id, business.whatsapp_channel_id, f"549115555000{n}")
        message(talk, "Hola")
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    api.get("/api/v1/conversations", limit=1)  # the key is looked up once, then remembered
    costs = []
    event.listen(get_engine(), "before_cursor_execute", note)
    try:
        for limit in (1, 6):
            statements.clear()
            api.get("/api/v1/conversations", limit=limit)
            costs.append(len(statements))
    finally:
        event.remove(get_engine(), "before_cursor_execute", note)
    assert costs[0] == costs[1] <= 2


@pytest.mark.parametrize("cursor", ["x", "====", "MQ", "LTEuMQ", "OTk5OTk5OTk5OTk5OTk5OTk5LjE", "ñ", "MS4w", ""])
def test_a_made_up_cursor_is_refused(api: Api, cursor: str) -> None:
    answer = api.get("/api/v1/conversations", cursor=cursor)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0}, {"limit": 101}, {"limit": "many"}, {"channel": "pigeon"}, {"status": "lost"},
        {"assignee": "eva"}, {"assignee": "0"}, {"q": "\0"}, {"q": ""}, {"tag": "a\0"},
    ],
)  # fmt: skip
def test_a_wrong_filter_is_named(api: Api, query: dict[str, Any]) -> None:
    answer = api.get("/api/v1/conversations", **query)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, next(iter(query)))


@pytest.mark.parametrize("path", ["", "/messages"])
@pytest.mark.parametrize("conversation_id", ["4711", "0", "x", "-1", "99999999999999999999"])
def test_what_does_not_exist_is_not_found(api: Api, conversation_id: str, path: str) -> None:
    answer = api.get(f"/api/v1/conversations/{conversation_id}{path}")
    assert answer.status_code in (404, 422)
    assert answer.status_code == 404 or conversation_id in ("0", "99999999999999999999")
    assert answer.content_type == "application/problem+json"


def test_close_and_reopen(api: Api, business: Any) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    path = f"/api/v1/conversations/{talk}"
    for _ in range(2):
        closed = api.post(f"{path}/close")
        assert (closed.status_code, closed.json["status"]) == (200, "closed")
    assert closed.json["closed_at"] is not None
    answer = api.post("/api/v1/messages", {"conversation_id": talk, "text": "Hola"})
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    reopened = api.post(f"{path}/reopen").json
    assert (reopened["status"], reopened["mode"], reopened["closed_at"]) == ("open", "human", None)


def test_reopening_beside_a_newer_conversation_is_a_conflict(api: Api, business: Any) -> None:
    old = conversation(business.business_id, business.sms_channel_id, "+5491155550001", kind="sms")
    api.post(f"/api/v1/conversations/{old}/close")
    newer = api.post("/api/v1/messages", {"channel": "sms", "to": "5491155550001", "text": "Hola"}).json
    assert newer["conversation_id"] != old
    answer = api.post(f"/api/v1/conversations/{old}/reopen")
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_assign(api: Api, business: Any) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    eva = make_agent(business.business_id)
    path = f"/api/v1/conversations/{talk}/assign"
    assert api.post(path, {"agent_id": eva}).json["assignee"] == eva
    assert api.post(path, {"agent_id": None}).json["assignee"] is None
    assert api.post(path, {"agent_id": 4711}).status_code == 404
    for body in ({}, {"agent_id": str(eva)}, {"agent_id": eva, "also": 1}):
        assert api.post(path, body).status_code == 422
    entry = value_of(AuditEntry, 1, "actor"), value_of(AuditEntry, 1, "action")
    assert entry == ("key:bootstrap", "conversation.assign")


def test_hand_off_to_people_and_back_to_the_bot(api: Api, business: Any) -> None:
    talk = conversation(business.business_id, business.whatsapp_channel_id)
    path = f"/api/v1/conversations/{talk}/handoff"
    for _ in range(2):
        assert api.post(path, {"to": "human", "reason": "quiere factura"}).json["mode"] == "human"
    assert count(Notification) == 1
    assert "quiere factura" in value_of(Notification, 1, "text")
    assert api.post(path, {"to": "bot"}).json["mode"] == "bot"
    assert api.post(path, {"to": "cat"}).status_code == 422
    api.post(f"/api/v1/conversations/{talk}/close")
    assert api.post(path, {"to": "human"}).status_code == 409
    assert value_of(AuditEntry, 1, "action") == "conversation.hand_off"


@pytest.mark.parametrize("body", [None, [], "bot"])
@pytest.mark.parametrize("path", ["/api/v1/conversations/1/handoff", "/api/v1/queue/give-up", "/api/v1/messages"])
def test_a_body_that_is_no_object_is_said_so(api: Api, business: Any, path: str, body: Any) -> None:
    answer = api.post(path, body)
    assert (answer.status_code, answer.json["detail"]) == (422, "body: must be a JSON object")
