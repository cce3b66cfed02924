"""Read mail headers as they come: encoded words, raw bytes, broken folding, addresses that are none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, quote

from core.channels.kinds import rules
from core.channels.mailbox.charsets import decode
from core.channels.types import InvalidMessage, Kind

LONGEST = 1000  # characters of a header that is shown
_LONGEST_RAW = 64 * 1024
_MOST_ADDRESSES = 100
_LONGEST_ID = 512
_ID = re.compile(r"<[^\s<>@\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+>")
_SPECIAL = re.compile(r"[()<>@,:;\"\[\]\\]")
_INVISIBLE = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with its owner's name, "" if none is given."""

    address: str
    name: str = ""

    @property
    def written(self) -> str:
        """Return both, for people: a name that looks like addresses is quoted."""
        name = f'"{quote(self.name)}"' if _SPECIAL.search(self.name) else self.name
        return f"{name} <{self.address}>" if name else self.address


def one_line(message: Message, name: str) -> str:
    """Return a header's text on one line, without characters that change its direction."""
    return plain(encoded_words(_raw(message, name)))[:LONGEST]


def plain(text: str) -> str:
    """Return a text on one line, without control characters and those that change the direction of writing."""
    kept = (" " if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in text)
    return " ".join("".join(sign for sign in kept if sign not in _INVISIBLE).split())


def word(message: Message, name: str) -> str:
    """Return a header that is a keyword, in lower case and without parameters or comments."""
    return re.split(r"[;(\s]", _raw(message, name).strip().lower(), maxsplit=1)[0]


def fails_dmarc(message: Message) -> bool:
    """Return whether the server that took the mail in says that another wrote it (RFC 8601): its word is the first."""
    return re.search(r"\bdmarc\s*=\s*fail\b", _raw(message, "Authentication-Results"), re.I) is not None


def mailboxes(message: Message, name: str) -> list[Mailbox]:
    """Return the usable addresses of all headers of a name, once each."""
    found: dict[str, Mailbox] = {}
    for shown, address in _addresses(_all_raw(message, name)):
        try:
            value = rules(Kind.EMAIL).read_address(encoded_words(address)).value
        except InvalidMessage:
            continue
        found.setdefault(value, Mailbox(value, plain(encoded_words(shown))[:200]))
        if len(found) == _MOST_ADDRESSES:
            break
    return list(found.values())


def ids(message: Message, name: str) -> list[str]:
    """Return the message ids in a header, in order."""
    return ids_in(" ".join(_all_raw(message, name)))


def ids_in(text: str) -> list[str]:
    """Return the message ids in a text, in order, but those that would be decoded where they are written again."""
    return [one for one in _ID.findall(text) if len(one) <= _LONGEST_ID and "=?" not in one]


def _addresses(raw: Sequence[str]) -> list[tuple[str, str]]:
    """Return names and addresses, by each header alone: one that is broken must not spoil the others."""
    found: list[tuple[str, str]] = []
    for value in raw:
        try:
            found += getaddresses([value])
        except (ValueError, IndexError, RecursionError):
            continue
    return found


def _raw(message: Message, name: str) -> str:
    return next(iter(_all_raw(message, name)), "")


def _all_raw(message: Message, name: str) -> list[str]:
    """Return the values with bytes decoded, unfolded, encoded words as they are."""
    wanted = name.lower()
    return [_text(str(value)) for key, value in message.raw_items() if key.lower() == wanted]


def _text(value: str) -> str:
    raw = value[:_LONGEST_RAW].encode("utf-8", "surrogateescape")
    return re.sub(r"\r?\n(?=[ \t])", "", decode(raw, "utf-8"))


def encoded_words(value: str) -> str:
    """Decode encoded words (RFC 2047); what is broken stays as it is."""
    if "=?" not in value:
        return value
    try:
        chunks = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    return "".join(_chunk(*one) for one in chunks)


def _chunk(chunk: str | bytes, charset: str | None) -> str:
    if isinstance(chunk, str):
        return chunk
    if charset is None:  # the library encodes text between encoded words so
        return chunk.decode("raw-unicode-escape", "replace")
    return decode(chunk, charset)
