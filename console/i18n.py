"""Translations in Spanish, English and Portuguese: a folder per language, a flat file per area or provider."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from functools import cache
from pathlib import Path

import streamlit as st
from babel.numbers import format_decimal

from console import auth
from core.accounts.sessions import CurrentAgent
from core.channels.registry import PROVIDERS

LANGUAGES = {"es": "Español", "en": "English", "pt": "Português"}
DEFAULT = "es"
_FOLDER = Path(__file__).with_name("locales")
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return all texts of a language. Raises `ValueError` for a duplicate key."""
    words: dict[str, str] = {}
    own = [provider.locales / f"{language}.json" for provider in PROVIDERS.values()]
    for file in [*sorted((_FOLDER / language).glob("*.json")), *own]:
        area: dict[str, str] = json.loads(file.read_text("utf-8"))
        if twice := words.keys() & area.keys():
            raise ValueError(f"{file}: {sorted(twice)} are said elsewhere")
        words |= area
    return words


def text(language: str, key: str, **values: object) -> str:
    """Return the text of `key`, numbers in the language's format. Raises `KeyError` for an unknown key."""
    words = catalogue(language)[key]
    return words.format(**{name: _shown(language, one) for name, one in values.items()}) if values else words


def _shown(language: str, value: object) -> object:
    """Return a number in the language's format, anything else unchanged."""
    return format_decimal(value, locale=language) if isinstance(value, int | float | Decimal) else value


def of_header(accept_language: str) -> str:
    """Return the first supported language of an Accept-Language header."""
    for part in accept_language.split(","):
        code = part.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return DEFAULT


def of_agent(agent: CurrentAgent | None, accept_language: str) -> str:
    """Return the agent's language, else their browser's."""
    if agent is not None and agent.language in LANGUAGES:
        return agent.language
    return of_header(accept_language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Set the language returned by `current` outside of page runs."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def current() -> str:
    """Return the viewer's language."""
    return _spoken.get() or of_agent(auth.current_agent(), st.context.locale or "")


def t(key: str, **values: object) -> str:
    """Return the text of `key` in the viewer's language."""
    return text(current(), key, **values)


def section(name: str) -> dict[str, str]:
    """Return the texts with the prefix `name.`, without the prefix, for a component."""
    start = f"{name}."
    return {key.removeprefix(start): words for key, words in catalogue(current()).items() if key.startswith(start)}
