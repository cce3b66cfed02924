"""What a thread shows of messages that hold more than words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.components.contents import contents
from console.components.lines import _line, _text, _trouble
from core.channels.whatsapp_cloud.webhooks import body
from core.conversations.thread import Line

_NOW = datetime(2026, 11, 21, tzinfo=UTC)
_PAYLOADS = Path(__file__).parents[2] / "support" / "payloads" / "whatsapp_cloud"


def line(kind: str, payload: dict[str, Any], text: str = "", sender: str = "customer") -> Line:
    return Line(
        id=1, sender=sender, author=None, type=kind, text=text, payload=payload, status="received", error=None,
        reply_to=None, quoted=None, idempotency_key=None, provider_id=None, created_at=_NOW, files=(),
    )  # fmt: skip


def received(name: str) -> dict[str, Any]:
    """The parts of a message as the provider sends it."""
    (message,) = body.parse((_PAYLOADS / f"{name}.json").read_bytes(), _NOW)
    sender = "agent" if message.echo else "customer"
    return contents(line(message.type, dict(message.payload), message.text, sender))


def test_cards_have_their_names_numbers_and_addresses() -> None:
    first, second = received("contacts")["cards"]
    assert first == {
        "name": "Juan Pérez", "org": "Taller", "phones": ["+54 9 11 5555-0101"], "emails": ["juan@example.com"],
    }  # fmt: skip
    assert second == {"name": "Sin teléfono", "phones": ["4444-1234"]}


def test_an_order_has_its_lines() -> None:
    order = received("order")["order"]
    assert order["lines"] == [
        {"name": "bici-26", "quantity": "1", "price": "250000", "amount": "250000", "currency": "ARS"}
    ]
    assert (order["total"], order["currency"]) == ("250000", "ARS")


def test_amounts_are_exact_and_only_those_of_one_currency_are_added() -> None:
    def order(*items: dict[str, Any]) -> dict[str, Any]:
        return contents(line("order", {"product_items": list(items)}))["order"]

    pen = {"product_retailer_id": "pen", "quantity": 3, "item_price": 0.1, "currency": "ARS"}
    assert order(pen)["total"] == "0.3"
    assert "total" not in order(pen, {**pen, "currency": "USD"})
    assert "total" not in order(pen, {**pen, "item_price": "free"})
    assert "price" not in order({**pen, "currency": "pesos"})["lines"][0]


def test_an_advertisement_is_told_without_its_pictures() -> None:
    assert received("text_referral")["referral"] == {
        "headline": "Bicicletas", "body": "Rodado 26", "link": "https://fb.me/3cr4Wqqkv",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("interactive_button_reply", "choice"),
        ("interactive_list_reply", "choice"),
        ("button", "choice"),
        ("interactive_nfm_reply", "answers"),
        ("interactive_call_permission_reply", "calls"),
    ],
)
def test_what_a_customer_chose_is_told(name: str, kind: str) -> None:
    assert list(received(name)) == [kind]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("calls_answered", {"how": "taken", "seconds": 125}),
        ("calls_missed", {"how": "missed"}),
        ("calls_of_ours", {"how": "unanswered"}),
    ],
)
def test_a_call_is_told_by_how_it_ended(name: str, told: dict[str, Any]) -> None:
    assert received(name) == {"call": told}


def test_what_we_offered_has_its_buttons_and_rows() -> None:
    interactive = {
        "type": "list",
        "body": {"text": "When?"},
        "action": {"button": "Days", "sections": [{"title": "Week", "rows": [{"id": "1", "title": "Mon"}]}]},
    }
    offer = contents(line("interactive", {"interactive": interactive}, sender="agent"))["offer"]
    assert (offer["body"], offer["list"], offer["buttons"]) == ("When?", "Days", [])
    assert offer["sections"] == [{"title": "Week", "rows": [["Mon", ""]]}]
    interactive["action"] = {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Yes"}}]}
    assert contents(line("interactive", {"interactive": interactive}, sender="bot"))["offer"]["buttons"] == ["Yes"]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "https://a b", 'https://a"b', 7, None])
def test_only_addresses_of_the_web_become_links(link: object) -> None:
    payload = {"referral": {"headline": "x", "source_url": link}, "contacts": [{"urls": [{"url": link}]}]}
    assert contents(line("contacts", payload)) == {"referral": {"headline": "x"}}


keys = st.sampled_from(
    ["contacts", "name", "phones", "phone", "org", "order", "product_items", "product_retailer_id", "quantity",
     "currency", "item_price", "referral", "source_url", "interactive", "button_reply", "title", "action", "sections",
     "rows", "response"]
)  # fmt: skip
scalars = st.sampled_from([None, True, 7, -1.5, float("nan"), float("inf"), 10**400, "", "ARS", "9e999999", "<b>"])
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)


@given(st.sampled_from(["order", "contacts", "interactive", "button", "text"]), st.dictionaries(keys, anything))
def test_whatever_shape_it_has_it_can_be_shown(kind: str, payload: dict[str, Any]) -> None:
    for sender in ("customer", "agent"):
        json.dumps(contents(line(kind, payload, sender=sender)), allow_nan=False)


def test_a_form_keeps_the_order_of_its_answers() -> None:
    given = {"zona": "Sur", "a": "1", "mes": "mayo", "flow_token": "t"}
    payload = {"nfm_reply": {"response_json": json.dumps(given)}, "response": dict(sorted(given.items()))}
    assert [key for key, _ in contents(line("interactive", payload))["answers"]] == ["zona", "a", "mes"]


def test_a_product_and_the_kind_of_what_cannot_be_shown_are_named() -> None:
    product = {"context": {"referred_product": {"product_retailer_id": "LAMP-7"}}}
    assert contents(line("text", product))["product"] == "LAMP-7"
    assert contents(line("unsupported", {"unsupported": {"type": "poll"}}))["kind"] == "poll"


def test_a_carousel_that_we_sent_shows_its_cards() -> None:
    press = {"parameters": {"display_text": "Ver", "url": "https://shop.example/1"}}
    cards = [{"body": {"text": f"Mochila {number}"}, "action": press} for number in (1, 2)]
    found = contents(line("interactive", {"type": "carousel", "action": {"cards": cards}}, sender="bot"))
    assert [(card["body"], card["buttons"]) for card in found["offer"]["cards"]] == [
        ("Mochila 1", ["Ver"]), ("Mochila 2", ["Ver"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "text", "shown"),
    [
        ({"filename": "preços/2026.xlsx"}, "preços/2026.xlsx", ""),  # kept as preços_2026.xlsx
        ({"filename": "preços/2026.xlsx", "caption": "Aqui está"}, "Aqui está", "Aqui está"),
        ({"media": {"attachment_id": 3, "filename": "kontoauszug.pdf"}}, "kontoauszug.pdf", ""),
        ({"media": [1]}, "nothing of a name", "nothing of a name"),
    ],
)
def test_a_file_is_named_once(payload: dict[str, Any], text: str, shown: str) -> None:
    assert _text(line("document", payload, text)) == shown


def test_a_linked_file_is_called_by_its_name() -> None:
    media = {"link": "https://files.example/x/9f3a", "filename": "Kontoauszug März.pdf"}
    shown = _line(
        line("document", {"type": "document", "media": media}, "Kontoauszug März.pdf", "agent"), {"thread.team": ""}
    )
    link = {"address": media["link"], "kind": "document", "name": media["filename"]}
    assert (shown["text"], shown["links"]) == ("", [link])


def test_trouble_without_a_code_has_no_empty_brackets() -> None:
    words = {"trouble.uncertain": "Nobody knows"}
    assert _trouble("uncertain", {"title": "No answer", "code": ""}, words)["provider"] == "No answer"
    assert _trouble("failed", {"title": "Refused", "code": "1"}, {"trouble.failed": ""})["provider"] == "Refused (1)"
