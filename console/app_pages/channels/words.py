"""Why a provider does not accept a channel, in the words of whoever looks."""

from __future__ import annotations

from console.i18n import catalogue, current

# Codes by what has to be mended. Sources: Meta, Graph API, Error handling and Cloud API error codes; Twilio, Error and
# warning dictionary.
_REASONS = {
    "token": ("0", "102", "190"),
    "permission": ("3", "10", "200", "299", "131005"),
    "identity": ("33", "100", "20404"),
    "credentials": ("20003", "20005", "http_401"),
    "network": ("timeout", "network", "connection"),
}


def reason(detail: str) -> str:
    """What to do about an answer that begins with the provider's code; "" for a code that has no words of ours."""
    code = detail.partition(":")[0].strip()
    name = next((name for name, codes in _REASONS.items() if code in codes), "")
    return catalogue(current()).get(f"channels.refused_{name}", "")
