"""Meta's limits for what we send (Cloud API reference, Messages), in Unicode code points."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from core.channels.types import InvalidMessage

TEXT = 4096
CAPTION = 1024
FILENAME = 240
LOCATION_NAME = 1000
BODY = 1024
LIST_BODY = 4096
HEADER = 60
FOOTER = 60
BUTTONS = 3
BUTTON_TITLE = 20
BUTTON_ID = 256
SECTIONS = 10
SECTION_TITLE = 24
ROWS = 10
ROW_TITLE = 24
ROW_DESCRIPTION = 72
ROW_ID = 200
FLOW_BUTTON = 30
CARDS = (2, 10)
CARD_BODY = 160
PRODUCTS = 30
CONTACTS = 257

_WITHOUT_CAPTION = ("audio", "sticker")


def check(kind: str, content: Mapping[str, Any]) -> None:
    """Raise `InvalidMessage` for the first limit that a validated content breaks."""
    if kind == "text":
        _at_most("text", content["text"], TEXT)
    elif kind in ("image", "video", "audio", "document", "sticker"):
        _check_media(kind, content["media"])
    elif kind == "location":
        _at_most("location.name", content["location"].get("name"), LOCATION_NAME)
        _at_most("location.address", content["location"].get("address"), LOCATION_NAME)
    elif kind == "template":
        if "content_sid" in content["template"]:
            raise InvalidMessage("template.content_sid", "is a template of Twilio's; WhatsApp Cloud needs a name")
    elif kind == "interactive":
        _check_interactive(content["interactive"])
    elif kind == "contacts":
        _no_more_than("contacts", content["contacts"], CONTACTS)
    elif kind == "reaction":
        if not _is_emoji(content["reaction"].get("emoji", "")):
            raise InvalidMessage("reaction.emoji", 'must be one emoji, or "" to take the reaction back')
    else:
        raise InvalidMessage("type", f"{kind} cannot be sent by WhatsApp")


def _check_media(kind: str, media: Mapping[str, Any]) -> None:
    if kind in _WITHOUT_CAPTION and media.get("caption"):
        raise InvalidMessage("media.caption", f"is not possible for {kind}")
    _at_most("media.caption", media.get("caption"), CAPTION)
    _at_most("media.filename", media.get("filename"), FILENAME)


# An emoji with its modifiers (Unicode, UTS #51, emoji sequence): style, skin, tags, and joined ones; or a flag,
# or a key.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
    "[\ufe0f\U0001f3fb-\U0001f3ff]{0,2}[\U000e0020-\U000e007f]*"
)
_EMOJI = re.compile(rf"{_PICTURE}(?:\u200d{_PICTURE})*|[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3")


def _is_emoji(words: str) -> bool:
    return not words or _EMOJI.fullmatch(words) is not None


# Kinds that Meta sends without our text (Interactive object).
_WITHOUT_BODY = frozenset(("product", "call_permission_request"))


def _check_interactive(message: Mapping[str, Any]) -> None:
    """Check an interactive content. Of unknown kinds only the texts are checked."""
    kind = message["type"]
    body = _at(message, "body", "text")
    if body is None and kind not in _WITHOUT_BODY:
        raise InvalidMessage("interactive.body.text", f"is needed for {kind}")
    _words(message, LIST_BODY if kind == "list" else BODY, "body", "text")
    _words(message, HEADER, "header", "text")
    _words(message, FOOTER, "footer", "text")
    check_action = _ACTIONS.get(kind)
    if check_action is not None:
        action = message.get("action")
        if not isinstance(action, Mapping):
            raise InvalidMessage("interactive.action", f"is needed for {kind}")
        check_action(message, action)


def _check_reply_buttons(_: Mapping[str, Any], action: Mapping[str, Any]) -> None:
    _check_buttons(action["buttons"])


def _check_list(_: Mapping[str, Any], action: Mapping[str, Any]) -> None:
    _at_most("interactive.action.button", action["button"], BUTTON_TITLE)
    _check_sections(action["sections"])


def _check_link_button(message: Mapping[str, Any], _: Mapping[str, Any]) -> None:
    """Check a button that opens a URL, or calls."""
    _words(message, BUTTON_TITLE, "action", "parameters", "display_text")


def _check_flow(message: Mapping[str, Any], _: Mapping[str, Any]) -> None:
    if not _at(message, "action", "parameters", "flow_cta"):
        raise InvalidMessage("interactive.action.parameters.flow_cta", "is needed: the words on the button")
    _words(message, FLOW_BUTTON, "action", "parameters", "flow_cta")


def _check_products(message: Mapping[str, Any], action: Mapping[str, Any]) -> None:
    where = "interactive.action.sections"
    if not _at(message, "header", "text"):
        raise InvalidMessage("interactive.header.text", "is needed for product_list")
    sections = [one for one in _list(action, "sections") if isinstance(one, Mapping)]
    _no_more_than(where, sections, SECTIONS)
    items = sum(len(_list(section, "product_items")) for section in sections)
    if not 1 <= items <= PRODUCTS:
        raise InvalidMessage(where, f"has {items} products in all; 1 to {PRODUCTS} are allowed")
    for number, section in enumerate(sections):
        if len(sections) > 1 and not section.get("title"):
            raise InvalidMessage(f"{where}.{number}.title", "is needed when there are several sections")
        title = section.get("title")
        _at_most(f"{where}.{number}.title", title if isinstance(title, str) else None, SECTION_TITLE)


def _check_cards(_: Mapping[str, Any], action: Mapping[str, Any]) -> None:
    where = "interactive.action.cards"
    cards = _list(action, "cards")
    if not CARDS[0] <= len(cards) <= CARDS[1]:
        raise InvalidMessage(where, f"has {len(cards)} entries; {CARDS[0]} to {CARDS[1]} are allowed")
    for number, card in enumerate(cards):
        words = _at(card, "body", "text")
        _at_most(f"{where}.{number}.body.text", words, CARD_BODY)
        title = _at(card, "action", "parameters", "display_text")
        _at_most(f"{where}.{number}.action.parameters.display_text", title, BUTTON_TITLE)


_ACTIONS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], None]] = {
    "button": _check_reply_buttons,
    "list": _check_list,
    "cta_url": _check_link_button,
    "voice_call": _check_link_button,
    "flow": _check_flow,
    "product_list": _check_products,
    "carousel": _check_cards,
}


def _words(message: Mapping[str, Any], limit: int, *path: str) -> None:
    _at_most(".".join(("interactive", *path)), _at(message, *path), limit)


def _at(node: Any, *path: str) -> str | None:
    """Return the text at a path, None where there is none."""
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node if isinstance(node, str) else None


def _list(node: Mapping[str, Any], key: str) -> list[Any]:
    found = node.get(key)
    return found if isinstance(found, list) else []


def _check_buttons(buttons: list[Mapping[str, Any]]) -> None:
    where = "interactive.action.buttons"
    _no_more_than(where, buttons, BUTTONS)
    for index, button in enumerate(buttons):
        _at_most(f"{where}.{index}.reply.title", button["reply"]["title"], BUTTON_TITLE)
        _at_most(f"{where}.{index}.reply.id", button["reply"]["id"], BUTTON_ID)
    _distinct(f"{where}.reply.id", [button["reply"]["id"] for button in buttons])
    _distinct(f"{where}.reply.title", [button["reply"]["title"] for button in buttons])


def _check_sections(sections: list[Mapping[str, Any]]) -> None:
    where = "interactive.action.sections"
    _no_more_than(where, sections, SECTIONS)
    rows = [row for section in sections for row in section["rows"]]
    if len(rows) > ROWS:
        raise InvalidMessage(f"{where}.rows", f"has {len(rows)} rows in all; at most {ROWS} are allowed")
    for number, section in enumerate(sections):
        if len(sections) > 1 and not section.get("title"):
            raise InvalidMessage(f"{where}.{number}.title", "is needed when there are several sections")
        _at_most(f"{where}.{number}.title", section.get("title"), SECTION_TITLE)
        for index, row in enumerate(section["rows"]):
            path = f"{where}.{number}.rows.{index}"
            _at_most(f"{path}.title", row["title"], ROW_TITLE)
            _at_most(f"{path}.description", row.get("description"), ROW_DESCRIPTION)
            _at_most(f"{path}.id", row["id"], ROW_ID)
    _distinct(f"{where}.rows.id", [row["id"] for row in rows])


def _at_most(field: str, value: str | None, limit: int) -> None:
    if value is not None and len(value) > limit:
        raise InvalidMessage(field, f"has {len(value)} characters; at most {limit} are allowed")


def _no_more_than(field: str, values: list[Any], limit: int) -> None:
    if len(values) > limit:
        raise InvalidMessage(field, f"has {len(values)} entries; at most {limit} are allowed")


def _distinct(field: str, values: list[str]) -> None:
    if len(set(values)) != len(values):
        raise InvalidMessage(field, "is used twice")
