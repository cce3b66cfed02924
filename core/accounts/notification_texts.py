"""The words of notices in Spanish, English and Portuguese: a file each in `words/`, flat, by the notice's kind."""

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
# What more is said of these comes last, in this order.
_ORDER = (
    "", "limits", "until", "reason", "advice", "provider_says", "content", "paused", "resumes_at", "by_hand", "resumed",
)  # fmt: skip
_LONGEST_VALUE = 300  # of what others wrote: a customer, a provider


def language_of(session: Session, business_id: int) -> str:
    """The language of what is told to a whole business: that of its first administrator who chose one."""
    chosen = select(Agent.language).where(
        Agent.business_id == business_id,
        Agent.role == Role.ADMINISTRATOR,
        Agent.disabled_at.is_(None),
        Agent.language.is_not(None),
    )
    return session.scalar(chosen.order_by(Agent.id).limit(1)) or DEFAULT


@cache
def catalogue(language: str) -> dict[str, str]:
    """The words of a language; those of `DEFAULT` for one that we do not speak."""
    known = language if language in LANGUAGES else DEFAULT
    words: dict[str, str] = json.loads((_FOLDER / f"{known}.json").read_text("utf-8"))
    return words


def say(language: str, key: str, **values: object) -> str:
    """The words of `key`. Raises `KeyError` for one that is not there."""
    return catalogue(language)[key].format(**values)


def severity_word(language: str, severity: str, *, cleared: bool) -> str:
    """How grave a notice is, in one word."""
    return say(language, "severity.cleared" if cleared else f"severity.{severity}")


def sentence(language: str, kind: str, data: Mapping[str, Any], text: str, customer: str = "") -> str:
    """What a notice says and what to do, never empty; `text` where `kind` has no words, or nothing is known for them.

    After the words of `kind` come those of `<kind>.<name>`, or of `any.<name>`, for each value that is there and that
    the first words do not name.
    """
    words = catalogue(language)
    if data.get("cleared"):
        kind = f"{kind}.cleared"
    values = {name: _value(words, name, value) for name, value in data.items()}
    values["customer"] = customer or words["a_customer"]
    if kind not in words or (text and not data and _named(words[kind]) - {"customer"}):
        return text or words["no_words"]
    said = [words[kind].format_map(defaultdict(lambda: "—", values))]
    for name in sorted(data, key=lambda name: (_ORDER.index(name) if name in _ORDER else 0, name)):
        more = words.get(f"{kind}.{name}") or words.get(f"any.{name}")
        if more and values[name] and f"{{{name}}}" not in words[kind]:
            said.append(more.format(**values))
    return " ".join(said)


def _named(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


def _value(words: Mapping[str, str], name: str, value: Any) -> str:
    """A value as people read it: codes of ours and of a provider's have words, or lose their underscores."""
    if isinstance(value, list):
        return ", ".join(_value(words, name, one) for one in value)
    said = str(value)
    if known := words.get(f"{name}.{said}"):
        return known
    if name in words["codes"].split(","):
        return said.replace("_", " ").strip()
    return said if len(said) <= _LONGEST_VALUE else said[:_LONGEST_VALUE] + "…"
