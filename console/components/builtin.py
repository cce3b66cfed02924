"""Streamlit's own words, in the language of whoever looks: it speaks English only, and most cannot be set.

The section `builtin` holds them: in English as Streamlit has them, letter by letter.
"""

from __future__ import annotations

from console.components import load
from console.i18n import LANGUAGES, catalogue

_START = "builtin."


def translations(language: str) -> list[tuple[str, str]]:
    """What Streamlit says, and how the language says it."""
    english, words = catalogue("en"), catalogue(language)
    return [(english[key], words[key]) for key in english if key.startswith(_START) and english[key] != words[key]]


_COMPONENT = load("builtin", "<i hidden></i>", WORDS={language: translations(language) for language in LANGUAGES})


def builtin(language: str) -> None:
    """Mount it. It translates what stands on the page from now on, and tells browsers the page's language."""
    _COMPONENT(key="builtin", data={"language": language})
