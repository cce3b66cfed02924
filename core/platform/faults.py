"""Plain error messages for invalid values, which continue the name of their field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, core_schema

_OBJECT = "must be a JSON object"
_TIME = "must be a time with its offset from UTC, such as 2030-01-31T09:00:00Z"
_DAY = "must be a day, such as 2030-01-31"
_WHOLE = "must be a whole number"
_NUMBER = "must be a number"
_FLAG = "must be true or false"
_TEXT = "must be a text"
_LIST = "must be a list"
_OWN = "value_error"  # pydantic's type of a ValueError raised by our validators, whose message is kept

_PLAIN: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not known here: leave it out",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "string_type": _TEXT,
    "string_unicode": "has half a character in it: send whole Unicode characters",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": "has too many digits",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "timezone_aware": _TIME,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "union_tag_not_found": "needs a type",
    "none_required": "must be null",
}
_WITH_CONTEXT: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "literal_error": lambda context: f"must be {_choice(context['expected'])}",
    "enum": lambda context: f"must be {_choice(context['expected'])}",
    "union_tag_invalid": lambda context: f"has an unknown type: it must be {_choice(context['expected_tags'])}",
    "greater_than_equal": lambda context: f"must be {context['ge']} or more",
    "greater_than": lambda context: f"must be more than {context['gt']}",
    "less_than_equal": lambda context: f"must be {context['le']} or less",
    "less_than": lambda context: f"must be less than {context['lt']}",
    "string_too_short": lambda context: _least(context["min_length"], "characters"),
    "string_too_long": lambda context: f"has more than {context['max_length']} characters: shorten it",
    "too_short": lambda context: _least(context["min_length"], "entries"),
    "too_long": lambda context: f"has more than {context['max_length']} entries: send fewer",
    "decimal_max_digits": lambda context: f"has more than {context['max_digits']} digits",
    "decimal_max_places": lambda context: f"has more than {context['decimal_places']} decimal places",
    "string_pattern_mismatch": lambda context: f"must fit the pattern {context['pattern']}",
}


def reason(fault: ErrorDetails) -> str:
    """Return what is wrong and what is required, as it continues "FIELD: "; never pydantic's message."""
    kind = fault["type"]
    if kind == _OWN:
        return fault["msg"].removeprefix("Value error, ")
    if (words := _WITH_CONTEXT.get(kind)) is not None:
        return words(fault.get("ctx") or {})
    return _PLAIN.get(kind, "is not what it must be: see its description")


@dataclass(frozen=True, slots=True)
class Form:
    """Required form of a string: a pattern ending with $ for the schema, and the error message."""

    pattern: str
    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"pattern": self.pattern}

    def _checked(self, value: str) -> str:
        whole = self.pattern.removesuffix("$") + r"\Z"  # Python's $ also matches before a final line break
        if re.search(whole, value):
            return value
        raise ValueError(self.words)


NO_NUL = Form(r"^[^\x00]*$", "has the character U+0000 in it: leave it out")


def _choice(expected: str) -> str:
    return "one of " + expected.replace("'", "").replace(" or ", ", ")


def _least(number: int, what: str) -> str:
    return "must not be empty" if number == 1 else f"needs {number} {what} or more"
