"""Readable reasons why a message was not sent."""

from __future__ import annotations

from console.i18n import catalogue, current, t
from core.channels.templates.check import TemplateFault
from core.channels.types import InvalidMessage


def message(error: InvalidMessage) -> str:
    """Return the translated reason, or the error's own text if there is no translation."""
    if not isinstance(error, TemplateFault):
        return str(error)
    told = {**error.params, "part": _part(str(error.params.get("part", "")))}
    if "status" in told:
        told["status"] = catalogue(current()).get(f"template.status_{told['status']}", told["status"])
    return t(f"template.{error.code}", **told)


def _part(part: str) -> str:
    """Translate a part such as "card 1 button 2"."""
    return " ".join(word if word.isdecimal() else t(f"template.part_{word}") for word in part.split())
