"""Signed, expiring links by which a provider fetches a file of ours."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from core.platform.signing import signing_keys

PATH = "/api/files"
LIFE_SECONDS = 12 * 3600  # Twilio queues an unsent message for ten hours at most (ValidityPeriod)
_PURPOSE = "links to files"
_TOKEN = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,12})\.([0-9a-f]{64})", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Linked:
    """The file of a link with a valid signature."""

    business_id: int
    attachment_id: int
    expired: bool


def link(base: str, business_id: int, attachment_id: int, filename: str) -> str:
    """Return a URL under `base` that serves the file to anyone who has it, for `LIFE_SECONDS`."""
    signed = f"{business_id}.{attachment_id}.{int(time.time()) + LIFE_SECONDS}"
    token = f"{signed}.{_signature(signing_keys(_PURPOSE)[0], signed)}"
    return f"{base.rstrip('/')}{PATH}/{token}/{quote(plain_name(filename))}"


def read(token: str) -> Linked | None:
    """Return what a link stands for; None if it is invalid.

    Links signed with a retired key are valid until they expire.
    """
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    signed, token_signature = token.rsplit(".", 1)
    signatures = [_signature(key, signed) for key in signing_keys(_PURPOSE)]
    if not any([hmac.compare_digest(signature, token_signature) for signature in signatures]):  # noqa: C419 - all, always
        return None
    return Linked(int(match[1]), int(match[2]), expired=int(match[3]) < time.time())


def plain_name(filename: str) -> str:
    """Return a file name as Twilio accepts it in a URL: short and ASCII (Accepted content types for media)."""
    unaccented = unicodedata.normalize("NFKD", filename)  # "precios-ano.pdf", not "precios-a-o.pdf"
    stem, dot, ending = "".join(sign for sign in unaccented if not unicodedata.combining(sign)).rpartition(".")
    stem, ending = (_UNSAFE.sub("-", part).strip("-.") for part in ((stem, ending) if dot else (ending, "")))
    return (stem[:60] or "file") + (f".{ending[:10]}" if ending else "")


def _signature(key: bytes, signed: str) -> str:
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
