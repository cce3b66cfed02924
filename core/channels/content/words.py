"""Contents without a file as text, for providers that carry text.

Buttons and list rows are numbered lines that the customer answers in words, contacts are lines, a location is a link.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.channels.types import InvalidMessage


def words(content: Mapping[str, Any]) -> str:
    """Return a content without file or template as text. Raises `InvalidMessage` if it has no text form."""
    match content:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "location", "location": place}:
            lines = [place.get("name"), place.get("address"), map_link(place)]
            return "\n".join(filter(None, lines))
        case {"type": "contacts", "contacts": cards}:
            return "\n\n".join("\n".join(_card_lines(card)) for card in cards)
        case {"type": "interactive", "interactive": message}:
            return "\n\n".join(filter(None, _interactive_blocks(message)))
    raise InvalidMessage("type", f"{content.get('type')} cannot be sent as text")


def map_link(place: Mapping[str, Any]) -> str:
    """Return a link to a map of a location."""
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
        raise InvalidMessage("interactive.body.text", "is needed to send this as text")
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
            raise InvalidMessage("interactive.type", f"{other} cannot be sent as text")
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
