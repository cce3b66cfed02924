"""Message-IDs of ours, which say which message they are of and cannot be made up by others."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator

from core.platform.signing import signing_keys

_PURPOSE = "message ids"
_SIGNATURE = 24  # hexadecimal digits
_OURS = re.compile(rf"<bothub\.([0-9]{{1,18}})\.([0-9a-f]{{8}})\.([0-9a-f]{{{_SIGNATURE}}})@[^\s<>@]+>", re.ASCII)


def new(message_id: int, domain: str) -> str:
    """Return a Message-ID for one attempt to send a message."""
    signed = f"{message_id}.{secrets.token_hex(4)}"
    return f"<bothub.{signed}.{_signature(signing_keys(_PURPOSE)[0], signed)}@{domain}>"


def ours(text: str) -> Iterator[tuple[int, str]]:
    """Yield the Message-IDs of ours in a text, each with our id of its message."""
    for found in _OURS.finditer(text):
        signed = f"{found[1]}.{found[2]}"
        if any(hmac.compare_digest(_signature(key, signed), found[3]) for key in signing_keys(_PURPOSE)):
            yield int(found[1]), found[0]


def _signature(key: bytes, signed: str) -> str:
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()[:_SIGNATURE]
