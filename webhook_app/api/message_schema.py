"""What the schema of a message says beyond the types of its members: which of them go together."""

from __future__ import annotations

from typing import Any

from core.channels.content.documented import any_of, given
from core.channels.kinds import rules
from core.channels.types import Kind

_CONTENT = ("text", "preview_url", "media", "location", "contacts", "reaction", "template", "interactive")
_OTHER_FILES = ["image", "video", "document", "sticker"]
_SILENT: dict[str, Any] = {"type": "object", "properties": {"voice": {"enum": [False, None]}}}


def _content(name: str, kind: str, *beside: str) -> dict[str, Any]:
    """Return the case of a content whose type may be left out."""
    case = given(name, kind, *(other for other in _CONTENT if other not in (name, *beside)))
    return case | {"properties": case["properties"] | {"type": {"enum": [name, None]}}}


def _file(kinds: list[str], media: dict[str, Any]) -> dict[str, Any]:
    case = given("media", "object", *(other for other in _CONTENT if other != "media"))
    return {
        "required": ["type", "media"],
        "properties": case["properties"] | {"type": {"enum": kinds}, "media": media},
    }


def _recipient(kind: Kind) -> dict[str, Any]:
    to = {"type": "string", "pattern": rules(kind).address_form}
    return {"required": ["channel", "to"], "properties": {"channel": {"const": kind}, "to": to}}


_RECIPIENTS = any_of(given("conversation_id", "integer", "to"), *map(_recipient, Kind))
_CONTENTS = any_of(
    _content("text", "string", "preview_url"),
    _file(["audio"], {"type": "object"}),
    _file(_OTHER_FILES, _SILENT),
    _content("location", "object"),
    _content("contacts", "array"),
    _content("reaction", "object"),
    _content("template", "object"),
    _content("interactive", "object"),
)
WHOLE_MESSAGE: dict[str, Any] = {"allOf": [*_RECIPIENTS["allOf"], *_CONTENTS["allOf"]]}
