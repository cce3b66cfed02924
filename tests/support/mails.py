"""Mails as mail programs and servers really write them: a generator by seed, and the odd ones by name."""

from __future__ import annotations

import base64
import random
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

SHOP = "tienda@shop.example"
_NAMES = ("Ana Paz", "José Núñez", "山田 太郎", "O'Brien, Pat", "Müller GmbH", "", "Оля", "A \u202egnp.exe")
_WORDS = (
    "¿Tienen zapatos del 40?", "My order has not arrived.", "Onde está meu pedido?", "Precio: $ 1.200,50 — gracias",
    "日本語のメール", "Grüße aus Köln 🙂", "O'Higgins 1234, piso 3º", "line with trailing dots...",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail with what a person would find in it: `says` are texts that must be shown, `files` how many there are."""

    raw: bytes
    shape: str
    message_id: str
    says: str = ""
    files: int = 0
    automatic: bool = False


def mail(number: int, *, seed: int = 0, sender: str = "") -> Mail:
    """Return a mail of one of the shapes, the same for the same number and seed."""
    chance = random.Random(f"{seed}/{number}")
    shape, make = _SHAPES[number % len(_SHAPES)]
    head = _Head(chance, number, sender or f"ana{number % 40}@mail{number % 7}.example")
    made: Mail = make(chance, head)
    return Mail(made.raw, shape, made.message_id, made.says, made.files, made.automatic)


class _Head:
    def __init__(self, chance: random.Random, number: int, sender: str) -> None:
        self.name, self.sender, self.says = chance.choice(_NAMES), sender, chance.choice(_WORDS) + f" #{number}"
        self.message_id = f"<{number}.{chance.randrange(10**9)}@{sender.partition('@')[2]}>"
        self.date = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=number)
        self.subject = f"{chance.choice(('Consulta', 'Pedido', 'Prueba ñ', 'Re: Order'))} {number}"

    def fill(self, message: EmailMessage) -> EmailMessage:
        message["From"] = formataddr((self.name, self.sender))
        message["To"] = f"Tienda <{SHOP}>"
        message["Subject"], message["Message-ID"] = self.subject, self.message_id
        message["Date"] = format_datetime(self.date)
        return message

    def lines(self, *more: str) -> str:
        return "\r\n".join(
            [
                f"From: {formataddr((str(Header(self.name, 'utf-8')) if self.name else '', self.sender))}",
                f"To: <{SHOP}>", f"Message-ID: {self.message_id}", f"Subject: {Header(self.subject, 'utf-8').encode()}",
                f"Date: {format_datetime(self.date)}", "MIME-Version: 1.0", *more,
            ]
        )  # fmt: skip


def _plain(_: random.Random, head: _Head) -> Mail:
    message = head.fill(EmailMessage())
    message.set_content(f"{head.says}\n")
    return Mail(message.as_bytes(), "", head.message_id, head.says)


def _alternative(_: random.Random, head: _Head) -> Mail:
    message = head.fill(EmailMessage())
    message.set_content(f"{head.says}\n")
    message.add_alternative(f"<html><body><p>{head.says}</p></body></html>", subtype="html")
    return Mail(message.as_bytes(), "", head.message_id, head.says)


def _html_only(chance: random.Random, head: _Head) -> Mail:
    style = "<style>p{color:red}</style>" * chance.randrange(3)
    body = f"<html><head>{style}</head><body><p>{head.says}</p><script>alert(1)</script></body></html>"
    message = head.fill(EmailMessage())
    message.set_content(body, subtype="html", charset="utf-8")
    return Mail(message.as_bytes(), "", head.message_id, head.says)


def _attachments(chance: random.Random, head: _Head) -> Mail:
    message = head.fill(EmailMessage())
    message.set_content(f"{head.says}\n")
    count = chance.randrange(1, 4)
    for number in range(count):
        content = chance.randbytes(chance.randrange(1, 60_000))
        message.add_attachment(content, maintype="application", subtype="pdf", filename=f"año {number}.pdf")
    return Mail(message.as_bytes(), "", head.message_id, head.says, count)


def _inline_picture(chance: random.Random, head: _Head) -> Mail:
    message = head.fill(EmailMessage())
    message.set_content(f"{head.says}\n")
    message.add_alternative(f"<p>{head.says}</p><img src='cid:logo@x'>", subtype="html")
    html = message.get_payload()[1]
    html.add_related(b"\x89PNG\r\n\x1a\n" + chance.randbytes(500), "image", "png", cid="<logo@x>")
    return Mail(message.as_bytes(), "", head.message_id, head.says, 1)


def _eight_bit(_: random.Random, head: _Head) -> Mail:
    raw = head.lines("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
    return Mail(f"{raw}\r\n\r\n{head.says}\r\n".encode(), "", head.message_id, head.says)


def _lying_charset(chance: random.Random, head: _Head) -> Mail:
    declared = chance.choice(("us-ascii", "iso-8859-1", "x-unknown", "utf8mb4", '"'))
    raw = head.lines(f"Content-Type: text/plain; charset={declared}", "Content-Transfer-Encoding: 8bit")
    return Mail(f"{raw}\r\n\r\n{head.says}\r\n".encode(), "", head.message_id, head.says)


def _latin(_: random.Random, head: _Head) -> Mail:
    says = f"¿Cuánto cuesta el envío? {head.sender}"
    raw = head.lines("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit").encode()
    return Mail(raw + b"\r\n\r\n" + says.encode("cp1252") + b"\r\n", "", head.message_id, says)


def _answer(chance: random.Random, head: _Head) -> Mail:
    opening = chance.choice(
        (
            "On Mon, 2 Mar 2026 at 10:01, Tienda <tienda@shop.example> wrote:",
            "El lun, 2 mar 2026 a las 10:01, Tienda (<tienda@shop.example>)\r\nescribió:",
            "Em seg., 2 de mar. de 2026 às 10:01, Tienda <tienda@shop.example>\r\nescreveu:",
        )
    )
    raw = head.lines("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
    text = f"{head.says}\r\n\r\n{opening}\r\n\r\n> Hola, ¿en qué ayudamos?\r\n> Tienda\r\n"
    return Mail(f"{raw}\r\n\r\n{text}".encode(), "", head.message_id, head.says)


def _broken_headers(chance: random.Random, head: _Head) -> Mail:
    odd = chance.choice(
        (
            "Subject: =?utf-8?B?%%%?=", "Content-Type: text/plain; charset", "Content-Type: ;;;", "X: \xff\xfe",
            "References: <a@b <c@d> >", "Content-Transfer-Encoding: base-64-ish", "Cc: ,,;<>\"\"@", "Date: yesterday",
            "Received", " folded without a header",
        )
    )  # fmt: skip
    raw = head.lines().encode() + b"\r\n" + odd.encode("latin-1") + f"\r\n\r\n{head.says}\r\n".encode()
    return Mail(raw, "", head.message_id, head.says)


def _cut_off(chance: random.Random, head: _Head) -> Mail:
    """A mail whose last boundary, and more, is missing."""
    raw = head.lines('Content-Type: multipart/mixed; boundary="b"')
    body = f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{head.says}\r\n\r\n--b\r\n"
    picture = textwrap.fill(base64.b64encode(chance.randbytes(900)).decode(), 76).replace("\n", "\r\n")
    file = f"Content-Type: image/png; name=p.png\r\nContent-Transfer-Encoding: base64\r\n\r\n{picture}"
    return Mail(f"{raw}\r\n\r\n{body}{file}".encode(), "", head.message_id, head.says, 1)


def _nested(chance: random.Random, head: _Head) -> Mail:
    depth = chance.randrange(2, 8)
    part = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{head.says}\r\n"
    for level in range(depth):
        part = f'Content-Type: multipart/mixed; boundary="n{level}"\r\n\r\n--n{level}\r\n{part}\r\n--n{level}--\r\n'
    return Mail(f"{head.lines()}\r\n{part}".encode(), "", head.message_id, head.says)


def _winmail(chance: random.Random, head: _Head) -> Mail:
    message = head.fill(EmailMessage())
    message.set_content(f"{head.says}\n")
    content = b"\x78\x9f\x3e\x22" + chance.randbytes(3000)
    message.add_attachment(content, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    return Mail(message.as_bytes(), "", head.message_id, head.says, 1)


def _forwarded_mail(_: random.Random, head: _Head) -> Mail:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "otra@example.com", "Adentro"
    inner.set_content("El de adentro\n")
    message = head.fill(EmailMessage())
    message.set_content(f"{head.says}\n")
    message.add_attachment(inner)
    return Mail(message.as_bytes(), "", head.message_id, head.says, 1)


def _vacation(chance: random.Random, head: _Head) -> Mail:
    mark = chance.choice(
        (
            "Auto-Submitted: auto-replied", "Precedence: bulk", "X-Auto-Response-Suppress: DR, OOF, AutoReply",
            "List-Id: <news.example>", "X-Autoreply: yes", "Return-Path: <>",
        )
    )  # fmt: skip
    raw = head.lines(mark, "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
    return Mail(f"{raw}\r\n\r\n{head.says}\r\n".encode(), "", head.message_id, head.says, automatic=True)


def _huge(chance: random.Random, head: _Head) -> Mail:
    message = head.fill(EmailMessage())
    message.set_content(f"{head.says}\n" + "palabra " * 40_000)
    message.add_attachment(chance.randbytes(700_000), maintype="application", subtype="zip", filename="fotos.zip")
    return Mail(message.as_bytes(), "", head.message_id, head.says, 1)


def _no_id(_: random.Random, head: _Head) -> Mail:
    message = head.fill(EmailMessage())
    del message["Message-ID"]
    message.set_content(f"{head.says}\n")
    return Mail(message.as_bytes(), "", "", head.says)


def _invitation(_: random.Random, head: _Head) -> Mail:
    message = head.fill(EmailMessage())
    message.set_content(f"{head.says}\n")
    message.add_alternative("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar")
    return Mail(message.as_bytes(), "", head.message_id, head.says, 1)


_SHAPES: tuple[tuple[str, Callable[[random.Random, _Head], Mail]], ...] = (
    ("plain", _plain), ("alternative", _alternative), ("html", _html_only), ("attachments", _attachments),
    ("inline", _inline_picture), ("8bit", _eight_bit), ("charset", _lying_charset), ("latin", _latin),
    ("answer", _answer), ("broken", _broken_headers), ("cut off", _cut_off), ("nested", _nested),
    ("winmail", _winmail), ("forwarded", _forwarded_mail), ("vacation", _vacation), ("huge", _huge),
    ("no id", _no_id), ("invitation", _invitation),
)  # fmt: skip


def bounce(message_id: str, recipient: str, *, status: str = "5.1.1", action: str = "failed") -> bytes:
    """Return the report of a mail server that did not deliver a mail (RFC 3464)."""
    return (
        "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\r\n"
        f"To: {SHOP}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"Message-ID: <b{_short(message_id)}@mx.example>\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r\n\r\n'
        "--r\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n\r\n"
        "--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} User unknown\r\n\r\n"
        f"--r\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: {SHOP}\r\nTo: {recipient}\r\n"
        f"Message-ID: {message_id}\r\n\r\n--r--\r\n"
    ).encode()


def _short(text: str) -> str:
    return base64.b16encode(text.encode())[-24:].decode().lower()
