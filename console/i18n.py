"""The console's words in Spanish, English and Portuguese: a folder each, a flat file an area."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import streamlit as st

from console import auth
from core.accounts.sessions import CurrentAgent

LANGUAGES = {"es": "Español", "en": "English", "pt": "Português"}
DEFAULT = "es"
_FOLDER = Path(__file__).with_name("locales")
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


@cache
def catalogue(language: str) -> dict[str, str]:
    """The files of the language's folder, one an area. A key said twice is a bug: raises `ValueError`."""
    words: dict[str, str] = {}
    for file in sorted((_FOLDER / language).glob("*.json")):
        area: dict[str, str] = json.loads(file.read_text("utf-8"))
        if twice := words.keys() & area.keys():
            raise ValueError(f"{file}: {sorted(twice)} are said elsewhere")
        words |= area
    return words


def text(language: str, key: str, **values: object) -> str:
    """The words of `key`. A key that is not there is a bug: raises `KeyError`."""
    words = catalogue(language)[key]
    return words.format(**values) if values else words


def of_header(accept_language: str) -> str:
    """The first of a browser's languages that we speak."""
    for part in accept_language.split(","):
        code = part.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return DEFAULT


def of_agent(agent: CurrentAgent | None, accept_language: str) -> str:
    """Somebody's own choice, else their browser's."""
    if agent is not None and agent.language in LANGUAGES:
        return agent.language
    return of_header(accept_language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Have `current` say this language where no page runs."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def current() -> str:
    """The language of whoever looks."""
    return _spoken.get() or of_agent(auth.current_agent(), st.context.locale or "")


def t(key: str, **values: object) -> str:
    """The words of `key` for whoever looks."""
    return text(current(), key, **values)


def section(name: str) -> dict[str, str]:
    """The words that start with `name.`, without it, for a component's script."""
    start = f"{name}."
    return {key.removeprefix(start): words for key, words in catalogue(current()).items() if key.startswith(start)}
