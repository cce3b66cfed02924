"""The console's words in Spanish, English and Portuguese: one flat catalogue each."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st

from console import auth

LANGUAGES = {"es": "Español", "en": "English", "pt": "Português"}
DEFAULT = "es"
_FOLDER = Path(__file__).with_name("locales")


@cache
def catalogue(language: str) -> dict[str, str]:
    words: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text("utf-8"))
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


def current() -> str:
    """The language of whoever looks: their own choice, else their browser's."""
    agent = auth.current_agent()
    if agent is not None and agent.language in LANGUAGES:
        return agent.language
    return of_header(st.context.locale or "")


def t(key: str, **values: object) -> str:
    """The words of `key` for whoever looks."""
    return text(current(), key, **values)


def section(name: str) -> dict[str, str]:
    """The words that start with `name.`, without it, for a component's script."""
    start = f"{name}."
    return {key.removeprefix(start): words for key, words in catalogue(current()).items() if key.startswith(start)}
