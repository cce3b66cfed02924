"""Verify Meta's webhooks (Graph API, Webhooks: "Verification requests" and "Validating payloads")."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

_SIGNATURE = re.compile(r"sha256=[0-9a-fA-F]{64}")


def looks_signed(header: str) -> bool:
    """Return whether the header could be a signature at all, without reading the body."""
    return _SIGNATURE.fullmatch(header.strip()) is not None


def verify_signature(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Return whether `X-Hub-Signature-256` signs the raw body with one of the app secrets. Never raises."""
    if not header or not header.startswith("sha256="):
        return False
    received = header[7:].strip().lower().encode("utf-8", "surrogatepass")
    genuine = False
    for secret in secrets:
        if secret:
            expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
            genuine |= hmac.compare_digest(expected, received)
    return genuine


def verify_challenge(args: Mapping[str, str], token: str) -> str | None:
    """Return the challenge to echo, verbatim, or None if the request may not subscribe."""
    received = args.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
    matches = bool(token) and hmac.compare_digest(received, token.encode())
    if not matches or args.get("hub.mode") != "subscribe":
        return None
    return args.get("hub.challenge") or None
