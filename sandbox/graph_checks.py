"""Whether Meta would take a message: fields and limits by its Cloud API reference, Messages.

Each check reads one message type, raises GraphError for what Meta refuses, and returns what a person would read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.graph_errors import GraphError
from sandbox.media import MediaStore
from sandbox.templates import Template, Templates, filled, placeholders

MIME_TYPES = {
    "image": ("image/jpeg", "image/png"),
    "video": ("video/mp4", "video/3gpp"),
    "audio": ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/opus"),
    "sticker": ("image/webp",),
}


def _object(message: dict[str, Any], key: str) -> dict[str, Any]:
    value = message.get(key)
    if not isinstance(value, dict):
        raise GraphError(131008, f"Parameter '{key}' is mandatory for type '{message.get('type')}'")
    return value


def _text(holder: dict[str, Any], key: str, most: int, *, where: str, required: bool = True, code: int = 131009) -> str:
    value = holder.get(key)
    if value is None or value == "":
        if required:
            raise GraphError(131008 if code == 131009 else code, f"The parameter {where}['{key}'] is required.")
        return ""
    if not isinstance(value, str):
        raise GraphError(code, f"Param {where}['{key}'] must be a string.")
    if len(value) > most:
        raise GraphError(code, f"Param {where}['{key}'] must be at most {most} characters long.")
    return value


def check_text(message: dict[str, Any], media: MediaStore, templates: Templates) -> str:
    """Check a text of at most 4096 characters."""
    return _text(_object(message, "text"), "body", 4096, where="text", code=100)


def check_media(message: dict[str, Any], media: MediaStore, templates: Templates) -> str:
    """Check that a file is given by id or link, and fits its kind."""
    kind = message["type"]
    part = _object(message, kind)
    _check_file(kind, part, media)
    return _text(part, "caption", 1024, where=kind, required=False, code=100)


def _check_file(kind: str, part: dict[str, Any], media: MediaStore) -> None:
    media_id, link = part.get("id"), part.get("link")
    if not media_id and not link:
        raise GraphError(131008, f"Parameter {kind}['id'] or {kind}['link'] is required.")
    if media_id:
        kept = media.get(str(media_id))
        if kept is None:
            raise GraphError(100, f"Media id '{media_id}' does not exist.", subcode=33)
        plain = kept.mime_type.split(";")[0].strip()
        if kind in MIME_TYPES and plain not in MIME_TYPES[kind]:
            raise GraphError(131053, f"Unsupported {kind} mime type {plain}.")
    elif not str(link).startswith(("https://", "http://")):
        raise GraphError(131009, f"Param {kind}['link'] is not a valid URL.")
    if kind in ("audio", "sticker") and "caption" in part:
        raise GraphError(100, f'Unexpected key "caption" on param "{kind}".')
    _text(part, "filename", 240, where=kind, required=False, code=100)


def check_location(message: dict[str, Any], media: MediaStore, templates: Templates) -> str:
    """Check the coordinates. Name and address may be missing."""
    part = _object(message, "location")
    for key, most in (("latitude", 90), ("longitude", 180)):
        try:
            value = float(part[key])
        except (KeyError, TypeError, ValueError):
            raise GraphError(131009, f"Param location['{key}'] must be a number.") from None
        if not -most <= value <= most:
            raise GraphError(131009, f"Param location['{key}'] is out of range.")
    return " · ".join(str(part[key]) for key in ("name", "address") if part.get(key))


def check_contacts(message: dict[str, Any], media: MediaStore, templates: Templates) -> str:
    """Check contact cards: each needs a name."""
    contacts = message.get("contacts")
    if not isinstance(contacts, list) or not contacts:
        raise GraphError(131008, "Parameter 'contacts' is mandatory for type 'contacts'")
    names = []
    for contact in contacts:
        name = contact.get("name") if isinstance(contact, dict) else None
        if not isinstance(name, dict) or not name.get("formatted_name"):
            raise GraphError(131008, "The parameter contacts['name']['formatted_name'] is required.")
        names.append(str(name["formatted_name"]))
    return ", ".join(names)


def check_reaction(message: dict[str, Any], media: MediaStore, templates: Templates) -> str:
    """Check the emoji; an empty one takes a reaction back."""
    part = _object(message, "reaction")
    _text(part, "message_id", 512, where="reaction")
    emoji = part.get("emoji", "")
    if not isinstance(emoji, str) or len(emoji) > 16 or (emoji and emoji.isalnum()):
        raise GraphError(131009, "Param reaction['emoji'] must be a single emoji or an empty string.")
    return emoji


def check_interactive(message: dict[str, Any], media: MediaStore, templates: Templates) -> str:
    """Check buttons, lists, links, flows and products."""
    part = _object(message, "interactive")
    kind = part.get("type")
    action = part.get("action")
    if kind not in INTERACTIVE:
        raise GraphError(131009, f"Param interactive['type'] must be one of {', '.join(INTERACTIVE)}.")
    if not isinstance(action, dict):
        raise GraphError(131008, "The parameter interactive['action'] is required.")
    body = part.get("body") or {}
    needs_body = kind not in ("product", "call_permission_request")
    text = _text(body, "text", 4096 if kind == "list" else 1024, where="interactive['body']", required=needs_body)
    header = part.get("header") or {}
    if header.get("type") == "text":
        _text(header, "text", 60, where="interactive['header']")
    if part.get("footer"):
        _text(part["footer"], "text", 60, where="interactive['footer']")
    INTERACTIVE[kind](action)
    return text


def _check_buttons(action: dict[str, Any]) -> None:
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise GraphError(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
    replies = [button.get("reply") or {} for button in buttons]
    for reply in replies:
        _text(reply, "id", 256, where="reply")
        if not 1 <= len(str(reply.get("title", ""))) <= 20:
            raise GraphError(131009, "Button title length invalid. Min length: 1, Max length: 20")
    _check_distinct([reply["id"] for reply in replies], "button id")
    _check_distinct([reply["title"] for reply in replies], "button title")


def _check_list(action: dict[str, Any]) -> None:
    _text(action, "button", 20, where="action")
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        raise GraphError(131009, "Invalid sections count. Min allowed sections: 1, Max allowed sections: 10")
    ids = []
    for section in sections:
        _text(section, "title", 24, where="section", required=len(sections) > 1)
        for row in section.get("rows") or []:
            ids.append(_text(row, "id", 200, where="row"))
            _text(row, "title", 24, where="row")
            _text(row, "description", 72, where="row", required=False)
    if not 1 <= len(ids) <= 10:
        raise GraphError(131009, "Total row count exceed max allowed count: 10")
    _check_distinct(ids, "row id")


def _check_distinct(values: list[str], what: str) -> None:
    if len(set(values)) < len(values):
        raise GraphError(131009, f"Duplicated {what}")


def _check_cta_url(action: dict[str, Any]) -> None:
    parameters = action.get("parameters") or {}
    if action.get("name") != "cta_url":
        raise GraphError(131009, "Param action['name'] must be cta_url.")
    _text(parameters, "display_text", 20, where="parameters")
    if not _text(parameters, "url", 2000, where="parameters").startswith(("https://", "http://")):
        raise GraphError(131009, "Param parameters['url'] is not a valid URL.")


def _check_named(action: dict[str, Any]) -> None:
    """Flows, catalogues and products: the stand-in knows no catalogue, so only the shape is looked at."""
    if not action:
        raise GraphError(131008, "The parameter interactive['action'] is empty.")


INTERACTIVE: dict[str, Callable[[dict[str, Any]], None]] = {
    "button": _check_buttons,
    "list": _check_list,
    "cta_url": _check_cta_url,
    "flow": _check_named,
    "location_request_message": _check_named,
    "product": _check_named,
    "product_list": _check_named,
    "catalog_message": _check_named,
    "carousel": _check_named,
    "call_permission_request": _check_named,
}


def check_template(message: dict[str, Any], media: MediaStore, templates: Templates) -> str:
    """Check that a template is approved in this language and that its parameters fill it."""
    part = _object(message, "template")
    name = _text(part, "name", 512, where="template")
    language = str((part.get("language") or {}).get("code", ""))
    if not language:
        raise GraphError(131008, "The parameter template['language']['code'] is required.")
    template = templates.find(name, language)
    if template is None or template.status in ("PENDING", "REJECTED"):
        raise GraphError(132001, f"template name ({name}) does not exist in {language}", status=404)
    if template.status in ("PAUSED", "DISABLED"):
        raise GraphError(132015 if template.status == "PAUSED" else 132016, f"template {name} cannot be sent now")
    given = {str(item.get("type", "")).lower(): item.get("parameters") or [] for item in part.get("components") or []}
    _check_header(template, given.get("header", []), media)
    values = _check_count("body", given.get("body", []), template.body)
    return filled(template.body, values)


def _check_header(template: Template, given: list[dict[str, Any]], media: MediaStore) -> None:
    expected = template.header_format
    if expected == "TEXT":
        _check_count("header", given, str(template.component("HEADER").get("text", "")))
        return
    received = str(given[0].get("type")) if given else "unknown"
    if len(given) != 1 or received.upper() != expected:
        raise GraphError(132012, f"header: Format mismatch, expected {expected}, received {received.upper()}")
    part = _object(given[0], received)
    if expected != "LOCATION":
        _check_file(received, part, media)


def _check_count(where: str, given: list[dict[str, Any]], text: str) -> dict[str, str]:
    names = placeholders(text)
    if len(given) != len(names):
        details = f"{where}: number of localizable_params ({len(given)}) does not match the expected number of params"
        raise GraphError(132000, f"{details} ({len(names)})")
    values: dict[str, str] = {}
    for position, parameter in enumerate(given):
        kind = parameter.get("type")
        value = parameter.get(kind or "")
        if value is None or (kind == "text" and not str(value).strip()):
            raise GraphError(131008, f"Parameter of type {kind} is missing text value")
        shown = value.get("fallback_value", "") if isinstance(value, dict) else value
        values[str(parameter.get("parameter_name") or names[position])] = str(shown)
    return values


CHECKS: dict[str, Callable[[dict[str, Any], MediaStore, Templates], str]] = {
    "text": check_text,
    "image": check_media,
    "video": check_media,
    "audio": check_media,
    "document": check_media,
    "sticker": check_media,
    "location": check_location,
    "contacts": check_contacts,
    "reaction": check_reaction,
    "interactive": check_interactive,
    "template": check_template,
}
