"""Items of the `messages` field and of other fields with messages: echoes and history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from core.channels.account_states import News
from core.channels.json_values import items, mapping, text
from core.channels.opt_out_keywords import opt_out_of
from core.channels.phone_numbers import digits
from core.channels.types import AccountUpdate, InboundMessage, Kind, Parsed, Receipt
from core.channels.whatsapp_cloud.errors import diagnose_failure
from core.channels.whatsapp_cloud.webhooks.content import Body, read_body
from core.channels.whatsapp_cloud.webhooks.fields import (
    Envelope,
    Malformed,
    errors,
    identifier,
    problem_with,
    read_each,
    required,
)
from core.channels.whatsapp_cloud.webhooks.system import system_events

# Statuses as ours. `deleted` (before 2024): the customer removed a message, which had thus arrived.
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
    """Yield messages, statuses and errors of one `messages` change."""
    contacts = [contact for contact in items(value, "contacts") if isinstance(contact, dict)]
    yield from read_each(value, "messages", lambda item: _message(item, contacts, envelope))
    yield from read_each(value, "statuses", lambda item: _statuses(item, envelope))
    for error in errors(value.get("errors")):
        yield AccountUpdate(
            kind=Kind.WHATSAPP,
            route=envelope.route,
            account=envelope.account,
            topic="error",
            severity="warning",
            text=f"{error.code} {error.title}. {diagnose_failure(error).advice}",
            payload={"code": error.code, "title": error.title, "details": error.details},
            news=News(
                "provider_error",
                "warning",
                {"code": error.code, "title": error.title or error.details or "—"},
                error.code,
            ),
        )


def echoes(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """Yield messages that the business wrote on its own phone; `sender` is the recipient."""
    ours = digits(envelope.own_number)
    contacts = [
        contact
        for contact in items(value, "contacts")
        if isinstance(contact, dict) and not (ours and digits(text(contact.get("wa_id"))) == ours)
    ]
    return read_each(value, "message_echoes", lambda item: [_echo(item, contacts, envelope)])


def _echo(item: dict[str, Any], contacts: list[dict[str, Any]], envelope: Envelope) -> InboundMessage:
    to = {"from": item.get("to"), "from_user_id": item.get("to_user_id")}
    written = inbound({**item, **to}, read_body(item), contact_of({**item, **to}, contacts), envelope)
    return replace(written, echo=True, opt_out=None)


def history(value: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    """Yield imported messages of a number. Every thread is named by its customer.

    The files of placeholders follow in another format: as messages, each with its contact.
    """
    contacts = [contact for contact in items(value, "contacts") if isinstance(contact, dict)]
    yield from read_each(value, "messages", lambda item: [_file_of_old(item, contacts, envelope)])
    yield from read_each(value, "history", lambda chunk: _chunk(chunk, envelope))


def _file_of_old(item: dict[str, Any], contacts: list[dict[str, Any]], envelope: Envelope) -> InboundMessage:
    contact = contact_of(item, contacts)
    return _old(item, text(contact.get("wa_id")), envelope, contact)


def _chunk(chunk: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    if chunk.get("errors"):
        reason = "; ".join(f"{error.code} {error.title}" for error in errors(chunk["errors"]))
        yield AccountUpdate(
            Kind.WHATSAPP, envelope.route, envelope.account, "history", "info", reason, {"errors": chunk["errors"]},
            news=News("history_declined", "info", {"title": reason}),
        )  # fmt: skip
    yield from read_each(chunk, "threads", lambda thread: _thread(thread, envelope))


def _thread(thread: dict[str, Any], envelope: Envelope) -> Iterator[Parsed]:
    return read_each(thread, "messages", lambda item: [_old(item, text(thread.get("id")), envelope)])


def _old(
    item: dict[str, Any], customer: str, envelope: Envelope, contact: dict[str, Any] | None = None
) -> InboundMessage:
    ours = digits(envelope.own_number)
    from_us = mapping(item.get("history_context")).get("from_me") is True
    to_them = bool(text(item.get("to"))) and digits(text(item.get("to"))) != ours
    if from_us or to_them or (ours and digits(text(item.get("from"))) == ours):
        written = _written_by_us(item, customer or text(item.get("to")), envelope)
    else:
        written = inbound(item, read_body(item), contact or {}, envelope)
    return replace(written, historic=True)


def _written_by_us(item: dict[str, Any], customer: str, envelope: Envelope) -> InboundMessage:
    written = inbound({**item, "from": customer, "from_user_id": None}, read_body(item), {}, envelope)
    return replace(written, echo=True, opt_out=None)


def _message(item: dict[str, Any], contacts: list[dict[str, Any]], envelope: Envelope) -> Iterator[Parsed]:
    if item.get("type") == "system":
        changes = list(system_events(item, envelope))
        if changes:
            yield from changes
            return
        item = {**item, "from": item.get("from") or mapping(item.get("system")).get("customer")}
    yield inbound(item, read_body(item), contact_of(item, contacts), envelope)


def contact_of(item: dict[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the contact of a message, matched by id: the order of the two lists is not guaranteed."""
    sender, user = item.get("from"), item.get("from_user_id")
    for contact in contacts:
        if (sender and contact.get("wa_id") == sender) or (user and contact.get("user_id") == user):
            return contact
    # wa_id and from may differ in spelling (Brazil's ninth digit); a direct message's single contact is its sender.
    return contacts[0] if len(contacts) == 1 and not item.get("group_id") else {}


def inbound(item: dict[str, Any], body: Body, contact: dict[str, Any], envelope: Envelope) -> InboundMessage:
    """Parse a customer's message with its `contact`. Raises `Malformed` without a sender or an id."""
    known = [item.get("from"), contact.get("wa_id"), item.get("from_user_id"), contact.get("user_id")]
    addresses = dict.fromkeys(address for address in map(identifier, known) if address)
    if not addresses:  # the id shared by all accounts of one owner, for a customer who has no other
        parents = (item.get("from_parent_user_id"), contact.get("parent_user_id"))
        addresses = dict.fromkeys(address for address in map(identifier, parents) if address)
    if not addresses:
        raise Malformed("it names no customer: neither its number nor its user id is there")
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
        payload=_with_context(body.payload, item),
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


def _with_context(payload: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    """Return the payload with its message context: context, referral, forwarded, errors, history_context."""
    extra = {key: item[key] for key in ("context", "referral", "errors", "history_context") if item.get(key)}
    context = mapping(item.get("context"))
    for mark in ("forwarded", "frequently_forwarded"):
        if context.get(mark) is True:
            extra[mark] = True
    return {**payload, **extra} if extra else payload


def _statuses(item: dict[str, Any], envelope: Envelope) -> Iterator[Receipt]:
    """Yield statuses. Ringing of our calls is ignored: the end of the call always follows."""
    if item.get("type") != "call":
        yield _status(item, envelope)


def _status(item: dict[str, Any], envelope: Envelope) -> Receipt:
    name = text(item.get("status")).lower()
    about_payment = text(item.get("type")) == "payment" or "payment" in item
    if not name:
        raise problem_with(item, "status", "a word")
    if name not in _STATUSES and not about_payment:
        raise Malformed(f"status is {name!r:.60}, which is none that is known")
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
