"""Structured message contents (cards, orders, choices …) as JSON for the thread.

They come from customers through providers and may be malformed: unexpected parts are omitted.
Shapes: Cloud API, Webhooks reference (messages), and of what we send, `core.channels.content.shapes`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

from core.channels.content.plain_text import answers, form_answers
from core.conversations.thread import Line

_MOST = 50  # maximum parts of one kind
_LONGEST = 1000  # characters
_CURRENCY = re.compile(r"[A-Z]{3}")
_LINK = re.compile(r"https?://[^\s<>\"]+")


def contents(line: Line) -> dict[str, Any]:
    """Return the message's parts by kind, without empty ones."""
    payload = line.payload
    found = {
        "cards": [card for one in _list(payload.get("contacts")) if (card := _card(one))],
        "order": _order(_dict(payload.get("order")) or payload) if line.type == "order" else None,
        "call": _call(_dict(payload.get("call")), line.sender) if line.type == "call" else None,
        "referral": _referral(_dict(payload.get("referral"))),
        "product": _words(_dict(_dict(payload.get("context")).get("referred_product")).get("product_retailer_id")),
        "kind": _words(_dict(payload.get("unsupported")).get("type")) if line.type == "unsupported" else "",
        **_interactive(line, _dict(payload.get("interactive")) or payload),
    }
    return {kind: part for kind, part in found.items() if part}


def _card(one: Any) -> dict[str, Any] | None:
    card = _dict(one)
    name = _words(_dict(card.get("name")).get("formatted_name"))
    shown = {
        "name": name,
        "org": " · ".join(filter(None, (_words(_dict(card.get("org")).get(key)) for key in ("company", "title")))),
        "phones": [words for each in _list(card.get("phones")) if (words := _words(_dict(each).get("phone")))],
        "emails": [words for each in _list(card.get("emails")) if (words := _words(_dict(each).get("email")))],
        "links": [link for each in _list(card.get("urls")) if (link := _link(_dict(each).get("url")))],
        "birthday": _words(card.get("birthday")),
    }
    return {key: part for key, part in shown.items() if part} or None


def _order(order: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return lines with amounts, and the total if all share a currency. Amounts are decimal strings."""
    lines = [line for item in _list(order.get("product_items")) if (line := _item(_dict(item)))]
    if not lines:
        return None
    currencies = {line.get("currency") for line in lines}
    total = sum((Decimal(line["amount"]) for line in lines if "amount" in line), Decimal())
    whole = len(currencies) == 1 and all("amount" in line for line in lines)
    return {"lines": lines, **({"total": str(total), "currency": lines[0]["currency"]} if whole else {})}


def _item(item: Mapping[str, Any]) -> dict[str, Any] | None:
    name = _words(item.get("product_name")) or _words(item.get("product_retailer_id"))
    if not name:
        return None
    quantity, price, currency = _number(item.get("quantity")), _number(item.get("item_price")), item.get("currency")
    line: dict[str, Any] = {"name": name, "quantity": str(1 if quantity is None else quantity)}
    if quantity is not None and price is not None and isinstance(currency, str) and _CURRENCY.fullmatch(currency):
        line |= {"price": str(price), "amount": str(quantity * price), "currency": currency}
    return line


def _call(call: Mapping[str, Any], sender: str) -> dict[str, Any]:
    """Return how a call ended: taken, missed (by us) or unanswered (by the customer); and its length in seconds."""
    if call.get("answered") is True:
        seconds = _number(call.get("seconds"))
        return {"how": "taken", "seconds": 0 if seconds is None else int(seconds)}
    return {"how": "missed" if sender == "customer" else "unanswered"}


def _referral(referral: Mapping[str, Any]) -> dict[str, str]:
    """Return the advertisement or post that led the customer here."""
    shown = {
        "headline": _words(referral.get("headline")),
        "body": _words(referral.get("body")),
        "link": _link(referral.get("source_url")),
    }
    return {key: words for key, words in shown.items() if words}


def _interactive(line: Line, part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options we offered, or the customer's choice."""
    if line.type == "button":
        return {"choice": {"title": line.text}}
    if line.type != "interactive":
        return {}
    if line.sender != "customer":
        return {"offer": _offer(part, deep=True)}
    for kind in ("button_reply", "list_reply"):
        if chosen := _dict(part.get(kind)):
            title, about = _words(chosen.get("title")), _words(chosen.get("description"))
            return {"choice": {"title": title or line.text, "about": about if title else ""}}
    if permission := _dict(part.get("call_permission_reply")):
        return {"calls": "accepted" if permission.get("response") == "accept" else "refused"}
    return {"answers": [[_words(key), _words(value)] for key, value in islice(answers(form_answers(part)), _MOST)]}


def _offer(part: Mapping[str, Any], *, deep: bool = False) -> dict[str, Any]:
    action = _dict(part.get("action"))
    link = _dict(action.get("parameters"))
    header = _words(_dict(part.get("header")).get("text"))
    return {
        "header": header,
        "body": _words(_dict(part.get("body")).get("text")),
        "footer": _words(_dict(part.get("footer")).get("text")),
        "buttons": [
            *(_words(_dict(_dict(one).get("reply")).get("title")) for one in _list(action.get("buttons"))),
            *filter(None, [_words(link.get("display_text"))]),
        ],
        "cards": [_offer(_dict(card)) for card in _list(action.get("cards"))] if deep else [],
        "list": _words(action.get("button")),
        "sections": [
            {
                "title": _words(_dict(section).get("title")),
                "rows": [
                    [_words(_dict(row).get("title")), _words(_dict(row).get("description"))]
                    for row in _list(_dict(section).get("rows"))
                ],
            }
            for section in _list(action.get("sections"))
        ],
    }


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value[:_MOST] if isinstance(value, list) else []


def _words(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()[:_LONGEST]


def _link(value: Any) -> str:
    """Return the URL if it is safe to link to; script URLs are not."""
    words = _words(value)
    return words if _LINK.fullmatch(words) else ""


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value)[:30])
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal("1e12") else None
