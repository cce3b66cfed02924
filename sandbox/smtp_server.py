"""An SMTP server that takes the business's mails.

What an address begins with says what happens: "returned" is taken and comes back, "unknown" is refused, "later" is
refused for now, and after "lost" the connection breaks before the answer.
"""

from __future__ import annotations

import asyncio
import logging
import re
from email.utils import formatdate, make_msgid
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.events import Events
from sandbox.mailbox import PASSWORD, USER, Mailbox

LARGEST = 40 * 1024 * 1024


async def serve(mailbox: Mailbox, events: Events, host: str, port: int) -> asyncio.Server:
    """Listen on an address."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it warns of its own workings
    handler = _Handler(mailbox, events)
    return await asyncio.get_running_loop().create_server(
        lambda: SMTP(
            handler, authenticator=_authenticate, auth_require_tls=False, enable_SMTPUTF8=True,
            data_size_limit=LARGEST, hostname="sandbox.example",
        ),
        host, port,
    )  # fmt: skip


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


class _Handler:
    """Takes mails as `aiosmtpd` hands them over."""

    def __init__(self, mailbox: Mailbox, events: Events) -> None:
        self._mailbox, self._events = mailbox, events

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("unknown"):
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if envelope.rcpt_tos[0].startswith("later"):
            return "451 4.3.0 Try again later"
        self._take(envelope, envelope.content if isinstance(envelope.content, bytes) else b"")
        if envelope.rcpt_tos[0].startswith("lost"):
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 2.0.0 OK"

    def _take(self, envelope: Envelope, raw: bytes) -> None:
        sent = self._mailbox.send(envelope.rcpt_tos, raw)
        self._events.tell("mail", {"number": sent.number})
        for address in envelope.rcpt_tos:
            if address.startswith("returned"):
                self._mailbox.deliver(bounce(raw, address))


def bounce(raw: bytes, address: str) -> bytes:
    """Return the report that a mail was not delivered (RFC 3464)."""
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    status = "\r\n".join(
        [
            "Reporting-MTA: dns; mx.example", "", f"Final-Recipient: rfc822; {address}", "Action: failed",
            "Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 No such user here", "",
        ]
    )  # fmt: skip
    parts = (
        ("text/plain", f"Your message to {address} could not be delivered.\r\n".encode()),
        ("message/delivery-status", status.encode()),
        ("text/rfc822-headers", head + b"\r\n"),
    )
    lines = [
        "From: Mail Delivery System <mailer-daemon@mx.example>", f"To: {USER}", f"Date: {formatdate()}",
        "Subject: Undelivered Mail Returned to Sender", f"Message-ID: {make_msgid(domain='mx.example')}",
        "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="report"',
    ]  # fmt: skip
    made = b"".join(b"--report\r\nContent-Type: %s\r\n\r\n%s\r\n" % (kind.encode(), text) for kind, text in parts)
    return "\r\n".join([*lines, "", ""]).encode() + made + b"--report--\r\n"
