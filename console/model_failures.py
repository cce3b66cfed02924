"""Failures of the model, in words."""

from __future__ import annotations

from console.i18n import catalogue, current, t
from core.bots.llm.types import FailureKind


def model_failure(error: str) -> str:
    """Return the text of a trace's error, "rejected: HTTP 400: no such model"."""
    kind, _, detail = error.partition(": ")
    words = catalogue(current()).get(f"why.failed_{kind}")
    if words is None:
        return t("why.error", error=error)
    return t("why.error", error=words if kind == FailureKind.TIMEOUT else f"{words} ({detail})")
