"""Is this webhook from Meta? (Graph API, Webhooks: "Verification requests" and "Validating payloads")."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

_SIGNATURE = re.compile(r"sha256=[0-9a-fA-F]{64}")


def looks_signed(header: str) -> bool:
    """Whether the header could be a signature at all, which can be told without the body."""
    return _SIGNATURE.fullmatch(header.strip()) is not None


def verify_signature(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether `X-Hub-Signature-256` signs the raw body with one of the app secrets. Never raises."""
    if not header or not header.startswith("sha256="):
        return False
    given = header[7:].strip().lower().encode("utf-8", "surrogatepass")
    genuine = False
    for secret in secrets:
        if secret:
            expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
            genuine |= hmac.compare_digest(expected, given)
    return genuine


def verify_challenge(args: Mapping[str, str], token: str) -> str | None:
    """The challenge to echo, verbatim, or None if the request may not subscribe."""
    given = args.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
    known = bool(token) and hmac.compare_digest(given, token.encode())
    if not known or args.get("hub.mode") != "subscribe":
        return None
    return args.get("hub.challenge") or None
