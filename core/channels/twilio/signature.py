"""Verify the signature of Twilio's webhooks (Twilio, Webhooks security).

The SDK's validator is not used: it raises on a missing header and on JSON without a hash, reads a port out of the
middle of an IPv6 address, and does not compare in constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

_FORM = "application/x-www-form-urlencoded"
_MOST_PARAMETERS = 1000
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")
_PORTS = {"https": 443, "http": 80}


def looks_signed(header: str) -> bool:
    """Return whether the header could be a signature at all (20 bytes in base64), without reading the body."""
    return _SIGNATURE.fullmatch(header) is not None


def verify_signature(
    url: str, raw_body: bytes, content_type: str | None, header: str | None, tokens: Sequence[str]
) -> bool:
    """Return whether `X-Twilio-Signature` signs this request with one of the auth tokens. Never raises.

    `url` is the configured public one with the query exactly as received. Twilio signs it sometimes with and sometimes
    without the port, so both are accepted.
    """
    if not header:
        return False
    try:
        received = header.encode("latin-1")
        signed = [
            (address + parameters).encode("utf-8", "surrogateescape")
            for address in _spellings(url)
            for parameters in _parameters(url, raw_body, content_type)
        ]
    except ValueError:
        return False
    genuine = False
    for token in filter(None, tokens):
        for text in signed:
            expected = base64.b64encode(hmac.new(token.encode(), text, hashlib.sha1).digest())
            genuine |= hmac.compare_digest(expected, received)
    return genuine


def _spellings(url: str) -> set[str]:
    """Return the URL without fragment, with its port and without. Raises ValueError for an invalid port."""
    parts = urlsplit(url)._replace(fragment="")
    host = parts.netloc.removesuffix(f":{parts.port}") if parts.port is not None else parts.netloc
    port = parts.port or _PORTS.get(parts.scheme, 443)
    return {_with_host(parts, parts.netloc), _with_host(parts, host), _with_host(parts, f"{host}:{port}")}


def _with_host(parts: SplitResult, host: str) -> str:
    return parts._replace(netloc=host).geturl()


def _parameters(url: str, raw_body: bytes, content_type: str | None) -> list[str]:
    """Return what follows the URL in the signed text. Raises ValueError if the body cannot have been signed.

    A form: names and values sorted, blanks included. Twilio's libraries sign a repeated pair once, its documentation
    twice. Any other body: nothing, but the URL contains its SHA-256.
    """
    if _FORM in (content_type or "").lower() or not raw_body:
        text = raw_body.decode("utf-8", "surrogateescape")
        pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=_MOST_PARAMETERS)
        return ["".join(name + value for name, value in chosen) for chosen in (sorted(set(pairs)), sorted(pairs))]
    announced = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0].lower()
    actual = hashlib.sha256(raw_body).hexdigest()
    if not hmac.compare_digest(announced.encode("utf-8", "surrogatepass"), actual.encode()):
        raise ValueError("the body is not the one that was signed")
    return [""]
