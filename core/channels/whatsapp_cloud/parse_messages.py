"""The items of the `messages` field and of its siblings that carry messages: echoes and history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from core.channels.base import AccountNotice, Broken, InboundMessage, Kind, Parsed, Receipt
from core.channels.news import News
from core.channels.numbers import digits
from core.channels.optout import opt_out_of
from core.channels.whatsapp_cloud.errors import diagnose_failure
from core.channels.whatsapp_cloud.parse_content import Body, read_body
from core.channels.whatsapp_cloud.parse_system import system_events
from core.channels.whatsapp_cloud.shapes import (
    SHAPE_ERRORS,
    Envelope,
    Malformed,
    broken,
    errors,
    identifier,
    items,
    mapping,
    required,
    text,
)

# Statuses as ours. `deleted` (before 2024) told that the customer removed a message, which had thus arrived.
_STATUSES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "played",
    "failed": "failed",
    "deleted": "delivered",
}
_LONGEST_USERNAME = 100
_OUR_ID_DIGITS = 18  # within a bigint
_LONGEST_STATUS = 40  # of a payment: captured, pending … Meta adds to them


def messages(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """Messages, statuses and errors of one `messages` change."""
    contacts = [contact for contact in items(value, "contacts") if isinstance(contact, dict)]
    for item in items(value, "messages"):
        try:
            yield from _message(item, contacts, envelope)
        except SHAPE_ERRORS as error:
            yield broken(error, item)
    for item in items(value, "statuses"):
        if mapping(item).get("type") == "call":
            continue  # that a call of ours rings: its end is told in any case
        try:
            yield _status(item, envelope)
        except SHAPE_ERRORS as error:
            yield broken(error, item)
    for told in errors(value.get("errors")):
        yield AccountNotice(
            kind=Kind.WHATSAPP,
            route=envelope.route,
            account=envelope.account,
            topic="error",
            severity="warning",
            text=f"{told.code} {told.title}. {diagnose_failure(told).advice}",
            payload={"code": told.code, "title": told.title, "details": told.details},
            news=News(
                "provider_error", "warning", {"code": told.code, "title": told.title or told.details or "—"}, told.code
            ),
        )


def echoes(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """Messages that the business wrote on its own phone; `sender` is the customer they went to."""
    ours = digits(envelope.own_number)
    contacts = [
        contact
        for contact in items(value, "contacts")
        if isinstance(contact, dict) and not (ours and digits(text(contact.get("wa_id"))) == ours)
    ]
    for item in items(value, "message_echoes"):
        try:
            if not isinstance(item, dict):
                raise Malformed("a message that is no object")
            to = {"from": item.get("to"), "from_user_id": item.get("to_user_id")}
            written = inbound({**item, **to}, read_body(item), contact_of({**item, **to}, contacts), envelope)
            yield replace(written, echo=True, opt_out=None)
        except SHAPE_ERRORS as error:
            yield broken(error, item)


def history(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """Old messages of a number that joins with its past. Every thread is named by its customer.

    The files of those that came as placeholders follow in another shape: as messages, each with its contact.
    """
    contacts = [contact for contact in items(value, "contacts") if isinstance(contact, dict)]
    for item in items(value, "messages"):
        try:
            contact = contact_of(item, contacts)
            yield replace(_old(item, text(contact.get("wa_id")), envelope, contact), historic=True)
        except SHAPE_ERRORS as error:
            yield broken(error, item)
    for chunk in items(value, "history"):
        if not isinstance(chunk, dict):
            yield Broken("a part of history that is no object", chunk)
            continue
        if chunk.get("errors"):
            reason = "; ".join(f"{error.code} {error.title}" for error in errors(chunk["errors"]))
            yield AccountNotice(
                Kind.WHATSAPP, envelope.route, envelope.account, "history", "info", reason, {"errors": chunk["errors"]},
                news=News("history_declined", "info", {"title": reason}),
            )  # fmt: skip
        for thread in items(chunk, "threads"):
            if not isinstance(thread, dict):
                yield Broken("a thread of history that is no object", thread)
                continue
            for item in items(thread, "messages"):
                try:
                    yield replace(_old(item, text(thread.get("id")), envelope), historic=True)
                except SHAPE_ERRORS as error:
                    yield broken(error, item)


def _old(item: Any, customer: str, envelope: Envelope, contact: dict[str, Any] | None = None) -> InboundMessage:
    if not isinstance(item, dict):
        raise Malformed("a message that is no object")
    ours = digits(envelope.own_number)
    from_us = mapping(item.get("history_context")).get("from_me") is True
    to_them = bool(text(item.get("to"))) and digits(text(item.get("to"))) != ours
    if from_us or to_them or (ours and digits(text(item.get("from"))) == ours):
        return _written_by_us(item, customer or text(item.get("to")), envelope)
    return inbound(item, read_body(item), contact or {}, envelope)


def _written_by_us(item: dict[str, Any], customer: str, envelope: Envelope) -> InboundMessage:
    written = inbound({**item, "from": customer, "from_user_id": None}, read_body(item), {}, envelope)
    return replace(written, echo=True, opt_out=None)


def _message(item: Any, contacts: list[dict[str, Any]], envelope: Envelope) -> Iterator[Parsed]:
    if not isinstance(item, dict):
        raise Malformed("a message that is no object")
    if item.get("type") == "system":
        changes = list(system_events(item, envelope))
        if changes:
            yield from changes
            return
        item = {**item, "from": item.get("from") or mapping(item.get("system")).get("customer")}
    yield inbound(item, read_body(item), contact_of(item, contacts), envelope)


def contact_of(item: dict[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    """The contact a message belongs to. The order of the two lists is not promised, so it is matched by id."""
    sender, user = item.get("from"), item.get("from_user_id")
    for contact in contacts:
        if (sender and contact.get("wa_id") == sender) or (user and contact.get("user_id") == user):
            return contact
    # wa_id and from may be spelt apart (Brazil's ninth digit); a lone contact of a direct message is its sender's.
    return contacts[0] if len(contacts) == 1 and not item.get("group_id") else {}


def inbound(item: dict[str, Any], body: Body, contact: dict[str, Any], envelope: Envelope) -> InboundMessage:
    """What a customer sent, whoever its `contact` is. Raises `Malformed` without a sender or an id."""
    known = [item.get("from"), contact.get("wa_id"), item.get("from_user_id"), contact.get("user_id")]
    addresses = dict.fromkeys(address for address in map(identifier, known) if address)
    if not addresses:  # the id that all accounts of one owner know a customer by, who has shared no other
        parents = (item.get("from_parent_user_id"), contact.get("parent_user_id"))
        addresses = dict.fromkeys(address for address in map(identifier, parents) if address)
    if not addresses:
        raise Malformed("a message without a sender")
    sender, *aliases = addresses
    number = next(filter(None, map(digits, addresses)), "")
    profile = mapping(contact.get("profile"))
    return InboundMessage(
        kind=Kind.WHATSAPP,
        route=envelope.route,
        provider_id=required(item, "id"),
        sender=sender,
        timestamp=envelope.written(item.get("timestamp")),
        type=body.type,
        text=body.text,
        payload=_with_riders(body.payload, item),
        media=body.media,
        phone="+" + number if number else None,
        aliases=tuple(aliases),
        profile_name=text(profile.get("name")) or text(profile.get("username")) or None,
        username=text(profile.get("username"))[:_LONGEST_USERNAME] or None,
        reply_to=identifier(mapping(item.get("context")).get("id")),
        target=identifier(body.target),
        group_id=identifier(item.get("group_id")),
        opt_out=opt_out_of(body.text) if body.spoken else None,
    )


def _with_riders(payload: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    """The payload with what rides on any type: context, referral, forwarded, errors, history_context."""
    riders = {key: item[key] for key in ("context", "referral", "errors", "history_context") if item.get(key)}
    context = mapping(item.get("context"))
    for mark in ("forwarded", "frequently_forwarded"):
        if context.get(mark) is True:
            riders[mark] = True
    return {**payload, **riders} if riders else payload


def _status(item: Any, envelope: Envelope) -> Receipt:
    if not isinstance(item, dict):
        raise Malformed("a status that is no object")
    name = text(item.get("status")).lower()
    about_payment = text(item.get("type")) == "payment" or "payment" in item
    if not name or (name not in _STATUSES and not about_payment):
        raise Malformed(f"an unknown status {name!r:.60}")
    ours = text(item.get("biz_opaque_callback_data"))
    return Receipt(
        kind=Kind.WHATSAPP,
        route=envelope.route,
        provider_id=required(item, "id"),
        status=f"payment_{name[:_LONGEST_STATUS]}" if about_payment else _STATUSES[name],
        timestamp=envelope.time(item.get("timestamp")),
        our_id=int(ours) if ours.isascii() and ours.isdigit() and len(ours) <= _OUR_ID_DIGITS else None,
        recipient=identifier(item.get("recipient_id")) or identifier(item.get("recipient_user_id")),
        errors=errors(item.get("errors")),
        pricing=mapping(item.get("payment")) if about_payment else mapping(item.get("pricing")),
    )
