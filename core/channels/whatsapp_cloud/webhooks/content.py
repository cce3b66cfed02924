"""Parse a message's content by its type (Cloud API, Webhooks reference, messages)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.channels.content import plain_text
from core.channels.json_values import items, mapping, text
from core.channels.types import MediaRef
from core.channels.whatsapp_cloud.webhooks.fields import identifier

_HEX = re.compile(r"[0-9a-fA-F]{64}")
_EDITS_WITHIN = 1  # an edit holds the new message, which is not an edit itself


@dataclass(slots=True)
class Body:
    """The part of a message that depends on its type. `spoken`: the customer chose this text, so it can opt out."""

    type: str
    text: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    media: tuple[MediaRef, ...] = ()
    target: Any = None
    spoken: bool = False


def read_body(item: dict[str, Any], depth: int = 0) -> Body:
    """Parse the part named by `type`. An unknown type, or one whose part is missing, is stored whole."""
    kind = _kind_of(item)
    part = item.get(kind)
    if kind == "text" and (words := _words(part)) is not None:
        return Body(kind, words, spoken=True)
    if kind == "contacts" and isinstance(part, list | dict):
        return _contacts(part)
    if kind == "edit" and depth < _EDITS_WITHIN and isinstance(part, dict) and (edited := _edit(part, depth)):
        return edited
    reader = _READERS.get(kind)
    if reader is not None and isinstance(part, dict):
        return reader(kind, part)
    if kind in ("unsupported", "request_welcome"):
        return Body(kind, "", {kind: part} if part else {})
    # Meta reports a message it could not pass on as of its own type, without that part, or as unsupported.
    if reader is not None and item.get("errors"):
        return Body("unsupported", "", {"unsupported": {"type": kind}})
    return Body("unknown", "", {"raw": item})


def _kind_of(item: dict[str, Any]) -> str:
    """Return the type of a message.

    A missing type, or a new one without a part of its own, is inferred from its only part.
    """
    named = text(item.get("type"))
    parts = ("text", "contacts", "edit", *_READERS)
    if named in parts or (named and item.get(named)):
        return named
    there = [kind for kind in parts if item.get(kind)]
    return there[0] if len(there) == 1 else named


def _words(part: Any) -> str | None:
    """Return the text of a text part, None where it has none."""
    body = part.get("body") if isinstance(part, dict) else part
    return text(body) if isinstance(body, str | int) else None


def _media(kind: str, part: dict[str, Any]) -> Body:
    reference = MediaRef(
        provider_media_id=identifier(part.get("id")),
        url=text(part.get("url")) or None,
        mime_type=text(part.get("mime_type")) or None,
        sha256=hex_digest(text(part.get("sha256"))),
        filename=text(part.get("filename")) or None,
    )
    if kind == "voice":
        kind, part = "audio", {**part, "voice": True}
    caption = text(part.get("caption"))
    media = (reference,) if reference.provider_media_id or reference.url else ()
    return Body(kind, caption or plain_text.as_text(kind, part), part, media, spoken=bool(caption))


def hex_digest(value: str) -> str | None:
    """Return a SHA-256 as lower-case hex, from hex or base64 (Meta uses both); None if it is neither."""
    if _HEX.fullmatch(value):
        return value.lower()
    try:
        raw = base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw.hex() if len(raw) == 32 else None


def _location(kind: str, part: dict[str, Any]) -> Body:
    return Body(kind, plain_text.as_text(kind, part), part)


def _contacts(part: list[Any] | dict[str, Any]) -> Body:
    cards = part if isinstance(part, list) else [part]
    return Body("contacts", plain_text.as_text("contacts", {"contacts": cards}), {"contacts": cards})


def _interactive(kind: str, part: dict[str, Any]) -> Body:
    form = mapping(part.get("nfm_reply"))
    if form:
        given = plain_text.form_answers(part)
        payload = {**part, "response": None if isinstance(given, str) else given}
        return Body(kind, plain_text.as_text(kind, payload) or text(form.get("body")), payload)
    chosen = next(
        (mapping(part.get(name)) for name in ("button_reply", "list_reply", text(part.get("type"))) if part.get(name)),
        {},
    )
    title = text(chosen.get("title"))
    words = title or text(chosen.get("description")) or text(chosen.get("id"))
    if not words:
        words = plain_text.as_text(kind, part) or plain_text.as_text(kind, {"response": chosen})
    return Body(kind, words, part, spoken=bool(title))


def _button(kind: str, part: dict[str, Any]) -> Body:
    return Body(kind, text(part.get("text")) or text(part.get("payload")), part, spoken=True)


_LONGEST_EMOJI = 24  # characters: a family of four with their skin tones takes eleven


def _reaction(kind: str, part: dict[str, Any]) -> Body:
    """Parse a reaction; an empty or missing emoji removes it."""
    emoji = text(part.get("emoji"))[:_LONGEST_EMOJI]
    about = text(part.get("message_id"))
    return Body(kind, emoji, {**part, "emoji": emoji, "message_id": about}, target=about)


def _order(kind: str, part: dict[str, Any]) -> Body:
    ordered = {**part, "product_items": list(items(part, "product_items"))}
    return Body(kind, plain_text.as_text(kind, ordered), ordered)


def _system(kind: str, part: dict[str, Any]) -> Body:
    return Body(kind, text(part.get("body")), part)


def _revoke(kind: str, part: dict[str, Any]) -> Body:
    about = text(part.get("original_message_id"))
    return Body(kind, "", {**part, "original_message_id": about}, target=about)


def _edit(part: dict[str, Any], depth: int) -> Body | None:
    """Parse an edit: the new text is the message's text; the payload has its current type.

    None if the new message cannot be read: it must not replace one that could.
    """
    new = read_body(mapping(part.get("message")), depth + 1)
    if new.type in ("unknown", "unsupported"):
        return None
    original = identifier(part.get("original_message_id"))
    payload = {"message": {**new.payload, "type": new.type}, "original_message_id": original}
    return Body("edit", new.text, payload, new.media, original)


_READERS: dict[str, Callable[[str, dict[str, Any]], Body]] = {
    "image": _media,
    "video": _media,
    "audio": _media,
    "voice": _media,
    "document": _media,
    "sticker": _media,
    "location": _location,
    "interactive": _interactive,
    "button": _button,
    "reaction": _reaction,
    "order": _order,
    "system": _system,
    "revoke": _revoke,
}
