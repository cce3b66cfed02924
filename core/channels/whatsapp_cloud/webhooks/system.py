"""System messages: changes of a customer's address or preferences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.channels.json_values import mapping, text
from core.channels.types import IdentityChange, Kind, MarketingConsent, Parsed
from core.channels.whatsapp_cloud.webhooks.fields import (
    Envelope,
    Malformed,
    identifier,
    problem_with,
    read_each,
    required,
)

_CHANGES = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})


def system_events(item: dict[str, Any], envelope: Envelope) -> Iterator[IdentityChange | MarketingConsent]:
    """Return what a system message changes; nothing if it only informs (then it is stored as a message of type system).

    A new number comes with a new business-scoped id, so one message may report two changes (Meta, changelog of
    2026-08-11). Versions before v12 name the new number `new_wa_id`.
    """
    system = mapping(item.get("system"))
    if text(system.get("type")) == "user_preference_changed":
        yield from _preference(item, text(system.get("marketing")), envelope)
        return
    if text(system.get("type")) not in _CHANGES:
        return
    number = (item.get("from") or system.get("customer"), system.get("wa_id") or system.get("new_wa_id"))
    user_id = (system.get("previous_user_id") or item.get("from_user_id"), system.get("user_id"))
    for before, after in (number, user_id):
        old, new = identifier(before), identifier(after)
        if old and new and old != new:
            yield IdentityChange(
                kind=Kind.WHATSAPP,
                route=envelope.route,
                provider_id=required(item, "id"),
                old=old,
                new=new,
                timestamp=envelope.written(item.get("timestamp")),
                text=text(system.get("body")),
            )


def user_ids(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """Parse `user_id_update`: customers whose business-scoped id changed."""
    return read_each(value, "user_id_update", lambda item: [_user_id(item, envelope)])


def _user_id(item: dict[str, Any], envelope: Envelope) -> IdentityChange:
    ids = item.get("user_id")
    if not isinstance(ids, dict):
        raise problem_with(item, "user_id", "an object")
    old, new = required(ids, "previous"), required(ids, "current")
    if old == new:
        raise Malformed("user_id.previous and user_id.current are the same")
    when = envelope.written(item.get("timestamp"))
    return IdentityChange(Kind.WHATSAPP, envelope.route, f"{old} {new}", old, new, when)


def _preference(item: dict[str, Any], wish: str, envelope: Envelope) -> Iterator[MarketingConsent]:
    sender = identifier(item.get("from")) or identifier(item.get("from_user_id"))
    if sender and wish in ("stop", "resume"):
        when = envelope.time(item.get("timestamp"))
        yield MarketingConsent(Kind.WHATSAPP, envelope.route, sender, wish == "resume", when)
