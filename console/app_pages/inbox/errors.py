"""Why a message was not sent, in the words of whoever wrote it."""

from __future__ import annotations

from console.i18n import catalogue, current, t
from core.channels.types import InvalidMessage
from core.channels.whatsapp_cloud.template_check import TemplateFault


def said(error: InvalidMessage) -> str:
    """What has no words of ours keeps its own."""
    if not isinstance(error, TemplateFault):
        return str(error)
    told = {**error.told, "part": _part(str(error.told.get("part", "")))}
    if "status" in told:
        told["status"] = catalogue(current()).get(f"template.status_{told['status']}", told["status"])
    return t(f"template.{error.code}", **told)


def _part(part: str) -> str:
    """ "card 1 button 2" with the names translated."""
    return " ".join(word if word.isdecimal() else t(f"template.part_{word}") for word in part.split())
