"""Request bodies for `POST /{phone-number-id}/messages` (Cloud API reference, Messages)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.channels.content.files import resolved
from core.channels.phone_numbers import digits, is_bsuid
from core.channels.types import Outgoing


def message_body(outgoing: Outgoing) -> dict[str, Any]:
    """Return the JSON for one message. Our id is sent in `biz_opaque_callback_data` and returned in every status.

    Raises `KeyError` for a file that the message names but does not include.
    """
    kind, part = _part(resolved(outgoing.content, outgoing.files))
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **address(outgoing.to),
        "type": kind,
        kind: part,
        "biz_opaque_callback_data": str(outgoing.message_id),
    }
    if outgoing.reply_to and kind != "reaction":
        body["context"] = {"message_id": outgoing.reply_to}
    return body


def address(to: str) -> dict[str, str]:
    """Return `recipient` for a business-scoped user id, else `to`."""
    return {"recipient": to} if is_bsuid(to) else {"to": digits(to) or to}


def _part(content: Mapping[str, Any]) -> tuple[str, Any]:
    kind = content["type"]
    match kind:
        case "text":
            return kind, {"body": content["text"], "preview_url": bool(content.get("preview_url"))}
        case "image" | "video" | "audio" | "document" | "sticker":
            return kind, _media(kind, content["media"])
        case "contacts":
            return kind, [_card(card) for card in content["contacts"]]
        case "template":
            return kind, _template(content["template"])
    return kind, dict(content[kind])  # location, reaction, interactive


def _media(kind: str, media: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file part. Meta refuses a name except for documents, and a voice note is audio (Audio messages)."""
    allowed = {"id", "link", "caption"} | {"document": {"filename"}, "audio": {"voice"}}.get(kind, set())
    return {key: value for key, value in media.items() if key in allowed and value}


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contact; Meta requires a second name part beside formatted_name."""
    name = card["name"]
    if len(name) == 1:
        name = {**name, "first_name": name["formatted_name"]}
    return {**card, "name": name}


def _template(template: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {"name": template["name"], "language": {"code": template["language"]}}
    if components := template.get("components"):
        body["components"] = [_component(one) for one in components]
    return body


def _component(component: Mapping[str, Any]) -> dict[str, Any]:
    """Return a component in Meta's format (Cloud API reference, Template object).

    Meta writes a button's index and a header's coordinates as strings.
    """
    filled = dict(component)
    if component["type"] == "button" and "index" in filled:
        filled["index"] = str(filled["index"])
    if component["type"] == "header":
        filled["parameters"] = [_parameter(one) for one in component.get("parameters", [])]
    if component["type"] == "carousel":
        filled["cards"] = [
            {**card, "components": [_component(one) for one in card["components"]]} for card in component["cards"]
        ]
    return filled


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    if parameter["type"] != "location":
        return dict(parameter)
    spot = parameter["location"]
    return {**parameter, "location": {**spot, **{key: str(spot[key]) for key in ("latitude", "longitude")}}}
