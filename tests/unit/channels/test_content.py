from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.channels.content.shapes import parse_content, preview, split_text
from core.channels.types import InvalidMessage
from core.channels.whatsapp_cloud.limits import check

LINK = {"link": "https://example.com/a.jpg"}
BODY_PARAMETERS = [
    {"type": "text", "text": "Ana"},
    {"type": "currency", "currency": {"fallback_value": "$ 10", "code": "ARS", "amount_1000": 10000}},
    {"type": "date_time", "date_time": {"fallback_value": "20/11/2026"}},
]
TEMPLATE = {
    "name": "pedido_listo",
    "language": "es_AR",
    "components": [
        {"type": "header", "parameters": [{"type": "image", "image": LINK}]},
        {"type": "body", "parameters": BODY_PARAMETERS},
        {"type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [{"type": "payload", "payload": "A"}]},
        {"type": "button", "sub_type": "url", "index": 1, "parameters": [{"type": "text", "text": "4711"}]},
    ],
}
BUTTONS = {
    "type": "button",
    "body": {"text": "¿Confirma?"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": "si", "title": "Sí"}}]},
}
LIST = {
    "type": "list",
    "body": {"text": "Elija"},
    "action": {"button": "Ver", "sections": [{"rows": [{"id": "1", "title": "Uno"}]}]},
}
CTA = {
    "type": "cta_url",
    "body": {"text": "Pague aquí"},
    "action": {"name": "cta_url", "parameters": {"display_text": "Pagar", "url": "https://example.com/p"}},
}
FLOW = {
    "type": "flow",
    "body": {"text": "Reserve"},
    "action": {"name": "flow", "parameters": {"flow_id": "1", "flow_cta": "Reservar", "x": [1]}},
}
GOOD: list[tuple[dict[str, Any], str]] = [
    ({"type": "text", "text": "Hola", "preview_url": True}, "Hola"),
    ({"type": "image", "media": {**LINK, "caption": "pie"}}, "pie"),
    ({"type": "document", "media": {"attachment_id": 7, "filename": "a.pdf"}}, "a.pdf"),
    ({"type": "sticker", "media": {"id": "1003"}}, ""),
    ({"type": "location", "location": {"latitude": -34.6, "longitude": -58.4}}, "-34.6, -58.4"),
    ({"type": "location", "location": {"latitude": -34.6, "longitude": -58.4, "name": "Aquí"}}, "Aquí"),
    ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Juan"}, "phones": [{"phone": "+1"}]}]}, "Juan"),
    ({"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}}, "👍"),
    ({"type": "template", "template": TEMPLATE}, "pedido_listo"),
    ({"type": "template", "template": {"content_sid": "HX" + "a" * 32, "variables": {"1": "x"}}}, "HX" + "a" * 32),
    ({"type": "interactive", "interactive": BUTTONS}, "¿Confirma?"),
    ({"type": "interactive", "interactive": LIST}, "Elija"),
    ({"type": "interactive", "interactive": CTA}, "Pague aquí"),
    ({"type": "interactive", "interactive": FLOW}, "Reserve"),
    ({"type": "interactive", "interactive": {"type": "call_permission_request", "action": {"name": "x"}}}, ""),
    ({"type": "interactive", "interactive": {"type": "newer", "body": {"text": "a"}, "inside": [1]}}, "a"),
]


@pytest.mark.parametrize(("document", "shown"), GOOD)
def test_what_is_given_is_what_is_stored(document: dict[str, Any], shown: str) -> None:
    stored = parse_content(document).model_dump(mode="json", exclude_none=True)
    assert parse_content(stored).model_dump(mode="json", exclude_none=True) == stored
    for key, value in document.items():
        assert stored[key] == value or key in ("template", "contacts", "interactive")
    assert preview(stored) == shown


def test_the_type_may_be_inferred_from_the_key() -> None:
    assert parse_content({"text": "hola"}).type == "text"
    assert parse_content({"interactive": CTA}).type == "interactive"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ("hola", "content"),
        ({}, "type"),
        ({"type": "telepathy"}, "type"),
        ({"type": ["text"]}, "type"),
        ({"type": "text"}, "text"),
        ({"type": "text", "text": ""}, "text"),
        ({"type": "text", "text": "a\0b"}, "text"),
        ({"type": "text", "text": "a\ud83d"}, "text"),
        ({"type": "text", "text": "a", "colour": "red"}, "colour"),
        ({"type": "image", "media": {}}, "media"),
        ({"type": "image", "media": {"id": "1", **LINK}}, "media"),
        ({"type": "image", "media": {"link": "file:///etc/passwd"}}, "media.link"),
        ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, "location.latitude"),
        ({"type": "location", "location": {"latitude": float("nan"), "longitude": 0}}, "location.latitude"),
        ({"type": "contacts", "contacts": [{"name": {}}]}, "contacts.0.name.formatted_name"),
        ({"type": "reaction", "reaction": {"emoji": "x"}}, "reaction.message_id"),
        ({"type": "template", "template": {"name": "x"}}, "template"),
        ({"type": "template", "template": {**TEMPLATE, "content_sid": "HX" + "a" * 32}}, "template"),
        ({"type": "interactive", "interactive": {**LIST, "action": {"button": "x"}}}, "interactive.action.sections"),
        ({"type": "interactive", "interactive": {"type": "flow", "x": ["\0"]}}, "interactive.x.0"),
        ({"type": "interactive", "interactive": 5}, "interactive"),
    ],
)
def test_faults_are_named_by_their_path(document: object, field: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        parse_content(document)
    assert raised.value.field == field


def test_bottomless_nesting_is_refused() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(InvalidMessage, match="nested too deeply"):
        parse_content({"type": "interactive", "interactive": {"type": "flow", "x": deep}})


@pytest.mark.parametrize(("document", "_"), GOOD)
def test_whatsapp_takes_all_but_twilios_templates(document: dict[str, Any], _: str) -> None:
    stored = parse_content(document).model_dump(mode="json", exclude_none=True)
    if "content_sid" in stored.get("template", {}):
        with pytest.raises(InvalidMessage):
            check(stored["type"], stored)
    else:
        check(stored["type"], stored)


def _rows(count: int) -> list[dict[str, str]]:
    return [{"id": str(n), "title": f"Fila {n}"} for n in range(count)]


def _buttons(*replies: tuple[str, str]) -> dict[str, Any]:
    return {**BUTTONS, "action": {"buttons": [{"reply": {"id": id_, "title": title}} for id_, title in replies]}}


def _list(*sections: dict[str, Any], button: str = "Ver") -> dict[str, Any]:
    return {**LIST, "action": {"button": button, "sections": list(sections)}}


def _kind(kind: str, action: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": kind, "body": {"text": "a"}, "action": action or {"name": kind}, **more}


def _flow(title: str) -> dict[str, Any]:
    return _kind("flow", {"name": "flow", "parameters": {"flow_cta": title}})


def _products(*sizes: int, title: str = "s") -> dict[str, Any]:
    sections = [{"title": title, "product_items": [{"product_retailer_id": "Z"}] * size} for size in sizes]
    return _kind("product_list", {"catalog_id": "1", "sections": sections}, header={"type": "text", "text": "h"})


def _cards(count: int, words: str = "a", title: str = "Ver") -> dict[str, Any]:
    press = {"name": "cta_url", "parameters": {"display_text": title, "url": "https://example.com"}}
    cards = [{"card_index": n, "type": "cta_url", "body": {"text": words}, "action": press} for n in range(count)]
    return _kind("carousel", {"cards": cards})


def _row(**more: str) -> dict[str, Any]:
    return _list({"rows": [{"id": "1", "title": "x", **more}]})


_ACTION = "interactive.action"
_ROW = f"{_ACTION}.sections.0.rows.0"
LIMITS: list[tuple[str, Callable[[int], Any], int, str]] = [
    ("text", lambda n: "x" * n, 4096, "text"),
    ("image", lambda n: {**LINK, "caption": "x" * n}, 1024, "media.caption"),
    ("document", lambda n: {**LINK, "filename": "x" * n}, 240, "media.filename"),
    ("location", lambda n: {"latitude": 0, "longitude": 0, "name": "x" * n}, 1000, "location.name"),
    ("location", lambda n: {"latitude": 0, "longitude": 0, "address": "x" * n}, 1000, "location.address"),
    ("contacts", lambda n: [{"name": {"formatted_name": "A"}}] * n, 257, "contacts"),
    *[
        ("interactive", lambda n, one=one: {**one, "footer": {"text": "x" * n}}, 60, "interactive.footer.text")
        for one in (BUTTONS, LIST, CTA, FLOW, _kind("location_request_message"), _kind("newer"))
    ],
    *[
        ("interactive", lambda n, one=one: {**one, "header": {"type": "text", "text": "x" * n}}, 60,
         "interactive.header.text")
        for one in (BUTTONS, LIST, CTA, FLOW, _kind("newer"))
    ],
    *[
        ("interactive", lambda n, one=one: {**one, "body": {"text": "x" * n}}, most, "interactive.body.text")
        for one, most in (
            (BUTTONS, 1024), (LIST, 4096), (CTA, 1024), (FLOW, 1024), (_kind("location_request_message"), 1024),
            (_kind("catalog_message"), 1024), (_kind("product"), 1024), (_kind("newer"), 1024), (_cards(2), 1024),
        )
    ],
    ("interactive", lambda n: _buttons(*[(str(i), str(i)) for i in range(n)]), 3, f"{_ACTION}.buttons"),
    ("interactive", lambda n: _buttons(("1", "x" * n)), 20, f"{_ACTION}.buttons.0.reply.title"),
    ("interactive", lambda n: _buttons(("x" * n, "a")), 256, f"{_ACTION}.buttons.0.reply.id"),
    ("interactive", lambda n: _list({"rows": _rows(n)}), 10, f"{_ACTION}.sections.rows"),
    ("interactive", lambda n: _list({"rows": _rows(1)}, button="x" * n), 20, f"{_ACTION}.button"),
    ("interactive", lambda n: _list({"title": "x" * n, "rows": _rows(1)}), 24, f"{_ACTION}.sections.0.title"),
    ("interactive", lambda n: _row(title="x" * n), 24, f"{_ROW}.title"),
    ("interactive", lambda n: _row(description="x" * n), 72, f"{_ROW}.description"),
    ("interactive", lambda n: _row(id="x" * n), 200, f"{_ROW}.id"),
    ("interactive", lambda n: {**CTA, "action": {"parameters": {"display_text": "x" * n, "url": LINK["link"]}}}, 20,
     f"{_ACTION}.parameters.display_text"),
    ("interactive", lambda n: _flow("x" * n), 30, f"{_ACTION}.parameters.flow_cta"),
    ("interactive", lambda n: _products(n), 30, f"{_ACTION}.sections"),
    ("interactive", lambda n: _products(*[1] * n), 10, f"{_ACTION}.sections"),
    ("interactive", lambda n: _products(1, title="x" * n), 24, f"{_ACTION}.sections.0.title"),
    ("interactive", lambda n: _cards(n), 10, f"{_ACTION}.cards"),
    ("interactive", lambda n: _cards(2, "x" * n), 160, f"{_ACTION}.cards.0.body.text"),
    ("interactive", lambda n: _cards(2, title="x" * n), 20, f"{_ACTION}.cards.0.action.parameters.display_text"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "make", "limit", "field"), LIMITS)
def test_whatsapp_limits(kind: str, make: Callable[[int], Any], limit: int, field: str) -> None:
    _check(kind, make(limit))
    with pytest.raises(InvalidMessage) as raised:
        _check(kind, make(limit + 1))
    assert raised.value.field == field


def _check(kind: str, part: Any) -> None:
    key = "media" if kind in ("image", "audio", "sticker", "document") else kind
    check(kind, parse_content({"type": kind, key: part}).model_dump(mode="json", exclude_none=True))


@pytest.mark.parametrize(
    ("kind", "part", "field"),
    [
        ("audio", {**LINK, "caption": "x"}, "media.caption"),
        ("sticker", {**LINK, "caption": "x"}, "media.caption"),
        ("interactive", _buttons(("1", "a"), ("1", "b")), f"{_ACTION}.buttons.reply.id"),
        ("interactive", _list({"rows": _rows(1)}, {"rows": _rows(1)}), f"{_ACTION}.sections.0.title"),
        ("interactive", {"type": "flow", "action": {"name": "flow"}}, "interactive.body.text"),
        ("interactive", _flow(""), f"{_ACTION}.parameters.flow_cta"),
        ("interactive", _products(), f"{_ACTION}.sections"),
        ("interactive", _cards(1), f"{_ACTION}.cards"),
        ("interactive", {"type": "carousel", "body": {"text": "a"}}, "interactive.action"),
        *[
            ("reaction", {"message_id": "wamid.1", "emoji": words}, "reaction.emoji")
            for words in ("hello", "x", "👍👍", "👍 ", "7", "#", "ñ", " ")
        ],
    ],
)
def test_what_whatsapp_does_not_take(kind: str, part: Any, field: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        _check(kind, part)
    assert raised.value.field == field


@pytest.mark.parametrize("emoji", ["👍", "👍🏽", "❤️", "❤", "🇦🇷", "👨‍👩‍👧", "7️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", ""])
def test_a_reaction_is_one_emoji(emoji: str) -> None:
    _check("reaction", {"message_id": "wamid.1", "emoji": emoji})


def test_limits_count_code_points() -> None:
    check("text", {"type": "text", "text": "🚲" * 4096})


def test_split_prefers_paragraphs_then_sentences_then_words() -> None:
    assert split_text("Primer párrafo.\n\nSegundo párrafo.", 20) == ["Primer párrafo.", "Segundo párrafo."]
    assert split_text("Hola Ana. Qué tal? Todo bien", 20) == ["Hola Ana. Qué tal?", "Todo bien"]
    assert split_text("palabra palabra palabra", 16) == ["palabra palabra", "palabra"]
    assert split_text("x" * 5, 2) == ["xx", "xx", "x"]
    assert split_text("corto", 100) == ["corto"]
    assert split_text("   ", 2) == []


def test_split_leaves_emoji_and_accents_whole() -> None:
    family = "👨\u200d👩\u200d👧"
    assert split_text("abc" + family, 6) == ["abc", family]
    assert split_text("abe\u0301", 3) == ["ab", "e\u0301"]


_texts = st.text(st.sampled_from("ab .\n\té🚲\u0301\u200d"), max_size=120) | st.text(max_size=80)


@given(text=_texts, limit=st.integers(1, 40))
def test_split_loses_nothing_but_whitespace_at_the_cuts(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert all(piece.strip() and len(piece) <= limit for piece in pieces)
    position = 0
    for piece in pieces:
        at = text.index(piece, position)
        assert not text[position:at].strip()
        position = at + len(piece)
    assert not text[position:].strip()
