"""Parameters of Twilio's Messages resource for our contents (Twilio, Message resource: Create).

Twilio accepts text, one file or a stored content template. Other contents are written as text (`content.words`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.channels.content.files import KINDS, resolved
from core.channels.content.words import map_link, words
from core.channels.twilio.files import NO_ADDRESS
from core.channels.types import InvalidMessage, Kind, Outgoing

BODY_LIMIT = 1600


def parameters(outgoing: Outgoing, kind: Kind) -> dict[str, str]:
    """Return the parameters that depend on the content. Raises `InvalidMessage`."""
    content = outgoing.content
    match content["type"]:
        case "image" | "video" | "audio" | "document" | "sticker":
            return _media(outgoing)
        case "template":
            return _template(content["template"])
        case "location" if kind is Kind.WHATSAPP:
            return _pin(content["location"])
    return {"Body": words(content)} | _header_file(outgoing)


def check(content: Mapping[str, Any]) -> None:
    """Raise `InvalidMessage` if Twilio could not carry the content."""
    kind = content["type"]
    if kind == "template":
        if "content_sid" not in content["template"]:
            raise InvalidMessage("template.content_sid", "is needed: Twilio sends templates by their content sid")
        return
    if kind in ("image", "video", "audio", "document", "sticker"):
        if "id" in content["media"]:
            raise InvalidMessage("media.id", "is a file at Meta; Twilio needs a link or an attachment")
        _at_most("media.caption", content["media"].get("caption", ""))
        return
    _at_most("text" if kind == "text" else kind, words(content))


def _media(outgoing: Outgoing) -> dict[str, str]:
    media = _content(outgoing)["media"]
    caption = media.get("caption")
    return {"MediaUrl": _link("media", media)} | ({"Body": caption} if caption else {})


def _header_file(outgoing: Outgoing) -> dict[str, str]:
    """Return the image, video or document in the header of an interactive message."""
    header = (_content(outgoing).get("interactive") or {}).get("header") or {}
    kind = header.get("type")
    return {"MediaUrl": _link(f"interactive.header.{kind}", header[kind])} if kind in KINDS else {}


def _content(outgoing: Outgoing) -> Mapping[str, Any]:
    try:
        return resolved(outgoing.content, outgoing.files)
    except KeyError as error:
        raise InvalidMessage("attachment_id", f"{error} is a file that is not here any more") from error


def _link(field: str, media: Mapping[str, Any]) -> str:
    if not media.get("link"):
        raise InvalidMessage(field, NO_ADDRESS)
    return str(media["link"])


def _template(template: Mapping[str, Any]) -> dict[str, str]:
    if "content_sid" not in template:
        raise InvalidMessage("template.content_sid", "is needed: Twilio sends templates by their content sid")
    found = {"ContentSid": template["content_sid"]}
    if template.get("variables"):
        found["ContentVariables"] = json.dumps(template["variables"], ensure_ascii=False)
    return found


def _pin(place: Mapping[str, Any]) -> dict[str, str]:
    label = place.get("name") or place.get("address") or ""
    action = f"geo:{place['latitude']},{place['longitude']}" + (f"|{label}" if label else "")
    return {"Body": label or map_link(place), "PersistentAction": action}


def _at_most(field: str, text: str) -> None:
    if len(text) > BODY_LIMIT:
        raise InvalidMessage(field, f"has {len(text)} characters; at most {BODY_LIMIT} are allowed")
