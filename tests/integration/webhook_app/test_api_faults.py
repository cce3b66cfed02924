"""What the API says of each field that is wrong: one plain sentence that names it, never a library's own English."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.models import Message, Product
from tests.support.api import Api, count

WRONG: list[Any] = [7.5, 10**30, None, "", "a\0b", "half \ud800", [None], {}]
LIBRARY = re.compile(
    r"Input|should be|Field required|not permitted|Extra|valid (integer|string|number|dict)|String|List |Decimal|"
    r"constrained|function-|literal|tag |pattern|pydantic|Error|expected|instance|\[type="
)
SEND = {"channel": "whatsapp", "to": "5511955550001"}
CARD = {
    "name": {"formatted_name": "Ana"},
    "phones": [{"phone": "1"}],
    "birthday": "1990-01-31",
    "org": {"company": "x"},
}
PARAMETERS = [
    {"type": "text", "text": "x"},
    {"type": "currency", "currency": {"fallback_value": "R$ 1", "code": "BRL", "amount_1000": 1000}},
    {"type": "date_time", "date_time": {"fallback_value": "x"}},
    {"type": "image", "image": {"link": "https://a.example/b.png"}},
    {"type": "location", "location": {"latitude": 1, "longitude": 1, "name": "x", "address": "x"}},
    {"type": "product", "product": {"product_retailer_id": "1", "catalog_id": "2"}},
]
BUTTONS = {"type": "button", "body": {"text": "x"}, "action": {"buttons": [{"reply": {"id": "1", "title": "x"}}]}}
ROWS = {"button": "x", "sections": [{"title": "x", "rows": [{"id": "1", "title": "x", "description": "x"}]}]}
LINK = {"name": "cta_url", "parameters": {"display_text": "x", "url": "https://a.example"}}
COMPONENTS = [
    {"type": "header", "parameters": PARAMETERS[3:4]},
    {"type": "body", "parameters": PARAMETERS},
    {"type": "button", "sub_type": "url", "index": 0, "parameters": PARAMETERS[:1]},
    {"type": "carousel", "cards": [{"card_index": 0, "components": [{"type": "body", "parameters": []}]}]},
    {"type": "limited_time_offer", "parameters": [
        {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1}}]},
]  # fmt: skip
RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("/api/v1/messages", SEND | {"text": "x", "type": "text", "from": "x", "reply_to": 1, "take_over": False,
                                 "send_at": "2030-01-01T00:00:00Z", "preview_url": True, "conversation_id": 1}),
    ("/api/v1/messages", SEND | {"type": "audio", "media": {"id": "1", "link": "x", "attachment_id": 1, "voice": True,
                                                            "caption": "x", "filename": "x"}}),
    ("/api/v1/messages", SEND | {"contacts": [CARD]}),
    ("/api/v1/messages", SEND | {"location": {"latitude": 1, "longitude": 1, "name": "x", "address": "x"}}),
    ("/api/v1/messages", SEND | {"reaction": {"message_id": "wamid.1", "emoji": "x"}}),
    ("/api/v1/messages", SEND | {"template": {"name": "x", "language": "pt_BR", "components": COMPONENTS}}),
    ("/api/v1/messages", SEND | {"template": {"content_sid": "HX" + "0" * 32, "variables": {"1": "x"}}}),
    ("/api/v1/messages", SEND | {"interactive": BUTTONS | {"header": {"type": "text", "text": "x"}}}),
    ("/api/v1/messages", SEND | {"interactive": BUTTONS | {"type": "list", "action": ROWS}}),
    ("/api/v1/messages", SEND | {"interactive": BUTTONS | {"type": "cta_url", "action": LINK}}),
    ("/api/messaging/send", SEND | {"message": "x", "threadId": "x", "userId": 1}),
    ("/api/v1/products", {"name": "Cadeira", "price": "x", "sku": "x", "description": "x", "unit": "x",
                          "currency": "BRL", "aliases": ["x"], "active": True}),
    ("/api/v1/conversations/1/assign", {"agent_id": 1}),
    ("/api/v1/conversations/1/handoff", {"to": "human", "reason": "x"}),
    ("/api/v1/queue/retry", {"ids": [1], "cause": "provider"}),
    ("/api/v1/queue/give-up", {"ids": [1], "cause": "provider"}),
]  # fmt: skip


def spoiled(node: Any) -> list[Any]:
    """The same with each part in turn replaced by something wrong, left out, or with a stranger beside it."""
    if isinstance(node, list):
        return [[*node[:at], one, *node[at + 1 :]] for at, part in enumerate(node) for one in (*WRONG, *spoiled(part))]
    if not isinstance(node, dict):
        return []
    changed = [node | {name: one} for name, part in node.items() for one in (*WRONG, *spoiled(part))]
    without = [{other: part for other, part in node.items() if other != name} for name in node]
    return [*changed, *without, node | {"stranger": 1}]


@pytest.mark.parametrize(("path", "right"), RIGHT, ids=lambda one: None if isinstance(one, dict) else one)
def test_every_fault_is_said_plainly(client: Any, business: Any, path: str, right: dict[str, Any]) -> None:
    api = Api(client)
    for body in spoiled(right):
        answer = api.post(path, body)
        assert answer.status_code < 500, body
        if answer.status_code == 422 and "errors" in answer.json:
            for error in answer.json["errors"]:
                assert re.fullmatch(r"[\w-]+(\.[\w-]+)*", error["field"]), (error, body)
                assert not LIBRARY.search(error["reason"]), (error, body)
                assert 8 < len(error["reason"]) < 200, (error, body)


@pytest.mark.parametrize("path", ["conversations", "conversations/1/messages", "messages/scheduled", "products",
                                  "quotes", "alerts", "stats"])  # fmt: skip
def test_every_wrong_filter_is_said_plainly(client: Any, business: Any, path: str) -> None:
    api = Api(client)
    names = ("cursor", "limit", "q", "tag", "channel", "status", "assignee", "sku", "active", "state", "period",
             "conversation_id")  # fmt: skip
    for name in names:
        for value in ("", "x", "-1", "9" * 30, "a\0b", "9" * 600):
            answer = api.get(f"/api/v1/{path}", **{name: value})
            assert answer.status_code in (200, 404, 422), (name, value)
            if answer.status_code == 422:
                (error,) = answer.json["errors"]
                assert error["field"] == name
                assert not LIBRARY.search(error["reason"]), (error, value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"media": {"id": 7}, "type": "image"}, "media.id: must be a text"),
        ({"media": {"id": ""}, "type": "image"}, "media.id: must not be empty"),
        ({"reply_to": [], "text": "x"}, "reply_to: must be a message's id or its provider_message_id"),
        ({"send_at": 1700000000, "text": "x"},
         "send_at: must be a time with its offset from UTC, such as 2030-01-31T09:00:00Z"),
        ({"type": "pigeon", "text": "x"}, "type: must be one of text, image, video, audio, document, sticker, "
         "location, contacts, reaction, template, interactive"),
    ],
)  # fmt: skip
def test_a_fault_says_what_to_send(client: Any, business: Any, body: dict[str, Any], said: str) -> None:
    answer = Api(client).post("/api/v1/messages", SEND | body)
    assert (answer.status_code, answer.json["detail"]) == (422, said)
    assert count(Message) == 0


@pytest.mark.parametrize(
    ("price", "kept"),
    [(1.1, "1.1000"), (0, "0.0000"), ("0.0001", "0.0001"), ("1e2", None), (1e-9, None), ("", None), (True, None)],
)
def test_a_price_is_what_the_document_says(client: Any, business: Any, price: Any, kept: str | None) -> None:
    answer = Api(client).post("/api/v1/products", {"name": "Kaffee", "price": price})
    assert answer.status_code == (422 if kept is None else 201)
    assert count(Product) == (0 if kept is None else 1)
    assert kept is None or answer.json["price"] == kept
