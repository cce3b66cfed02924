"""Advice for provider rejections in the viewer's language."""

from __future__ import annotations

from console.i18n import catalogue, current

# Codes by what has to be fixed. Sources: Meta, Graph API, Error handling and Cloud API error codes; Twilio, Error and
# warning dictionary.
_REASONS = {
    "token": ("0", "102", "190"),
    "permission": ("3", "10", "200", "299", "131005"),
    "identity": ("33", "100", "20404"),
    "credentials": ("20003", "20005", "http_401"),
    "network": ("timeout", "network", "connection"),
}


def reason(detail: str) -> str:
    """Return advice for an answer that starts with a provider code, "" if there is none for it."""
    code = detail.partition(":")[0].strip()
    name = next((name for name, codes in _REASONS.items() if code in codes), "")
    return catalogue(current()).get(f"channels.refused_{name}", "")
