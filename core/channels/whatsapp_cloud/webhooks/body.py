"""Parse a webhook body of Meta's (Cloud API, Webhooks reference)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from core.channels import json_sanitizer
from core.channels.json_values import mapping, text
from core.channels.types import Parsed, UnparsedItem
from core.channels.whatsapp_cloud.bounds import excess
from core.channels.whatsapp_cloud.webhooks import account as parse_account
from core.channels.whatsapp_cloud.webhooks import calls, messages, system
from core.channels.whatsapp_cloud.webhooks.fields import Envelope, Malformed, problem_with, read_each, shape


def parse(body: bytes, received_at: datetime) -> Iterator[Parsed]:
    """Yield every item of a body, in order.

    No JSON content raises: an item that cannot be parsed becomes an `UnparsedItem` and the others are processed; a body
    that exceeds Meta's limits is one `UnparsedItem`. `received_at` (aware) replaces times that are missing or absurd.
    Raises ValueError if the body is not JSON.
    """
    try:
        document = json_sanitizer.loads(body)
    except RecursionError:
        return iter([UnparsedItem("nested too deeply", _excerpt(body))])
    if (reason := excess(document)) is not None:
        return iter([UnparsedItem(f"a body that holds too much: {reason}", _excerpt(body))])
    return _document(document, received_at)


def _excerpt(body: bytes) -> str:
    return json_sanitizer.clean_text(body[:500].decode(errors="replace"))


def _document(document: Any, received_at: datetime) -> Iterator[Parsed]:
    if not isinstance(document, dict) or not isinstance(document.get("entry"), list):
        problem = (
            f"it is {shape(document)}" if not isinstance(document, dict) else problem_with(document, "entry", "a list")
        )
        yield UnparsedItem(f"not a webhook body: {problem}", document)
        return
    yield from read_each(document, "entry", lambda entry: _entry(entry, received_at))


def _entry(entry: dict[str, Any], received_at: datetime) -> Iterator[Parsed]:
    if not isinstance(entry.get("changes"), list):
        raise problem_with(entry, "changes", "a list")
    account = text(entry.get("id"))
    return read_each(entry, "changes", lambda change: _change(change, account, received_at))


def _change(change: dict[str, Any], account: str, received_at: datetime) -> Iterator[Parsed]:
    if not isinstance(change.get("value"), dict):
        raise problem_with(change, "value", "an object")
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
            yield from messages.messages(value, envelope)
        case "smb_message_echoes":
            yield from messages.echoes(value, envelope)
        case "history":
            yield from messages.history(value, envelope)
        case "calls":
            yield from calls.calls(value, envelope)
        case "user_id_update":
            yield from system.user_ids(value, envelope)
        case "smb_app_state_sync":
            yield from parse_account.names(value, envelope)
        case "user_preferences":
            yield from parse_account.consents(value, envelope)
        case field if field not in IGNORED:
            yield parse_account.notice(field, value, envelope)


# Documented fields that are ignored (docs/operations.md says why): their events are in the webhook log, without a
# notification. An unknown field is an account update.
IGNORED = frozenset({
    "account_settings_update", "automatic_events", "messaging_handovers", "partner_solutions", "standby",
    "tracking_events",
})  # fmt: skip

# Fields with content, and the parts of their values that it is in.
_PARTS = {
    "messages": ("messages", "statuses", "errors"),
    "smb_message_echoes": ("message_echoes",),
    "history": ("history", "messages"),
    "calls": ("calls", "statuses"),
    "user_preferences": ("user_preferences",),
    "user_id_update": ("user_id_update",),
    "smb_app_state_sync": ("state_sync",),
}


def _field_of(change: dict[str, Any], value: dict[str, Any]) -> str:
    """Return the field of a change.

    A missing or new field, or one without any of its parts, is inferred from its content: a message is no account
    update. Raises `Malformed` if a field with content has none that is known.
    """
    field = text(change.get("field"))
    if not value.keys().isdisjoint(_PARTS.get(field, ())):
        return field
    lists = {part for part, items in value.items() if isinstance(items, list)} - {"errors"}
    found = next((known for known, parts in _PARTS.items() if not lists.isdisjoint(parts)), field)
    if found == field and field in _PARTS:
        raise Malformed(f"a value of the field {field} has no {' or '.join(_PARTS[field])}")
    return found
