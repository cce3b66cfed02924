"""A webhook body of Meta's, as our own vocabulary (Cloud API, Webhooks reference)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from core.channels import jsontext
from core.channels.base import Broken, Parsed
from core.channels.whatsapp_cloud import parse_account, parse_calls, parse_messages, parse_system
from core.channels.whatsapp_cloud.bounds import excess
from core.channels.whatsapp_cloud.shapes import SHAPE_ERRORS, Envelope, broken, mapping, text


def parse(body: bytes, received_at: datetime) -> Iterator[Parsed]:
    """Everything a body tells, in its order.

    Whatever the JSON holds, nothing is raised: what cannot be understood becomes `Broken` and the rest goes on, and a
    body that holds more than Meta sends is one `Broken`.
    `received_at` (aware) stands in for times that are missing or absurd. Raises ValueError if the body is not JSON.
    """
    try:
        document = jsontext.loads(body)
    except RecursionError:
        return iter([Broken("nested too deeply", _excerpt(body))])
    if (reason := excess(document)) is not None:
        return iter([Broken(f"a body that holds too much: {reason}", _excerpt(body))])
    return _document(document, received_at)


def _excerpt(body: bytes) -> str:
    return jsontext.clean_text(body[:500].decode(errors="replace"))


def _document(document: Any, received_at: datetime) -> Iterator[Parsed]:
    if not isinstance(document, dict) or not isinstance(document.get("entry"), list):
        yield Broken("not a webhook body: there is no list of entries", document)
        return
    for entry in document["entry"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("changes"), list):
            yield Broken("an entry without changes", entry)
            continue
        account = text(entry.get("id"))
        for change in entry["changes"]:
            try:
                yield from _change(change, account, received_at)
            except SHAPE_ERRORS as error:
                yield broken(error, change)


def _change(change: Any, account: str, received_at: datetime) -> Iterator[Parsed]:
    if not isinstance(change, dict) or not isinstance(change.get("value"), dict):
        yield Broken("a change without a value", change)
        return
    value = change["value"]
    metadata = mapping(value.get("metadata"))
    envelope = Envelope(
        account=account,
        route=text(metadata.get("phone_number_id")),
        own_number=text(metadata.get("display_phone_number")),
        received_at=received_at,
    )
    match _field_of(change, value):
        case "messages":
            yield from parse_messages.messages(value, envelope)
        case "smb_message_echoes":
            yield from parse_messages.echoes(value, envelope)
        case "history":
            yield from parse_messages.history(value, envelope)
        case "calls":
            yield from parse_calls.calls(value, envelope)
        case "user_id_update":
            yield from parse_system.user_ids(value, envelope)
        case "smb_app_state_sync":
            yield from parse_account.names(value, envelope)
        case "user_preferences":
            yield from parse_account.consents(value, envelope)
        case field:
            yield parse_account.notice(field, value, envelope)


# The fields that bring what customers and we wrote, by the lists of their values.
_FIELDS = {
    "messages": "messages",
    "statuses": "messages",
    "message_echoes": "smb_message_echoes",
    "history": "history",
    "calls": "calls",
    "user_preferences": "user_preferences",
}


def _field_of(change: dict[str, Any], value: dict[str, Any]) -> str:
    """The field of a change. One that names none, or a new one, is read by what it holds: a message is no news."""
    field = text(change.get("field"))
    if field in _FIELDS.values():
        return field
    return next((known for part, known in _FIELDS.items() if isinstance(value.get(part), list)), field)
