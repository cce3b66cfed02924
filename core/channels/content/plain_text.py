"""What a message says in words, for messages that are not just words.

Labels are keys, not words of a language, so that they sway nobody's guess which language the customer writes.

`told` is stored as the message's text when it arrives, so that lists, search, programs and the bot read it. `about` is
what surrounds a message's own words (what they answer, the advertisement or product they are about): the bot reads it.
Everything comes from customers' phones and may have any shape; what is not as it should be is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.channels import json_sanitizer

FILES = frozenset({"image", "video", "audio", "document", "sticker"})
_MOST = 100  # parts of one kind
_LONGEST = 4000  # characters
_LONGEST_QUOTE = 500
_LONGEST_NAME = 60
_DEEPEST = 4
_OURS = "flow_token"  # ours, not the customer's
_LINE = re.compile(r"\s+")
_NUMBER = re.compile(r"[-+]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:e[-+]?[0-9]{1,3})?")


def told(kind: str, payload: Mapping[str, Any]) -> str:
    """The words of a form, an order, contacts, a place or a file's name; "" where there are none, or of other types."""
    match kind:
        case "interactive":
            found = _answers(payload)
        case "order":
            order = _dict(payload.get("order")) or payload
            found = [_said(order.get("text")), *map(_item, _list(order.get("product_items")))]
        case "contacts":
            found = list(map(_card, _list(payload.get("contacts"))))
        case "location":
            found = [place(payload)]
        case kind if kind in FILES:
            found = [_said(payload.get("filename"))]
        case _:
            found = []
    return "\n".join(filter(None, found))[:_LONGEST]


def about(kind: str, payload: Mapping[str, Any], quoted: str | None = None) -> str:
    """What surrounds the words, a line each in brackets. `quoted` is what they reply to, "" if that is not known."""
    lines = [
        quoted is not None and f"reply_to: {_short(quoted) or '?'}",
        _product(_dict(_dict(payload.get("context")).get("referred_product"))),
        _advertisement(_dict(payload.get("referral"))),
        _chosen(kind, payload),
        payload.get("forwarded") is True and "forwarded",
        kind == "location" and _coordinates(payload) not in told(kind, payload) and f"at: {_coordinates(payload)}",
        kind in FILES and _said(payload.get("caption")) and _labelled("file", payload.get("filename")),
    ]
    return "\n".join(f"[{line}]" for line in lines if line)


def unread(kind: str, payload: Mapping[str, Any]) -> str:
    """How a message without words is called ("unsupported: poll"), which is all that can be said of it."""
    part = _dict(payload.get("unsupported" if kind == "unsupported" else "raw"))
    return ": ".join(filter(None, (kind, _said(part.get("type"))[:_LONGEST_NAME])))


def place(payload: Mapping[str, Any]) -> str:
    """A place by its name and address, or else by its coordinates."""
    place = _dict(payload.get("location")) or payload
    return ", ".join(filter(None, (_said(place.get("name")), _said(place.get("address"))))) or _coordinates(payload)


def form_answers(payload: Mapping[str, Any]) -> Any:
    """A form's answers in the order in which they were given, which only the provider's own string has kept."""
    part = _dict(payload.get("interactive")) or payload
    raw = _dict(part.get("nfm_reply")).get("response_json")
    if not isinstance(raw, str):
        return raw if raw is not None else part.get("response")
    try:
        return json_sanitizer.clean(json.loads(raw))
    except (ValueError, RecursionError):
        return raw.strip() or None


def answers(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Questions and answers. What lies deeper is an answer of one line."""
    if isinstance(value, Mapping):
        for key, one in list(value.items())[:_MOST]:
            if key != _OURS:
                yield str(key), _flat(one, depth + 1)
    elif isinstance(value, list):
        for one in value[:_MOST]:
            if isinstance(one, Mapping):
                yield from answers(one, depth + 1) if depth < _DEEPEST else ()
            else:
                yield "", _flat(one, depth + 1)
    elif words := _flat(value, depth):
        yield "", words


def _answers(payload: Mapping[str, Any]) -> list[str]:
    return [
        f"{question.replace('_', ' ')}: {answer}" if question else answer
        for question, answer in answers(form_answers(payload))
        if answer
    ]


def _flat(value: Any, depth: int) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if depth > _DEEPEST:
        return ""
    if isinstance(value, Mapping):
        pairs = ((key, _flat(one, depth + 1)) for key, one in list(value.items())[:_MOST] if key != _OURS)
        return ", ".join(f"{key}: {words}" for key, words in pairs if words)
    if isinstance(value, list):
        return ", ".join(filter(None, (_flat(one, depth + 1) for one in value[:_MOST])))
    return _said(value)


def _item(item: Any) -> str:
    one = _dict(item)
    name = " ".join(filter(None, (_said(one.get("product_name")), _said(one.get("product_retailer_id")))))
    price = " ".join(filter(None, (_said(one.get("item_price")), _said(one.get("currency")))))
    return f"{_said(one.get('quantity')) or '1'} × {name}" + (f" ({price})" if price else "") if name else ""


def _card(one: Any) -> str:
    card = _dict(one)
    name, org = _dict(card.get("name")), _dict(card.get("org"))
    full = (
        _said(card.get("name")) or _said(name.get("formatted_name")) or _joined(name, ("first_name", "last_name"), " ")
    )
    work = _said(org.get("company")) or _joined(org, ("title", "department"), ", ")
    reach = [
        _said(each) or _said(_dict(each).get(key)) or _said(_dict(each).get("wa_id"))
        for part, key in (("phones", "phone"), ("emails", "email"), ("urls", "url"))
        for each in _list(card.get(part))
    ]
    homes = [_joined(_dict(each), ("street", "city", "country"), ", ") for each in _list(card.get("addresses"))]
    return ", ".join(filter(None, (full, work, *reach, *homes)))


def _joined(part: Mapping[str, Any], keys: tuple[str, ...], between: str) -> str:
    return between.join(filter(None, (_said(part.get(key)) for key in keys)))


def _coordinates(payload: Mapping[str, Any]) -> str:
    place = _dict(payload.get("location")) or payload
    both = _said(place.get("latitude")), _said(place.get("longitude"))
    return ", ".join(both) if all(map(_NUMBER.fullmatch, both)) else ""


def _product(product: Mapping[str, Any]) -> str:
    return _labelled("product", product.get("product_retailer_id") or product.get("id"))


def _advertisement(referral: Mapping[str, Any]) -> str:
    parts = [_said(referral.get(key)) for key in ("headline", "body", "source_url")]
    return f"{_said(referral.get('source_type')) or 'ad'}: {' | '.join(filter(None, parts))}" if any(parts) else ""


def _chosen(kind: str, payload: Mapping[str, Any]) -> str:
    """What belongs to the option or button that was chosen."""
    part = _dict(payload.get("interactive")) or payload
    if permission := _dict(part.get("call_permission_reply")):
        return _labelled("call_permission", permission.get("response"))
    if kind == "button":
        return "" if payload.get("payload") == payload.get("text") else _labelled("button", payload.get("payload"))
    return _labelled("option", _dict(part.get("list_reply")).get("description"))


def _labelled(label: str, value: Any) -> str:
    words = _said(value)
    return f"{label}: {words}" if words else ""


def _short(words: str) -> str:
    words = _LINE.sub(" ", words).strip()
    return words if len(words) <= _LONGEST_QUOTE else f"{words[:_LONGEST_QUOTE]}…"


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    """The members of a list; a lone one needs no list."""
    if isinstance(value, list):
        return value[:_MOST]
    return [value] if isinstance(value, Mapping) else []


def _said(value: Any) -> str:
    """The string or number on one line."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _LINE.sub(" ", str(value)).strip()
