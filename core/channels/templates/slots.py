"""Open slots of a template: each value that its sender provides, in the template's order.

(Business Management API, Message templates, Components; Cloud API, Send message templates.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.channels.json_values import items, mapping, text

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MEDIA = frozenset(("image", "video", "gif", "document"))
# Button types that take a value, with its kind and whether Meta requires it.
_BUTTONS: Mapping[str, tuple[str, bool]] = {
    "COPY_CODE": ("coupon_code", True),
    "FLOW": ("flow", False),
    "CATALOG": ("catalog", False),
    "MPM": ("mpm", True),
    "ORDER_DETAILS": ("order_details", True),
    "QUICK_REPLY": ("payload", False),
    "VOICE_CALL": ("ttl_minutes", False),
}
_WITHOUT = frozenset(("PHONE_NUMBER", "SPM"))
_OTP = "OTP"
CONTENT = "CONTENT"  # the part in which a content template of Twilio's keeps its sid and its variables with examples
_COMPONENTS = frozenset(
    (CONTENT, "HEADER", "BODY", "FOOTER", "BUTTONS", "LIMITED_TIME_OFFER", "CAROUSEL", "CALL_PERMISSION_REQUEST")
)
_FORMATS = MEDIA | {"", "text", "location", "product"}


@dataclass(frozen=True, slots=True)
class Slot:
    """A value to fill in.

    `part` is header, body, button or limited_time_offer; `index` the button's index, `card` the card's. `kind` is the
    kind of value: text, a kind of media, location, product, coupon_code, expiration, flow, catalog, mpm, order_details,
    payload or ttl_minutes. `name` is a variable's; `example` is the one submitted for approval.
    """

    part: str
    kind: str
    name: str = ""
    index: int | None = None
    card: int | None = None
    label: str = ""
    example: str = ""
    required: bool = True

    @property
    def place(self) -> tuple[str, int | None]:
        """Return the part and index of the slot."""
        return self.part, self.index


def slots(components: Iterable[Mapping[str, Any]], card: int | None = None) -> list[Slot]:
    """Return the slots of a template, or of one card of it. Cards' slots are included in the template's."""
    known = list(components)
    for component in known:
        if component.get("type") == CONTENT:  # one set of variables for all parts
            given = mapping(component.get("variables"))
            return [Slot("body", "text", name, example=text(example)) for name, example in given.items()]
    return [slot for component in known for slot in _of(component, card)]


def content_sid(components: Iterable[Mapping[str, Any]]) -> str:
    """Return Twilio's sid of a template; "" for one of Meta's."""
    return next((text(one.get("sid")) for one in components if one.get("type") == CONTENT), "")


def strange(components: Iterable[Mapping[str, Any]]) -> str:
    """Return Meta's name of a part that cannot be filled in here; "" if there is none."""
    for component in components:
        kind = text(component.get("type")).upper()
        if kind not in _COMPONENTS:
            return kind or "?"
        if kind == "HEADER" and text(component.get("format")).lower() not in _FORMATS:
            return text(component.get("format")).upper()
        for button in _buttons(component):
            known = {"URL", _OTP} | _BUTTONS.keys() | _WITHOUT
            if (found := text(button.get("type")).upper()) not in known:
                return found or "?"
        for one in cards(component):
            if found := strange(one):
                return found
    return ""


def cards(component: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    """Return the components of each card of a carousel."""
    return [[mapping(part) for part in items(mapping(card), "components")] for card in items(dict(component), "cards")]


def variables(words: str) -> tuple[str, ...]:
    """Return the names of the variables in a text, without duplicates: numbers in order, names by position."""
    names = dict.fromkeys(VARIABLE.findall(words))
    return tuple(sorted(names, key=int) if all(name.isdecimal() for name in names) else names)


def buttons(components: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the buttons of a template or card."""
    return [button for component in components for button in _buttons(component)]


def _of(component: Mapping[str, Any], card: int | None) -> Iterator[Slot]:
    match text(component.get("type")).upper():
        case "HEADER":
            yield from _header(component, card)
        case "BODY":
            yield from _texts("body", component, card)
        case "BUTTONS":
            for index, button in enumerate(_buttons(component)):
                yield from _button(button, index, card)
        case "LIMITED_TIME_OFFER":
            if mapping(component.get("limited_time_offer")).get("has_expiration"):
                yield Slot("limited_time_offer", "expiration", card=card)
        case "CAROUSEL":
            for number, one in enumerate(cards(component)):
                yield from slots(one, number)


def _header(component: Mapping[str, Any], card: int | None) -> Iterator[Slot]:
    kind = text(component.get("format")).lower()
    if kind in _FORMATS - {"", "text"}:
        yield Slot("header", kind, card=card)
    elif kind in ("", "text"):
        yield from _texts("header", component, card)


def _texts(part: str, component: Mapping[str, Any], card: int | None) -> Iterator[Slot]:
    example = mapping(component.get("example"))
    by_name = {
        text(one.get("param_name")): text(one.get("example"))
        for one in map(mapping, items(example, f"{part}_text_named_params"))
    }
    given = list(items(example, f"{part}_text"))
    in_order = list(given[0]) if given and isinstance(given[0], list) else given
    for place, name in enumerate(variables(text(component.get("text")))):
        shown = by_name.get(name) or (text(in_order[place]) if place < len(in_order) else "")
        yield Slot(part, "text", name, card=card, example=shown)


def _button(button: Mapping[str, Any], index: int, card: int | None) -> Iterator[Slot]:
    kind, label = text(button.get("type")).upper(), text(button.get("text"))
    example = next(iter(map(text, items(dict(button), "example"))), "")
    if kind == _OTP:
        yield Slot("button", "text", "1", index, card, label)
    elif kind == "URL":
        address = text(button.get("url"))
        fixed = VARIABLE.split(address)[0]
        for name in variables(address):
            yield Slot("button", "text", name, index, card, label, example.removeprefix(fixed))
    elif kind in _BUTTONS:
        what, required = _BUTTONS[kind]
        yield Slot("button", what, index=index, card=card, label=label, example=example, required=required)


def _buttons(component: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = text(component.get("type")).upper() == "BUTTONS"
    return [mapping(button) for button in items(dict(component), "buttons")] if found else []
