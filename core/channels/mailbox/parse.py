"""A mail as it was fetched, as a customer's message or as receipts of ours."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, urlencode

from core.channels.mailbox import headers, message_ids, parts, reports
from core.channels.mailbox.automatic import is_automatic
from core.channels.mailbox.headers import Mailbox
from core.channels.opt_out_keywords import opt_out_of
from core.channels.types import InboundMessage, Kind, MediaRef, Parsed, Receipt, UnparsedItem
from core.channels.webhook import EventBody

_MOST_REFERENCES = 50
_LONGEST_QUOTE = 20_000  # characters
_FORWARD = re.compile(r"\s*(?:rv|fw|fwd|enc|wg|tr)\s*:", re.I)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail lies, by the server's numbers, and when it came there. `cut`: only its beginning was fetched."""

    mailbox: str
    validity: int
    uid: int
    at: datetime
    cut: bool = False

    def as_query(self) -> str:
        """Return the form that is stored with the mail."""
        return urlencode(
            {"mailbox": self.mailbox, "validity": self.validity, "uid": self.uid, "at": int(self.at.timestamp())}
            | ({"cut": 1} if self.cut else {})
        )

    @classmethod
    def of_query(cls, query: str) -> Place:
        """Parse `as_query`. Raises `ValueError`."""
        found = {name: values[0] for name, values in parse_qs(query).items()}
        try:
            at = datetime.fromtimestamp(int(found["at"]), UTC)
            return cls(found["mailbox"], int(found["validity"]), int(found["uid"]), at, "cut" in found)
        except KeyError as error:
            raise ValueError(f"the place of the mail lacks {error}") from error


def parse(event: EventBody) -> Iterator[Parsed]:
    """Yield a mail's message, or its receipts. Our own mail that comes back yields nothing."""
    place = Place.of_query(event.query)
    message = parts.read(event.body)
    writers = headers.mailboxes(message, "From") or headers.mailboxes(message, "Sender")
    found = reports.receipts(message, place.mailbox, place.at, writers[0].address if writers else "")
    if found:
        yield from found
        return
    if not writers:
        yield UnparsedItem("it has no sender that can be answered", _raw(message))
        return
    ids = headers.ids(message, "Message-ID")
    if writers[0].address == place.mailbox and any(message_ids.ours("".join(ids[:1]))):
        return
    yield _message(message, place, writers, ids[0] if ids else _made_id(event.body))
    # What is answered has arrived, although no mail server says so.
    for our_id, message_id in message_ids.ours(" ".join(headers.ids(message, "In-Reply-To"))):
        yield Receipt(Kind.EMAIL, place.mailbox, message_id, "delivered", place.at, our_id)


def _message(message: Message, place: Place, writers: list[Mailbox], own_id: str) -> InboundMessage:
    sender = _answered_at(message, place.mailbox, writers[0])
    subject = headers.one_line(message, "Subject")
    thread = _thread(message)
    text = parts.text_of(message)
    others = _others(message, writers, {place.mailbox, sender.address})
    main = {one.address for one in headers.mailboxes(message, "To")}
    forged = headers.fails_dmarc(message)
    copied = bool(main) and place.mailbox not in main and _is_copied(message, place.mailbox)
    return InboundMessage(
        kind=Kind.EMAIL,
        route=place.mailbox,
        provider_id=own_id,
        sender=sender.address,
        timestamp=place.at,
        type="text",
        text=_shown(text, subject, answers=bool(thread)),
        payload={"mail": _about(subject, writers[0], sender, others, text, cut=place.cut, forged=forged)},
        media=tuple(_media(one, place, own_id) for one in parts.files(message)),
        profile_name=sender.name or None,
        reply_to=thread[0] if thread else None,
        thread=thread,
        opt_out=opt_out_of(text.new) if text.new else opt_out_of(subject),
        for_people=copied or forged or is_automatic(message, writers[0].address, subject, place.mailbox),
    )


def _answered_at(message: Message, mailbox: str, writer: Mailbox) -> Mailbox:
    """Return whom to answer, and so who the customer is: an answer never goes to another than it is about.

    Forms on websites write from an address of the shop, and name the customer's in Reply-To.
    """
    wished = [one for one in headers.mailboxes(message, "Reply-To") if one.address != mailbox]
    if not wished or wished[0].address == writer.address:
        return writer
    return wished[0]


def _others(message: Message, writers: list[Mailbox], without: set[str]) -> list[Mailbox]:
    """Return who else takes part: an answer goes to them in copy."""
    taking_part = [*writers[1:], *headers.mailboxes(message, "To"), *headers.mailboxes(message, "Cc")]
    return list({one.address: one for one in taking_part if one.address not in without}.values())


def _is_copied(message: Message, mailbox: str) -> bool:
    return any(one.address == mailbox for one in headers.mailboxes(message, "Cc"))


def _thread(message: Message) -> tuple[str, ...]:
    """Return the ids of the mails that this one follows, the nearest first."""
    named = [*headers.ids(message, "In-Reply-To"), *reversed(headers.ids(message, "References"))]
    return tuple(dict.fromkeys(named))[:_MOST_REFERENCES]


def _shown(text: parts.Text, subject: str, *, answers: bool) -> str:
    """Return what the customer says: the first mail of a thread says a part of it in its subject."""
    new = text.new or text.quoted
    if _FORWARD.match(subject) and text.new:  # what is quoted is what it is about
        new = "\n\n".join(filter(None, (text.new, text.quoted)))
    return new if answers and new else "\n\n".join(filter(None, (subject, new)))


def _about(
    subject: str, writer: Mailbox, sender: Mailbox, others: list[Mailbox], text: parts.Text, *, cut: bool, forged: bool
) -> Mapping[str, Any]:
    found = {
        "subject": subject,
        "from": writer.written,
        "reply_to": sender.written if sender.address != writer.address else "",
        "cc": [one.written for one in others],
        "sender": sender.address,
        "others": [] if forged else [one.address for one in others],
        "quoted": text.quoted[:_LONGEST_QUOTE] if text.new else "",
        "cut": cut,
    }
    return {name: value for name, value in found.items() if value}


def _media(file: parts.FilePart, place: Place, own_id: str) -> MediaRef:
    """Return where a file is: by the numbers of its mail, and by the mail's id if that is moved."""
    where = f"{place.validity}/{place.uid}/{file.number}/{own_id}"
    return MediaRef(provider_media_id=where, mime_type=file.mime_type, filename=file.filename)


def _made_id(raw: bytes) -> str:
    """Return an id for a mail without one, the same each time that it is fetched."""
    return f"<{hashlib.sha256(raw).hexdigest()[:40]}@no-message-id.invalid>"


def _raw(message: Message) -> dict[str, str]:
    return {name: headers.one_line(message, name) for name in ("From", "To", "Date", "Subject")}
