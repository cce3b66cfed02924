"""Write a mail: an answer in its thread, with its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from typing import Any

from core.channels.content.files import KINDS, named
from core.channels.content.words import words
from core.channels.kinds import rules
from core.channels.mailbox.headers import Mailbox, plain
from core.channels.types import Account, InvalidMessage, Kind, MailThread, Outgoing, OutgoingFile

_LONGEST_SUBJECT = 200  # characters
_POLICY = SMTP.clone(cte_type="7bit")  # not every server takes eight bits
_MOST_REFERENCES = 12  # RFC 5322 lets the middle of a long thread be left out


def compose(account: Account, outgoing: Outgoing, message_id: str) -> EmailMessage:
    """Return the mail. Raises `InvalidMessage`."""
    thread = outgoing.thread or MailThread("")
    mail = EmailMessage(policy=_POLICY)
    name = account.credentials.get("from_name", "")
    mail["From"] = _address(Mailbox(account.identity, plain(name)))
    mail["To"] = _address(Mailbox(outgoing.to))
    if copies := _copies(thread.copies, {account.identity, outgoing.to}):
        mail["Cc"] = copies
    mail["Subject"] = plain(thread.subject)[:_LONGEST_SUBJECT]
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = message_id
    references = thread.references
    if answered := outgoing.reply_to or (references[-1] if references else ""):
        mail["In-Reply-To"] = answered
        followed = [one for one in references if one != answered]
        mail["References"] = " ".join([*followed[:1], *followed[1:][-_MOST_REFERENCES:], answered])
    if thread.automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    mail.set_content(text(outgoing.content).replace("\r\n", "\n"), cte=None)
    for file in _files(outgoing):
        _attach(mail, file)
    return mail


def text(content: Mapping[str, Any]) -> str:
    """Return the words of a content. Raises `InvalidMessage` for one that a mail cannot hold."""
    if content["type"] in KINDS:
        return str(content["media"].get("caption") or "")
    return words(content)


def _copies(written: Sequence[str], without: set[str]) -> list[Address]:
    found: dict[str, Address] = {}
    for name, address in getaddresses(list(written)):
        try:
            value = rules(Kind.EMAIL).read_address(address).value
            made = _address(Mailbox(value, plain(name)))
        except InvalidMessage:
            continue
        if value not in without:
            found.setdefault(value, made)
    return list(found.values())


def _address(one: Mailbox) -> Address:
    """Return an address for a header, its domain as name servers know it. Raises `InvalidMessage`."""
    user, _, domain = one.address.rpartition("@")
    try:
        return Address(one.name, user, domain.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError, IndexError) as error:
        raise InvalidMessage("to", "is an address that no mail can be sent to") from error


def _files(outgoing: Outgoing) -> list[OutgoingFile]:
    wanted = {one.attachment_id: None for one in named(outgoing.content) if one.attachment_id is not None}
    missing = [number for number in wanted if number not in outgoing.files]
    if missing:
        raise InvalidMessage("attachment_id", f"{missing[0]} is a file that is not here any more")
    return [outgoing.files[number] for number in wanted]


def _attach(mail: EmailMessage, file: OutgoingFile) -> None:
    family, _, name = file.mime_type.partition(";")[0].strip().partition("/")
    if not name or family in ("message", "multipart"):
        family, name = "application", "octet-stream"
    mail.add_attachment(file.content, maintype=family, subtype=name, filename=plain(file.filename) or "file")
