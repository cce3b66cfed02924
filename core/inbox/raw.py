"""Raw bodies as people may read them: laid out, secrets masked, and hexadecimal where bytes are no text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

MASK = "••••••"
_SECRET = re.compile(
    r"token|secret|passw|authori[sz]ation|signature|api[_-]?key|access[_-]?key|credential|\bpin\b", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_MOST_CHARACTERS = 60_000
_HEX_ROW = 16


@dataclass(frozen=True, slots=True)
class Legible:
    """A body as text. `cut` when its end is left out."""

    form: Literal["json", "text", "hex"]
    text: str
    cut: bool = False


def legible(body: bytes, content_type: str = "") -> Legible:
    """Lay out a body: JSON and forms as JSON, other text as it is, everything else in hexadecimal."""
    try:
        words = body.decode("utf-8")
    except UnicodeDecodeError:
        return _hexadecimal(body)
    if "form-urlencoded" in content_type:
        return _laid_out(_fields(words))
    try:
        return _laid_out(json.loads(words))
    except (ValueError, RecursionError):
        return _shortened("text", _CONTROL.sub("�", words))


def legible_item(item: object) -> Legible:
    """The raw part of a dead letter, which is JSON or the description of what had been understood."""
    return _shortened("text", _CONTROL.sub("�", item)) if isinstance(item, str) else _laid_out(item)


def legible_query(query: str) -> str:
    """A query string with its secrets masked."""
    return "&".join(f"{name}={value}" for name, value in masked(_fields(query)).items())


def masked(value: Any) -> Any:
    """JSON with the values of names that sound secret replaced."""
    if isinstance(value, dict):
        return {name: MASK if _SECRET.search(str(name)) else masked(one) for name, one in value.items()}
    if isinstance(value, list):
        return [masked(one) for one in value]
    return value


def _fields(words: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in parse_qsl(words, keep_blank_values=True):
        found[name] = value if name not in found else f"{found[name]}, {value}"
    return found


def _laid_out(value: Any) -> Legible:
    try:
        return _shortened("json", _CONTROL.sub("�", json.dumps(masked(value), indent=2, ensure_ascii=False)))
    except RecursionError:
        return Legible("text", "…", cut=True)


def _hexadecimal(body: bytes) -> Legible:
    shown = body[: _MOST_CHARACTERS // 4]
    rows = (f"{at:06x}  {shown[at : at + _HEX_ROW].hex(' ')}" for at in range(0, len(shown), _HEX_ROW))
    return Legible("hex", "\n".join(rows), cut=len(shown) < len(body))


def _shortened(form: Literal["json", "text"], text: str) -> Legible:
    return Legible(form, text[:_MOST_CHARACTERS], cut=len(text) > _MOST_CHARACTERS)
