"""Request bodies for `POST /{phone-number-id}/messages` (Cloud API reference, Messages)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.channels.base import Outgoing
from core.channels.numbers import digits, is_bsuid

# What Meta is given in place of a file of ours: {"id": …} after an upload, {"link": …}, or {} if nothing was attached.
Uploaded = Mapping[str, str]


def message_body(outgoing: Outgoing, uploaded: Uploaded) -> dict[str, Any]:
    """The JSON for one message. Our id travels in `biz_opaque_callback_data` and returns in every status."""
    content = outgoing.content
    kind, part = _part(content, uploaded)
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
    """`recipient` for a business-scoped user id, else `to`."""
    return {"recipient": to} if is_bsuid(to) else {"to": digits(to) or to}


def _part(content: Mapping[str, Any], uploaded: Uploaded) -> tuple[str, Any]:
    kind = content["type"]
    match kind:
        case "text":
            return kind, {"body": content["text"], "preview_url": bool(content.get("preview_url"))}
        case "image" | "video" | "audio" | "document" | "sticker":
            return kind, _media(kind, content["media"], uploaded)
        case "contacts":
            return kind, [_card(card) for card in content["contacts"]]
        case "template":
            return kind, _template(content["template"], uploaded)
        case "interactive":
            return kind, _with_header(content["interactive"], uploaded)
    return kind, dict(content[kind])  # location, reaction


def _file(media: Mapping[str, Any], uploaded: Uploaded) -> dict[str, Any]:
    named = {key: media[key] for key in ("filename", "caption") if media.get(key)}
    if "attachment_id" in media:
        return {**uploaded, **named}
    return {key: media[key] for key in ("id", "link") if key in media} | named


def _media(kind: str, media: Mapping[str, Any], uploaded: Uploaded) -> dict[str, Any]:
    part = _file(media, uploaded)
    if kind != "document":
        part.pop("filename", None)  # Meta refuses it for any other type
    return part


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    """A contact; Meta wants a second name part beside formatted_name."""
    name = card["name"]
    if len(name) == 1:
        name = {**name, "first_name": name["formatted_name"]}
    return {**card, "name": name}


def _template(template: Mapping[str, Any], uploaded: Uploaded) -> dict[str, Any]:
    components = []
    for component in template.get("components", []):
        parameters = [_parameter(parameter, uploaded) for parameter in component["parameters"]]
        filled = {**component, "parameters": parameters}
        if "index" in filled:
            filled["index"] = str(filled["index"])
        components.append(filled)
    body: dict[str, Any] = {"name": template["name"], "language": {"code": template["language"]}}
    if components:
        body["components"] = components
    return body


def _parameter(parameter: Mapping[str, Any], uploaded: Uploaded) -> dict[str, Any]:
    kind = parameter["type"]
    if kind in ("image", "video", "document"):
        return {**parameter, kind: _file(parameter[kind], uploaded)}
    return dict(parameter)


def _with_header(message: Mapping[str, Any], uploaded: Uploaded) -> dict[str, Any]:
    header = message.get("header")
    if not isinstance(header, Mapping) or header.get("type") not in ("image", "video", "document"):
        return dict(message)
    return {**message, "header": _parameter(header, uploaded)}
