"""Advice for provider rejections in the viewer's language."""

from __future__ import annotations

from console.i18n import catalogue, current
from core.channels.registry import PROVIDERS

_UNREACHED = frozenset({"connect", "timeout", "disconnected"})  # codes of `core.channels.http`


def reason(provider: str, detail: str) -> str:
    """Return advice for an answer that starts with a provider code, "" if there is none for it."""
    code = detail.partition(":")[0].strip()
    name = "network" if code in _UNREACHED else PROVIDERS[provider].refusals.get(code, "")
    words = catalogue(current())
    return words.get(f"provider.{provider}.refused_{name}") or words.get(f"channels.refused_{name}", "")
