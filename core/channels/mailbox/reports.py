"""Bounces and read receipts of what we sent (RFC 3464, RFC 8098, and mail servers that write neither)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email.message import Message

from core.channels.mailbox import headers, message_ids, parts
from core.channels.types import Kind, ProviderError, Receipt

_ACTIONS = {"failed": "failed", "delivered": "delivered", "delayed": "sent", "relayed": "sent", "expanded": "sent"}
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY = re.compile(r"\b([45]\d\d)[ -]")
_DAEMON = re.compile(r"(?:mailer-daemon|postmaster)(?:[-+.].*)?")
_LONGEST = 500
_MOST_SEARCHED = 200_000  # characters


def receipts(message: Message, route: str, at: datetime, sender: str) -> list[Receipt]:
    """Return what a report says of messages of ours; nothing if it is none, or about another's mail."""
    kind = message.get_content_type() == "multipart/report" and str(message.get_param("report-type") or "").lower()
    by_daemon = _DAEMON.fullmatch(sender.partition("@")[0]) is not None
    if kind == "disposition-notification":
        return list(_read(message, route, at))
    if kind == "delivery-status" or (not kind and any(_blocks(message, "message/delivery-status"))):
        return list(_delivery(message, route, at))
    return list(_in_words(message, route, at)) if by_daemon and "In-Reply-To" not in message else []


def _delivery(message: Message, route: str, at: datetime) -> Iterator[Receipt]:
    returned = _returned(message)
    about = next(message_ids.ours(" ".join(_ids(returned)) if returned else _searched(message)), None)
    if about is None:
        return
    main = {one.address for one in headers.mailboxes(returned, "To")} if returned else set()
    for block in _blocks(message, "message/delivery-status"):
        if (status := _ACTIONS.get(headers.word(block, "Action"))) is None:
            continue
        recipient = _address(block, "Original-Recipient") or _address(block, "Final-Recipient")
        final = _address(block, "Final-Recipient")
        if main and recipient and not {recipient, final} & main:
            continue  # somebody in copy
        code = _STATUS.search(headers.one_line(block, "Status"))
        said = headers.one_line(block, "Diagnostic-Code").partition(";")[2].strip()
        error = ProviderError(code[1] if code else "bounce", "Mail returned", said[:_LONGEST])
        errors = (error,) if status == "failed" else ()
        yield Receipt(Kind.EMAIL, route, about[1], status, at, about[0], recipient or None, errors)


def _in_words(message: Message, route: str, at: datetime) -> Iterator[Receipt]:
    """Yield the failure that a mail server reports in words alone, with a copy of the mail."""
    words = _searched(message)
    if (about := next(message_ids.ours(words), None)) is None:
        return
    code = _STATUS.search(words) or _REPLY.search(words)
    error = ProviderError(code[1] if code else "bounce", "Mail returned", parts.text_of(message).new[:_LONGEST])
    yield Receipt(Kind.EMAIL, route, about[1], "failed", at, about[0], errors=(error,))


def _read(message: Message, route: str, at: datetime) -> Iterator[Receipt]:
    for block in _blocks(message, "message/disposition-notification"):
        about = next(message_ids.ours(" ".join(headers.ids(block, "Original-Message-ID"))), None)
        if about and "displayed" in headers.one_line(block, "Disposition").lower():
            yield Receipt(Kind.EMAIL, route, about[1], "read", at, about[0])


def _blocks(message: Message, kind: str) -> Iterator[Message]:
    """Yield the groups of fields in the report's parts of a kind."""
    for part in parts.children(message):
        if part.get_content_type() != kind:
            continue
        if part.is_multipart():
            yield from parts.children(part)
        else:
            yield from (parts.read(one) for one in re.split(rb"\r?\n\r?\n", parts.content(part)) if one.strip())


def _returned(message: Message) -> Message | None:
    """Return the headers of the mail that came back."""
    for part in parts.children(message):
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            return (parts.children(part) or [parts.read(parts.content(part))])[0]
    return None


def _ids(message: Message) -> list[str]:
    return headers.ids(message, "Message-ID")


def _address(block: Message, name: str) -> str:
    """Return the address of a field such as "rfc822; ana@example.com"."""
    value = headers.one_line(block, name).rpartition(";")[2].strip(" <>")
    return value.lower()


def _searched(message: Message) -> str:
    """Return everything that a mail says, to look for ids in."""
    shown = parts.text_of(message)
    copies = [parts.content(one.part).decode("utf-8", "replace") for one in parts.files(message)]
    return "\n".join([shown.new, shown.quoted, *copies])[:_MOST_SEARCHED]
