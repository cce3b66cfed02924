"""Read values of unknown types out of a provider's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def text(value: Any) -> str:
    """Return a string or number as text, "" for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def mapping(value: Any) -> dict[str, Any]:
    """Return the value if it is an object, else {}."""
    return value if isinstance(value, dict) else {}


def items(owner: dict[str, Any], key: str) -> Iterator[Any]:
    """Return the members of a list; nothing if absent; a single value as a list of one, so that it is not lost."""
    found = owner.get(key)
    if isinstance(found, list):
        yield from found
    elif found is not None:
        yield found
