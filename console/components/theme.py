"""Light, dark, or as the system: kept by the browser, as each screen has its own light to be read in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from console.components import load

_COMPONENT = load("theme", '<div role="radiogroup"></div>')
# Streamlit keeps the choice under the address that a page was loaded from: all of ours are set together.
_PATHS = [
    "/",
    *(f"/{page.parent.name}" for page in sorted((Path(__file__).parents[1] / "app_pages").glob("*/page.py"))),
]


def theme(label: str, names: Sequence[str]) -> None:
    """The choice; `names` are the words for light, dark and system."""
    choices = [list(pair) for pair in zip(("Light", "Dark", "System"), names, strict=True)]
    _COMPONENT(key="theme", data={"label": label, "choices": choices, "paths": _PATHS})
