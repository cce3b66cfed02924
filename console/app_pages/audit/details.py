"""What an entry of the audit log was about, in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from console.decimals import written
from console.formatting import number
from console.i18n import catalogue, current, t

_AMOUNTS = ("price", "cost_usd")
_SHOWN_IDS = 10


def details(data: Mapping[str, Any]) -> str:
    """An entry's data: what it went from and to first, then each part under its name. What is empty is left out."""
    told = [f"{_value('', data['before'])} → {_value('', data['after'])}"] if {"before", "after"} <= set(data) else []
    rest = {key: value for key, value in data.items() if not (told and key in ("before", "after"))}
    told += [f"{_name(key)}: {_value(key, value)}" for key, value in rest.items() if value not in (None, "", [], {})]
    return " · ".join(told)


def subject(reference: str) -> str:
    """What was acted on: "product:9" as "Products · 9"; a person's name stays."""
    kind, colon, number_of = reference.partition(":")
    area = catalogue(current()).get(f"audit.area_{kind}")
    return f"{area} · {number_of}" if colon and area else reference


def _name(key: str) -> str:
    return catalogue(current()).get(f"audit.key_{key}", key.replace("_", " "))


def _value(key: str, value: Any) -> str:
    words = catalogue(current())
    match value:
        case None | "":
            return "—"
        case bool():
            return t("bot.yes" if value else "bot.no")
        case int() | float():
            return number(value) if isinstance(value, int) else number(value, 5, least=0)
        case list():
            more = "…" if len(value) > _SHOWN_IDS else ""
            return ", ".join(_value(key, one) for one in value[:_SHOWN_IDS]) + more
        case dict():
            return ", ".join(f"{_name(str(name))}: {_value(str(name), one)}" for name, one in value.items())
    if key in _AMOUNTS:
        try:
            return written(Decimal(str(value)))
        except InvalidOperation:
            return str(value)
    if key in ("fields", "field"):
        return words.get(f"bot.{value}", str(value))
    return words.get(f"role.{value}", str(value)) if key == "role" else str(value)
