"""Readable subject and details of an audit entry."""

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
    """Return an entry's data: before and after first, then each named part. Empty parts are omitted."""
    parts = [f"{_value('', data['before'])} → {_value('', data['after'])}"] if {"before", "after"} <= set(data) else []
    rest = {key: value for key, value in data.items() if not (parts and key in ("before", "after"))}
    parts += [f"{_name(key)}: {_value(key, value)}" for key, value in rest.items() if value not in (None, "", [], {})]
    return " · ".join(parts)


def subject(reference: str) -> str:
    """Return the subject: "product:9" becomes "Products · 9"; a person's name is unchanged."""
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
