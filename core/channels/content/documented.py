"""JSON Schema, as `json_schema_extra`, of rules between the members of an object; validators check them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import Field


def other_than(known: Collection[str]) -> Any:
    """Document that a kind is none of those with models of their own."""
    schema: dict[str, Any] = {"not": {"enum": sorted(known)}}
    return Field(json_schema_extra=schema)


def any_of(*cases: Mapping[str, Any]) -> dict[str, Any]:
    """Document, as `json_schema_extra`, that an object fits one of these cases."""
    return {"allOf": [{"anyOf": list(cases)}]}


def given(name: str, kind: str, *without: str) -> dict[str, Any]:
    """Return the case that a member of a JSON type is given, without others; null counts as left out."""
    return {
        "required": [name],
        "properties": {name: {"type": kind}} | {other: {"type": "null"} for other in without},
    }
