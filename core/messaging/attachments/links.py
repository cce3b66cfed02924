"""Links by which a provider fetches a file of ours: signed, for a time, and of use for nothing else."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from core.platform.crypto import signing_keys

PATH = "/api/files"
LIFE_SECONDS = 12 * 3600  # Twilio keeps a message that it cannot send yet for ten hours at most (ValidityPeriod)
_PURPOSE = "links to files"
_TOKEN = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,12})\.([0-9a-f]{64})", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Linked:
    business_id: int
    attachment_id: int
    expired: bool


def link(base: str, business_id: int, attachment_id: int, filename: str) -> str:
    """An address under `base` that gives the file to whoever knows it, for `LIFE_SECONDS`."""
    signed = f"{business_id}.{attachment_id}.{int(time.time()) + LIFE_SECONDS}"
    token = f"{signed}.{_signature(signing_keys(_PURPOSE)[0], signed)}"
    return f"{base.rstrip('/')}{PATH}/{token}/{quote(plain_name(filename))}"


def read(token: str) -> Linked | None:
    """What a link stands for; None if we did not make it. Links made with a retired key are good until they expire."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    signed, given = token.rsplit(".", 1)
    signatures = [_signature(key, signed) for key in signing_keys(_PURPOSE)]
    if not any([hmac.compare_digest(signature, given) for signature in signatures]):  # noqa: C419 - all, always
        return None
    return Linked(int(match[1]), int(match[2]), expired=int(match[3]) < time.time())


def plain_name(filename: str) -> str:
    """A file's name as Twilio wants it in an address: few signs, and short (Accepted content types for media)."""
    unaccented = unicodedata.normalize("NFKD", filename)  # "precios-ano.pdf", not "precios-a-o.pdf"
    stem, dot, ending = "".join(sign for sign in unaccented if not unicodedata.combining(sign)).rpartition(".")
    stem, ending = (_UNSAFE.sub("-", part).strip("-.") for part in ((stem, ending) if dot else (ending, "")))
    return (stem[:60] or "file") + (f".{ending[:10]}" if ending else "")


def _signature(key: bytes, signed: str) -> str:
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
