"""Meta's limits for what we send (Cloud API reference, Messages), in Unicode code points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.channels.base import InvalidMessage

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
    elif kind not in ("contacts", "reaction"):
        raise InvalidMessage("type", f"{kind} cannot be sent by WhatsApp")


def _check_media(kind: str, media: Mapping[str, Any]) -> None:
    if kind in _WITHOUT_CAPTION and media.get("caption"):
        raise InvalidMessage("media.caption", f"is not possible for {kind}")
    _at_most("media.caption", media.get("caption"), CAPTION)
    _at_most("media.filename", media.get("filename"), FILENAME)


def _check_interactive(message: Mapping[str, Any]) -> None:
    kind = message["type"]
    if kind not in ("button", "list", "cta_url"):
        return
    header = message.get("header") or {}
    _at_most("interactive.header.text", header.get("text"), HEADER)
    _at_most("interactive.body.text", message["body"]["text"], LIST_BODY if kind == "list" else BODY)
    _at_most("interactive.footer.text", (message.get("footer") or {}).get("text"), FOOTER)
    action = message["action"]
    if kind == "button":
        _check_buttons(action["buttons"])
    elif kind == "list":
        _at_most("interactive.action.button", action["button"], BUTTON_TITLE)
        _check_sections(action["sections"])
    else:
        _at_most("interactive.action.parameters.display_text", action["parameters"]["display_text"], BUTTON_TITLE)


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
