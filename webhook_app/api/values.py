"""Types of single values in requests, with their JSON schemas."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from core.channels.content.parts import LARGEST_ID, whole
from core.platform.faults import NO_NUL

Words = Annotated[str, Field(min_length=1, max_length=500), NO_NUL]
_PROVIDER_ID = r"^[!-~]{1,256}$"
_NOT_A_MESSAGE = "must be a message's id or its provider_message_id"


def _reference(value: Any) -> str:
    """Parse a reference to a message: our id, as a number or digits, or the provider's id."""
    number = whole(value)
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= LARGEST_ID:
        return str(number)
    if isinstance(value, str) and re.fullmatch(_PROVIDER_ID.strip("^$"), value):
        return value
    raise ValueError(_NOT_A_MESSAGE)


Reference = Annotated[
    str,
    PlainValidator(_reference),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
                {"type": "string", "pattern": _PROVIDER_ID},
            ]
        }
    ),
]


def _rfc_3339(value: Any) -> Any:
    """Accept only RFC 3339: pydantic also takes seconds since 1970 and dates."""
    if isinstance(value, str) and re.fullmatch(_RFC_3339, value):
        return value
    raise ValueError("must be a time with its offset from UTC, such as 2030-01-31T09:00:00Z")


_RFC_3339 = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})"
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_rfc_3339),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": f"^{_RFC_3339}$"}),
]


class Documented:
    """Documents a field with another type's schema, or null; `parse_content` validates it and names the faulty part."""

    def __init__(self, shape: Any) -> None:
        self._shape = TypeAdapter(shape)

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(self._shape.core_schema))
        return {"anyOf": [schema, {"type": "null"}]}


def _handle(value: Any) -> str:
    number = whole(value)
    if isinstance(number, str | int) and not isinstance(number, bool):
        return str(number)
    raise ValueError("must be a text or a whole number")


Handle = Annotated[str, PlainValidator(_handle), WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}]})]
