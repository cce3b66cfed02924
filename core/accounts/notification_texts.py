"""Texts of notifications in Spanish, English and Portuguese: a flat JSON file each in `texts/`, by kind."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Agent, Role

LANGUAGES = ("es", "en", "pt")
DEFAULT = "es"
_FOLDER = Path(__file__).with_name("texts")
# Sentences about these values come last, in this order.
_ORDER = (
    "", "limits", "until", "reason", "advice", "provider_says", "content", "paused", "resumes_at", "by_hand",
    "answers_only", "resumed",
)  # fmt: skip
_LONGEST_VALUE = 300  # characters of a value that a customer or provider wrote


def language_of(session: Session) -> str:
    """Return the language of notifications to the business: that of its first administrator who chose one."""
    languages = select(Agent.language).where(
        Agent.role == Role.ADMINISTRATOR,
        Agent.disabled_at.is_(None),
        Agent.language.is_not(None),
    )
    return session.scalar(languages.order_by(Agent.id).limit(1)) or DEFAULT


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the texts of a language, or of `DEFAULT` if it is not supported."""
    supported = language if language in LANGUAGES else DEFAULT
    texts: dict[str, str] = json.loads((_FOLDER / f"{supported}.json").read_text("utf-8"))
    return texts


def say(language: str, key: str, **values: object) -> str:
    """Return the formatted text of `key`. Raises `KeyError` for an unknown key."""
    return catalogue(language)[key].format(**values)


def severity_word(language: str, severity: str, *, cleared: bool) -> str:
    """Return the severity in one word."""
    return say(language, "severity.cleared" if cleared else f"severity.{severity}")


def sentence(language: str, kind: str, data: Mapping[str, Any], text: str, customer: str = "") -> str:
    """Return the text of a notification, never empty; falls back to `text` if `kind` or its values are missing.

    The text of `kind` is followed by that of `<kind>.<name>`, or of `any.<name>`, for each value that the first text
    does not use.
    """
    texts = catalogue(language)
    if data.get("cleared"):
        kind = f"{kind}.cleared"
    values = {name: _value(texts, name, value) for name, value in data.items()}
    values["customer"] = customer or texts["a_customer"]
    if kind not in texts or (text and not data and _fields(texts[kind]) - {"customer"}):
        return text or texts["no_words"]
    sentences = [texts[kind].format_map(defaultdict(lambda: "—", values))]
    for name in sorted(data, key=lambda name: (_ORDER.index(name) if name in _ORDER else 0, name)):
        more = texts.get(f"{kind}.{name}") or texts.get(f"any.{name}")
        if more and values[name] and f"{{{name}}}" not in texts[kind]:
            sentences.append(more.format(**values))
    return " ".join(sentences)


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def _value(texts: Mapping[str, str], name: str, value: Any) -> str:
    """Format a value for display: codes are translated, or lose their underscores; long values are cut."""
    if isinstance(value, list):
        return ", ".join(_value(texts, name, one) for one in value)
    plain = str(value)
    if translated := texts.get(f"{name}.{plain}"):
        return translated
    if name in texts["codes"].split(","):
        return plain.replace("_", " ").strip()
    return plain if len(plain) <= _LONGEST_VALUE else plain[:_LONGEST_VALUE] + "…"
