"""Check a template message against Meta's stored template, so that it is refused before it is queued."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.channels.json_values import mapping, text
from core.channels.templates.slots import Slot, buttons, cards, slots, strange
from core.channels.templates.template import Template, render
from core.channels.types import InvalidMessage

BODY = 1024
HEADER = 60
CODE = 15  # characters of a one-time password (Authentication templates)

_PARAMETER_OF = {"expiration": "limited_time_offer"} | dict.fromkeys(
    ("flow", "catalog", "mpm", "order_details"), "action"
)
_VARIABLES = ("text", "currency", "date_time")
_SUB_TYPES = {"OTP": ("url", "copy_code", "otp")}

_REASONS = {
    "unknown": "there is no template {name} in this WhatsApp account",
    "language": "the template {name} does not exist in {language}; it does in {known}",
    "status": "the template {name} ({language}) cannot be sent now: its status is {status}",
    "recipient": "a one-time password needs the customer's telephone number; this customer is known by user id only",
    "missing": "is missing: the {part} of this template has to be filled",
    "count": "has {given} values; the {part} of this template takes {wanted}",
    "named": "the variable {variable} of the {part} needs a parameter with its parameter_name",
    "stranger": "{variable} is no variable of the {part}",
    "kind": "is {given}; the {part} of this template takes {wanted}",
    "surplus": "the template has nothing to fill in its {part}",
    "twice": "the {part} is given twice",
    "no_button": "the template has no such button ({part})",
    "cards": "has {given} cards; this template takes {wanted}",
    "too_long": "the {part} has {given} characters with its variables; at most {wanted} are allowed",
    "over": "the offer ends in the past",
}


class TemplateFault(InvalidMessage):
    """A template that cannot be sent like this. `code` and `params` allow a translated message.

    `params["part"]` is header, body, limited_time_offer, carousel, or button or card with its number.
    """

    def __init__(self, code: str, field: str, **params: object) -> None:
        super().__init__(field, _REASONS[code].format(**params))
        self.code = code
        self.params = params


def check(template: Template, asked: Mapping[str, Any], now: datetime) -> None:
    """Raise `TemplateFault` for the first thing that Meta would refuse. Unknown parts pass."""
    given = asked.get("components", [])
    _check_parts(template.components, given, "template.components", None, now)
    shown = render(template, given)
    _check_length("body", shown.body, BODY)
    _check_length("header", shown.header, HEADER)
    if template.category == "AUTHENTICATION":
        for code in (one for part in given for one in _texts(part)):
            _check_length("body", code, CODE)


def _texts(component: Mapping[str, Any]) -> list[str]:
    return [text(one.get("text")) for one in component.get("parameters", []) if one.get("type") == "text"]


def _check_length(part: str, words: str, most: int) -> None:
    if len(words) > most:
        raise TemplateFault("too_long", "template.components", part=part, given=len(words), wanted=most)


def _check_parts(
    defined: Sequence[Mapping[str, Any]],
    given: Sequence[Mapping[str, Any]],
    path: str,
    card: int | None,
    now: datetime,
) -> None:
    """Check components: `defined` and `given` are those of the template, or of one card."""
    open_slots = [slot for slot in slots(defined, card) if slot.card == card]
    kinds = {text(component.get("type")).upper(): component for component in defined}
    seen: set[tuple[str, int | None]] = set()
    for number, component in enumerate(given):
        where, kind = f"{path}.{number}", component["type"]
        index = _index(component, defined, where) if kind == "button" else None
        part = _named(kind, index, card)
        if (kind, index) in seen:
            raise TemplateFault("twice", where, part=part)
        seen.add((kind, index))
        if kind == "carousel":
            _check_cards(kinds.get("CAROUSEL"), component, where, now)
        elif kind in ("header", "body", "button", "limited_time_offer"):
            wanted = [slot for slot in open_slots if slot.place == (kind, index)]
            if not wanted and _is_unknown(kinds, kind, index):
                continue
            _check_part(wanted, component.get("parameters", []), where, part, now)
    for slot in open_slots:
        if slot.required and slot.place not in seen:
            raise TemplateFault("missing", path, part=_named(slot.part, slot.index, card))
    if card is None and "CAROUSEL" in kinds and ("carousel", None) not in seen and slots(defined) != open_slots:
        raise TemplateFault("missing", path, part="carousel")


def _is_unknown(kinds: Mapping[str, Mapping[str, Any]], kind: str, index: int | None) -> bool:
    """Return whether the template has a part of an unknown kind there, whose values pass unchecked."""
    if kind != "button":
        return bool(strange([kinds[kind.upper()]])) if kind.upper() in kinds else False
    button = buttons(kinds.values())[index or 0]
    return bool(strange([{"type": "BUTTONS", "buttons": [button]}]))


def _named(kind: str, index: int | None, card: int | None) -> str:
    part = kind if index is None else f"{kind} {index + 1}"
    return part if card is None else f"card {card + 1} {part}"


def _index(component: Mapping[str, Any], defined: Iterable[Mapping[str, Any]], where: str) -> int:
    """Return the index of the button that a component fills."""
    known, sub_type = buttons(defined), component["sub_type"].lower()
    index = component.get("index")
    if index is None:
        fit = [number for number, button in enumerate(known) if sub_type in _sub_types(button)]
        index = fit[0] if fit else 0
    if index >= len(known):
        raise TemplateFault("no_button", f"{where}.index", part=f"button {index + 1}")
    if sub_type not in _sub_types(known[index]):
        wanted = _sub_types(known[index])[0]
        raise TemplateFault("kind", f"{where}.sub_type", part=f"button {index + 1}", given=sub_type, wanted=wanted)
    return int(index)


def _sub_types(button: Mapping[str, Any]) -> tuple[str, ...]:
    kind = text(button.get("type")).upper()
    one_time = kind == "URL" and (button.get("otp_type") or "otp_type=" in text(button.get("url")))
    return _SUB_TYPES["OTP"] if one_time or kind == "OTP" else (kind.lower(),)


def _check_cards(carousel: Mapping[str, Any] | None, component: Mapping[str, Any], where: str, now: datetime) -> None:
    if carousel is None:
        raise TemplateFault("surplus", where, part="carousel")
    known, given = cards(carousel), component["cards"]
    products = bool(known) and all(slot.kind == "product" for slot in slots(known[0]) if slot.part == "header")
    most = 10 if products else len(known)
    if not 2 <= len(given) <= most if products else len(given) != most:
        wanted = f"2 to {most}" if products else most
        raise TemplateFault("cards", f"{where}.cards", part="carousel", given=len(given), wanted=wanted)
    if sorted(card["card_index"] for card in given) != list(range(len(given))):
        raise TemplateFault("twice", f"{where}.cards", part="carousel")
    for place, card in enumerate(given):
        number = card["card_index"]
        defined = known[number] if number < len(known) else known[0]
        _check_parts(defined, card["components"], f"{where}.cards.{place}.components", number, now)


def _check_part(
    wanted: Sequence[Slot], parameters: Sequence[Mapping[str, Any]], where: str, part: str, now: datetime
) -> None:
    if not wanted:
        if parameters:
            raise TemplateFault("surplus", where, part=part)
        return
    if not parameters and not any(slot.required for slot in wanted):
        return
    names = [slot.name for slot in wanted]
    if wanted[0].kind == "text" and not all(name.isdecimal() for name in names):
        _check_names(names, parameters, where, part)
    elif len(parameters) != len(wanted) and wanted[0].kind != "ttl_minutes":
        raise TemplateFault("count", f"{where}.parameters", part=part, given=len(parameters), wanted=len(wanted))
    kind = _PARAMETER_OF.get(wanted[0].kind, wanted[0].kind)
    fit = {"text": _VARIABLES, "payload": ("payload", "text"), "ttl_minutes": ("ttl_minutes", "payload")}
    for number, parameter in enumerate(parameters):
        one_time = kind == "text" and wanted[0].part == "button" and parameter["type"] == "coupon_code"
        if parameter["type"] not in fit.get(kind, (kind,)) and not one_time:
            raise TemplateFault("kind", f"{where}.parameters.{number}", part=part, given=parameter["type"], wanted=kind)
        ends = mapping(parameter.get("limited_time_offer")).get("expiration_time_ms")
        if isinstance(ends, int) and ends <= now.timestamp() * 1000:
            raise TemplateFault("over", f"{where}.parameters.{number}", part=part)


def _check_names(names: Sequence[str], parameters: Sequence[Mapping[str, Any]], where: str, part: str) -> None:
    given = [text(parameter.get("parameter_name")) for parameter in parameters]
    for number, name in enumerate(given):
        if name and name not in names:
            raise TemplateFault("stranger", f"{where}.parameters.{number}.parameter_name", part=part, variable=name)
    for name in names:
        if name not in given:
            raise TemplateFault("named", f"{where}.parameters", part=part, variable=name)
    if len(given) != len(names):
        raise TemplateFault("count", f"{where}.parameters", part=part, given=len(given), wanted=len(names))
