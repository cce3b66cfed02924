"""Write a mail: an answer in its thread, with its files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from core.channels.content.files import KINDS, named
from core.channels.content.words import words
from core.channels.kinds import rules
from core.channels.mailbox.headers import ids_in, plain
from core.channels.types import Account, InvalidMessage, Kind, MailThread, Outgoing, OutgoingFile

_LONGEST_SUBJECT = 200  # characters
_POLICY = SMTP.clone(cte_type="7bit")  # not every server takes eight bits
_TYPE = re.compile(r"(?!message/|multipart/)([a-z0-9][a-z0-9.+-]*)/([a-z0-9][a-z0-9.+-]*)")
_MOST_REFERENCES = 12  # RFC 5322 lets the middle of a long thread be left out


def compose(account: Account, outgoing: Outgoing, message_id: str) -> EmailMessage:
    """Return the mail. Raises `InvalidMessage`."""
    thread = outgoing.thread or MailThread("")
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(account.identity, account.credentials.get("from_name", ""))
    mail["To"] = _address(outgoing.to)
    if copies := _copies(thread.copies, {account.identity, outgoing.to}):
        mail["Cc"] = copies
    mail["Subject"] = _inert(thread.subject)[:_LONGEST_SUBJECT]
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = message_id
    references = ids_in(" ".join(thread.references))
    if answered := next(iter([*ids_in(outgoing.reply_to or ""), *references[-1:]]), None):
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


def _inert(text: str) -> str:
    """Return a text for a header. Python decodes encoded words that it is given, line breaks within them as well."""
    return plain(text).replace("=?", "= ?")


def _copies(addresses: Sequence[str], without: set[str]) -> list[Address]:
    found: dict[str, Address] = {}
    for address in addresses:
        with suppress(InvalidMessage):
            value = rules(Kind.EMAIL).read_address(address).value
            if value not in without:
                found.setdefault(value, _address(value))
    return list(found.values())


def _address(address: str, name: str = "") -> Address:
    """Return an address for a header, its domain as name servers know it. Raises `InvalidMessage`."""
    user, _, domain = address.rpartition("@")
    try:
        if _inert(address) != address or user.startswith("."):
            raise ValueError("would be another address in a header, or none")
        return Address(_inert(name), user, domain.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError, IndexError) as error:
        raise InvalidMessage("to", "is an address that no mail can be sent to") from error


def _files(outgoing: Outgoing) -> list[OutgoingFile]:
    wanted = {one.attachment_id: None for one in named(outgoing.content) if one.attachment_id is not None}
    missing = [number for number in wanted if number not in outgoing.files]
    if missing:
        raise InvalidMessage("attachment_id", f"{missing[0]} is a file that is not here any more")
    return [outgoing.files[number] for number in wanted]


def _attach(mail: EmailMessage, file: OutgoingFile) -> None:
    known = _TYPE.fullmatch(file.mime_type.partition(";")[0].strip().lower())
    family, name = known.groups() if known else ("application", "octet-stream")
    mail.add_attachment(file.content, maintype=family, subtype=name, filename=_inert(file.filename) or "file")
