"""Outgoing content, as the REST API takes it and as messages keep it: one model per type, told apart by `type`.

    {"type": "text", "text": "Hola", "preview_url": true}
    {"type": "image", "media": {"attachment_id": 7, "caption": "…"}}      (video, audio, document, sticker alike)
    {"type": "audio", "media": {"attachment_id": 8, "voice": true}}      (a voice note: OGG with Opus)
    {"type": "location", "location": {"latitude": -34.6, "longitude": -58.4, "name": "…"}}
    {"type": "contacts", "contacts": [{"name": {"formatted_name": "…"}, "phones": [{"phone": "…"}]}]}
    {"type": "reaction", "reaction": {"message_id": "wamid.…", "emoji": "👍"}}      (emoji "" removes it)
    {"type": "template", "template": {"name": "…", "language": "es", "components": […]}}
    {"type": "template", "template": {"content_sid": "HX…", "variables": {"1": "…"}}}      (Twilio)
    {"type": "interactive", "interactive": {"type": "button", "body": {"text": "…"}, "action": {…}}}

The insides of template and interactive keep Meta's own shape (Cloud API reference, Messages). A provider's limits
are not checked here but by its channel's `check`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails

from core.channels.content.interactive import Interactive
from core.channels.content.parts import Attachment, ContactCards, Flag, Part, Place, Text, Words
from core.channels.content.template import Template
from core.channels.text_splitter import split_text
from core.channels.types import InvalidMessage
from core.platform import faults

__all__ = ["Content", "parse_content", "preview", "split_text"]

_MAX_DEPTH = 32  # levels of nesting; Meta's deepest message has about ten
_LARGEST = 65_536  # characters of a template or an interactive message as JSON, whose content may be unknown


class TextContent(Part):
    type: Literal["text"]
    text: Words
    preview_url: Flag = False


class MediaContent(Part):
    type: Literal["image", "video", "audio", "document", "sticker"]
    media: Attachment

    @model_validator(mode="after")
    def _only_sound_is_voice(self) -> Self:
        if self.media.voice and self.type != "audio":
            raise ValueError("voice is for type audio only")
        return self


class LocationContent(Part):
    type: Literal["location"]
    location: Place


class ContactsContent(Part):
    type: Literal["contacts"]
    contacts: ContactCards


class Reaction(Part):
    message_id: Words
    emoji: Text = ""


class ReactionContent(Part):
    type: Literal["reaction"]
    reaction: Reaction


class TemplateContent(Part):
    type: Literal["template"]
    template: Template


class InteractiveContent(Part):
    type: Literal["interactive"]
    interactive: Interactive


Content = (
    TextContent
    | MediaContent
    | LocationContent
    | ContactsContent
    | ReactionContent
    | TemplateContent
    | InteractiveContent
)

_adapter: TypeAdapter[Content] = TypeAdapter(Annotated[Content, Field(discriminator="type")])
_TYPE_KEYS = ("template", "interactive", "location", "contacts", "reaction", "text")


def parse_content(data: object) -> Content:
    """Validate a content document. Raises `InvalidMessage` whose `field` is the path of the first error.

    Without `type`, a key that belongs to only one type selects it.
    """
    if not isinstance(data, Mapping):
        raise InvalidMessage("content", "must be an object")
    _check_storable(data, "", 0)
    for part in ("template", "interactive"):
        if part in data and len(json.dumps(data[part], ensure_ascii=False)) > _LARGEST:
            raise InvalidMessage(part, f"has more than {_LARGEST:,} characters as JSON")
    document = dict(data)
    if "type" not in document:
        type_key = next((key for key in _TYPE_KEYS if key in document), None)
        if type_key is None:
            raise InvalidMessage("type", "is missing")
        document["type"] = type_key
    try:
        return _adapter.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise InvalidMessage(_path(document, first), faults.reason(first)) from error


def preview(content: Mapping[str, Any]) -> str:
    """Return the text of a stored content for a list of conversations; "" where there is none and the type is shown."""
    match content:
        case {"text": str(text)}:
            return text
        case {"media": {"caption": str(words)}} | {"media": {"filename": str(words)}}:
            return words
        case {"location": {"name": str(words)}} | {"location": {"address": str(words)}}:
            return words
        case {"location": {"latitude": latitude, "longitude": longitude}}:
            return f"{latitude}, {longitude}"
        case {"contacts": [*cards]}:
            return ", ".join(card["name"]["formatted_name"] for card in cards)
        case {"reaction": {"emoji": str(emoji)}}:
            return emoji
        case {"template": {"name": str(words)}} | {"template": {"content_sid": str(words)}}:
            return words
        case {"interactive": {"body": {"text": str(words)}}}:
            return words
    return ""


def _path(document: Any, error: ErrorDetails) -> str:
    """Return the path of an error, without the steps that name a discriminator's choice and no key of the document."""
    path = []
    node, chosen = document, False
    for step in error["loc"]:
        if isinstance(node, dict) and not chosen and node.get("type") == step:
            chosen = True
        elif step in node if isinstance(node, dict) else isinstance(node, list) and isinstance(step, int):
            node, chosen = node[step], False
            path.append(str(step))
    if error["type"] == "missing":
        path.append(str(error["loc"][-1]))
    return ".".join(path) or "type"


def _check_storable(value: object, path: str, depth: int) -> None:
    """Refuse what the database cannot store (NUL, lone surrogates, NaN), also inside objects that are passed on."""
    where = path or "content"
    if depth > _MAX_DEPTH:
        raise InvalidMessage(where, "is nested too deeply")
    if isinstance(value, str):
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
            raise InvalidMessage(where, "has the character U+0000 or half a character in it: leave it out")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidMessage(where, "must be a finite number")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _check_storable(key, where, depth + 1)
            _check_storable(item, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check_storable(item, f"{path}.{index}" if path else str(index), depth + 1)
