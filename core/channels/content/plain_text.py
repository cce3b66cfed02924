"""Plain text of messages that are not only text.

Labels are keys, not words of a language, so that they do not affect language detection.

`as_text` is stored as the message's text when it arrives, for lists, search, API clients and the bot. `about` is the
context of a message's own text (what it quotes, its advertisement or product): the bot reads it. All values come from
customers' phones and may have any shape; malformed ones are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.channels import json_sanitizer

FILES = frozenset({"image", "video", "audio", "document", "sticker"})
_MAX_PARTS = 100  # parts of one kind
_MAX_LENGTH = 4000  # characters
_MAX_QUOTE = 500
_MAX_NAME = 60
_MAX_DEPTH = 4
_OURS = "flow_token"  # ours, not the customer's
_LINE = re.compile(r"\s+")
_NUMBER = re.compile(r"[-+]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:e[-+]?[0-9]{1,3})?")


def as_text(kind: str, payload: Mapping[str, Any]) -> str:
    """Return the text of a form, a permission, an order, contacts, a location or a file's name; "" for other types."""
    match kind:
        case "interactive":
            found = [_permission(payload), *_answers(payload)]
        case "order":
            order = _dict(payload.get("order")) or payload
            found = [_line(order.get("text")), *map(_item, _list(order.get("product_items")))]
        case "contacts":
            found = list(map(_card, _list(payload.get("contacts"))))
        case "location":
            found = [place(payload)]
        case kind if kind in FILES:
            found = [_line(payload.get("filename"))]
        case _:
            found = []
    return "\n".join(filter(None, found))[:_MAX_LENGTH]


def about(kind: str, payload: Mapping[str, Any], quoted: str | None = None) -> str:
    """Return the context of a message, one bracketed line each. `quoted` is the text replied to, "" if unknown."""
    lines = [
        quoted is not None and f"reply_to: {_short(quoted) or '?'}",
        _product(_dict(_dict(payload.get("context")).get("referred_product"))),
        _advertisement(_dict(payload.get("referral"))),
        _chosen(kind, payload),
        payload.get("forwarded") is True and "forwarded",
        kind == "location" and _coordinates(payload) not in as_text(kind, payload) and f"at: {_coordinates(payload)}",
        kind in FILES and _line(payload.get("caption")) and _labelled("file", payload.get("filename")),
    ]
    return "\n".join(f"[{line}]" for line in lines if line)


def unread(kind: str, payload: Mapping[str, Any]) -> str:
    """Return a label for a message without text ("unsupported: poll")."""
    part = _dict(payload.get("unsupported" if kind == "unsupported" else "raw"))
    return ": ".join(filter(None, (kind, _line(part.get("type"))[:_MAX_NAME])))


def place(payload: Mapping[str, Any]) -> str:
    """Return a location's name and address, or else its coordinates."""
    place = _dict(payload.get("location")) or payload
    return ", ".join(filter(None, (_line(place.get("name")), _line(place.get("address"))))) or _coordinates(payload)


def form_answers(payload: Mapping[str, Any]) -> Any:
    """Return a form's answers in their original order, which only the provider's own string preserves."""
    part = _dict(payload.get("interactive")) or payload
    raw = _dict(part.get("nfm_reply")).get("response_json")
    if not isinstance(raw, str):
        return raw if raw is not None else part.get("response")
    try:
        return json_sanitizer.clean(json.loads(raw))
    except (ValueError, RecursionError):
        return raw.strip() or None


def answers(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Format questions and answers. Nested values become an answer of one line."""
    if isinstance(value, Mapping):
        for key, one in list(value.items())[:_MAX_PARTS]:
            if key != _OURS:
                yield str(key), _flat(one, depth + 1)
    elif isinstance(value, list):
        for one in value[:_MAX_PARTS]:
            if isinstance(one, Mapping):
                yield from answers(one, depth + 1) if depth < _MAX_DEPTH else ()
            else:
                yield "", _flat(one, depth + 1)
    elif words := _flat(value, depth):
        yield "", words


def _permission(payload: Mapping[str, Any]) -> str:
    """Return whether the customer allows calls, in signs: people of any language see it in lists."""
    reply = _dict(payload.get("call_permission_reply"))
    return f"📞 {_flat(reply.get('response') == 'accept', 0)}" if reply else ""


def _answers(payload: Mapping[str, Any]) -> list[str]:
    return [
        f"{question.replace('_', ' ')}: {answer}" if question else answer
        for question, answer in answers(form_answers(payload))
        if answer
    ]


def _flat(value: Any, depth: int) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(value, Mapping):
        pairs = ((key, _flat(one, depth + 1)) for key, one in list(value.items())[:_MAX_PARTS] if key != _OURS)
        return ", ".join(f"{key}: {words}" for key, words in pairs if words)
    if isinstance(value, list):
        return ", ".join(filter(None, (_flat(one, depth + 1) for one in value[:_MAX_PARTS])))
    return _line(value)


def _item(item: Any) -> str:
    one = _dict(item)
    name = " ".join(filter(None, (_line(one.get("product_name")), _line(one.get("product_retailer_id")))))
    price = " ".join(filter(None, (_line(one.get("item_price")), _line(one.get("currency")))))
    return f"{_line(one.get('quantity')) or '1'} × {name}" + (f" ({price})" if price else "") if name else ""


def _card(one: Any) -> str:
    card = _dict(one)
    name, org = _dict(card.get("name")), _dict(card.get("org"))
    full = (
        _line(card.get("name")) or _line(name.get("formatted_name")) or _joined(name, ("first_name", "last_name"), " ")
    )
    work = _line(org.get("company")) or _joined(org, ("title", "department"), ", ")
    reach = [
        _line(each) or _line(_dict(each).get(key)) or _line(_dict(each).get("wa_id"))
        for part, key in (("phones", "phone"), ("emails", "email"), ("urls", "url"))
        for each in _list(card.get(part))
    ]
    homes = [_joined(_dict(each), ("street", "city", "country"), ", ") for each in _list(card.get("addresses"))]
    return ", ".join(filter(None, (full, work, *reach, *homes)))


def _joined(part: Mapping[str, Any], keys: tuple[str, ...], between: str) -> str:
    return between.join(filter(None, (_line(part.get(key)) for key in keys)))


def _coordinates(payload: Mapping[str, Any]) -> str:
    place = _dict(payload.get("location")) or payload
    both = _line(place.get("latitude")), _line(place.get("longitude"))
    return ", ".join(both) if all(map(_NUMBER.fullmatch, both)) else ""


def _product(product: Mapping[str, Any]) -> str:
    return _labelled("product", product.get("product_retailer_id") or product.get("id"))


def _advertisement(referral: Mapping[str, Any]) -> str:
    parts = [_line(referral.get(key)) for key in ("headline", "body", "source_url")]
    return f"{_line(referral.get('source_type')) or 'ad'}: {' | '.join(filter(None, parts))}" if any(parts) else ""


def _chosen(kind: str, payload: Mapping[str, Any]) -> str:
    """Return the fields of the chosen option or button."""
    part = _dict(payload.get("interactive")) or payload
    if permission := _dict(part.get("call_permission_reply")):
        return _labelled("call_permission", permission.get("response"))
    if kind == "button":
        return "" if payload.get("payload") == payload.get("text") else _labelled("button", payload.get("payload"))
    return _labelled("option", _dict(part.get("list_reply")).get("description"))


def _labelled(label: str, value: Any) -> str:
    words = _line(value)
    return f"{label}: {words}" if words else ""


def _short(words: str) -> str:
    words = _LINE.sub(" ", words).strip()
    return words if len(words) <= _MAX_QUOTE else f"{words[:_MAX_QUOTE]}…"


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    """Return a list's members; a single value counts as a list of one."""
    if isinstance(value, list):
        return value[:_MAX_PARTS]
    return [value] if isinstance(value, Mapping) else []


def _line(value: Any) -> str:
    """Return a string or number as one line."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _LINE.sub(" ", str(value)).strip()
