"""Translation of Streamlit's built-in texts, which are English only and mostly not configurable.

The locale section `builtin` holds them; the English ones must match Streamlit's exactly.
"""

from __future__ import annotations

from console.components import load
from console.i18n import LANGUAGES, catalogue

_START = "builtin."


def translations(language: str) -> list[tuple[str, str]]:
    """Return Streamlit's texts with their translations."""
    english, words = catalogue("en"), catalogue(language)
    return [(english[key], words[key]) for key in english if key.startswith(_START) and english[key] != words[key]]


_COMPONENT = load("builtin", "<i hidden></i>", {language: translations(language) for language in LANGUAGES})


def builtin(language: str) -> None:
    """Mount it. It translates texts on the page from now on, and sets the page's language."""
    _COMPONENT(key="builtin", data={"language": language})
