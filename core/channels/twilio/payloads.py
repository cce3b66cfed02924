"""Parameters of Twilio's Messages resource for our contents (Twilio, Message resource: Create).

Twilio accepts text, one file or a stored content template. Other contents are written as text: buttons and list rows as
numbered lines that the customer answers in words, contacts as lines, a location (in SMS) as a map link.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from core.channels.content.files import KINDS, resolved
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


def words(content: Mapping[str, Any]) -> str:
    """Return a content without file or template as text. Raises `InvalidMessage` if it has no text form."""
    match content:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "location", "location": place}:
            lines = [place.get("name"), place.get("address"), _map_link(place)]
            return "\n".join(filter(None, lines))
        case {"type": "contacts", "contacts": cards}:
            return "\n\n".join("\n".join(_card_lines(card)) for card in cards)
        case {"type": "interactive", "interactive": message}:
            return "\n\n".join(filter(None, _interactive_blocks(message)))
    raise InvalidMessage("type", f"{content.get('type')} cannot be sent by Twilio")


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
    return {"Body": label or _map_link(place), "PersistentAction": action}


def _map_link(place: Mapping[str, Any]) -> str:
    return f"https://maps.google.com/?q={place['latitude']},{place['longitude']}"


def _card_lines(card: Mapping[str, Any]) -> Iterator[str]:
    yield card["name"]["formatted_name"]
    yield from (phone["phone"] for phone in card.get("phones", []))
    yield from (email["email"] for email in card.get("emails", []))


def _interactive_blocks(message: Mapping[str, Any]) -> Iterator[str]:
    if "text" in (message.get("header") or {}):
        yield message["header"]["text"]
    body = message.get("body")
    if not isinstance(body, Mapping) or not isinstance(body.get("text"), str):
        raise InvalidMessage("interactive.body.text", "is needed to send this by Twilio")
    yield body["text"]
    action = message.get("action") or {}
    match message["type"]:
        case "button":
            titles = [button["reply"]["title"] for button in action["buttons"]]
            yield "\n".join(f"{number}. {title}" for number, title in enumerate(titles, start=1))
        case "list":
            yield "\n".join(_rows(action["sections"]))
        case "cta_url":
            link = action["parameters"]
            yield f"{link['display_text']}: {link['url']}"
        case other:
            raise InvalidMessage("interactive.type", f"{other} cannot be sent by Twilio")
    yield (message.get("footer") or {}).get("text", "")


def _rows(sections: list[Mapping[str, Any]]) -> Iterator[str]:
    number = 0
    for section in sections:
        if section.get("title"):
            yield section["title"]
        for row in section["rows"]:
            number += 1
            described = f" – {row['description']}" if row.get("description") else ""
            yield f"{number}. {row['title']}{described}"


def _at_most(field: str, text: str) -> None:
    if len(text) > BODY_LIMIT:
        raise InvalidMessage(field, f"has {len(text)} characters; at most {BODY_LIMIT} are allowed")
