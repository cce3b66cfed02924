"""The parts of a mail: its text, and its files by their number."""

from __future__ import annotations

import email
import mimetypes
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser

from core.channels.mailbox import headers, html_text, quotes
from core.channels.mailbox.charsets import decode

MOST_FILES = 50
_MOST_PARTS = 500
_LONGEST_TEXT = 100_000  # characters of a mail's text
_STUB = 200  # characters: a shorter plain text beside much HTML only says that there is HTML
_NAMES = re.compile(r"[/\\\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class Text:
    """A mail's text: what is new in it, and what it quotes."""

    new: str = ""
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file of a mail. `number` counts the leaves of its tree."""

    number: int
    mime_type: str
    filename: str
    part: Message


def read(raw: bytes) -> Message:
    """Parse a mail. What is nested too deeply, or has boundaries that are none, is read as one text."""
    try:
        return email.message_from_bytes(raw, policy=policy.compat32)
    except (RecursionError, ValueError, TypeError):
        flat = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
        del flat["Content-Type"], flat["Content-Transfer-Encoding"]
        return flat


def children(part: Message) -> list[Message]:
    """Return the parts of a part. `get_payload` of a text would decode it, by a charset that may be none."""
    payload = part.get_payload() if part.is_multipart() else []
    return [one for one in payload if isinstance(one, Message)]


def text_of(message: Message) -> Text:
    """Return the text that people see."""
    try:
        found = _text(message)
    except RecursionError:
        found = _joined([_words(part) for part in _leaves(message) if _is_text(part)])
    return Text(found.new[:_LONGEST_TEXT], found.quoted[:_LONGEST_TEXT])


def files(message: Message) -> Iterator[FilePart]:
    """Yield the files: attachments, pictures within the text, attached mails, and what is of no known kind."""
    found = 0
    for number, part in enumerate(_leaves(message)):
        if _is_text(part) or (part is message and not _filename(part) and part.get_content_maintype() == "text"):
            continue
        if part.get_content_type() in _REPORTS or found == MOST_FILES:
            continue
        found += 1
        yield FilePart(number, part.get_content_type(), _filename(part) or _made_name(part, number), part)


_REPORTS = frozenset({"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"})


def content(part: Message) -> bytes:
    """Return the bytes of a file; none of an attached mail that cannot be written, such as one nested too deeply."""
    if part.is_multipart():
        inner = part.get_payload(0)
        if not isinstance(inner, Message):
            return b""
        ways: tuple[Callable[[], bytes], ...] = (
            inner.as_bytes,
            lambda: inner.as_string().encode("utf-8", "surrogateescape"),
        )
        for write in ways:
            with suppress(MessageError, ValueError, LookupError, TypeError, RecursionError):
                return write()
        return b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that are no containers, in order. An attached mail is one part."""
    waiting, seen = [message], 0
    while waiting and seen < _MOST_PARTS:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(children(part)))
            continue
        seen += 1
        yield part


def _text(part: Message) -> Text:
    if part.get_content_maintype() != "multipart" or not part.is_multipart():
        return _words(part) if _is_text(part) else Text()
    inner = children(part)
    if part.get_content_subtype() == "alternative":
        return _best(inner)
    if part.get_content_subtype() == "report":  # the notice; the rest is for programs
        return _text(inner[0]) if inner else Text()
    return _joined([_text(one) for one in inner[:_MOST_PARTS]])


def _best(versions: list[Message]) -> Text:
    """Return the plain version, unless it is empty or only a hint at the other."""
    plain = _joined([_text(one) for one in versions if one.get_content_type() == "text/plain"])
    if len(plain.new) + len(plain.quoted) >= _STUB:
        return plain
    others = [_text(one) for one in versions if one.get_content_type() != "text/plain"]
    rich = max(others, key=lambda one: len(one.new) + len(one.quoted), default=Text())
    enough = len(plain.new.strip()) * 4 >= len(rich.new) or not rich.new
    return plain if plain.new and enough else rich


def _joined(texts: list[Text]) -> Text:
    return Text(
        "\n\n".join(one.new for one in texts if one.new), "\n\n".join(one.quoted for one in texts if one.quoted)
    )


def _is_text(part: Message) -> bool:
    """Return whether people read the part in place."""
    unparted = part.get_content_maintype() == "multipart" and not part.is_multipart()  # its boundary occurs nowhere
    if not unparted and part.get_content_type() not in ("text/plain", "text/html"):
        return False
    return part.get_content_disposition() != "attachment" and not _filename(part)


def _words(part: Message) -> Text:
    payload = part.get_payload(decode=True)
    written = decode(payload if isinstance(payload, bytes) else b"", _charset(part))
    if part.get_content_type() == "text/html":
        new, quoted = html_text.to_text(written)
        own, more = quotes.split(new[:_LONGEST_TEXT])
        return Text(own, "\n\n".join(filter(None, (more, quoted))))
    written = written.replace("\r\n", "\n").replace("\r", "\n").strip("\n")[:_LONGEST_TEXT]
    if _parameter(part, "format").lower() == "flowed":
        written = _unflowed(written)
    return Text(*quotes.split(written))


def _unflowed(text: str) -> str:
    """Join the lines that a mail program broke (RFC 3676)."""
    joined: list[str] = []
    soft = False
    for stuffed in text.split("\n"):
        line = stuffed.removeprefix(" ")
        if soft and not line.startswith(">") and line != "-- ":
            joined[-1] += line
        else:
            joined.append(line)
        soft = line.endswith(" ") and line != "-- " and not line.startswith(">")
    return "\n".join(joined)


def _charset(part: Message) -> str:
    return _parameter(part, "charset")


def _parameter(part: Message, name: str, header: str = "content-type") -> str:
    """Return a parameter of a header, decoded (RFC 2231 and what mail programs write instead)."""
    try:
        value = part.get_param(name, header=header)
    except (ValueError, LookupError, TypeError):
        return ""
    if isinstance(value, tuple):
        charset, _, encoded = value
        return decode(str(encoded).encode("latin-1", "replace"), charset)
    return headers.encoded_words(value) if isinstance(value, str) else ""


def _filename(part: Message) -> str:
    name = _parameter(part, "filename", "content-disposition") or _parameter(part, "name")
    return headers.plain(_NAMES.sub(" ", name))[-200:]


def _made_name(part: Message, number: int) -> str:
    """Return a name for a file that has none."""
    if part.get_content_type() == "message/rfc822" and (inner := children(part)):
        subject = headers.one_line(inner[0], "Subject")
        return f"{_NAMES.sub(' ', subject)[:100] or 'mail'}.eml"
    ending = mimetypes.guess_extension(part.get_content_type()) or ""
    return f"{part.get_content_maintype()}-{number}{ending}"
