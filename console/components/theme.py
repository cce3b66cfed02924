"""Light, dark or system theme, stored in the browser because it belongs to the device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from console.components import load

_COMPONENT = load("theme", '<div role="radiogroup"></div>')
# Streamlit stores the choice per page path: set it for all pages.
_PATHS = [
    "/",
    *(f"/{page.parent.name}" for page in sorted((Path(__file__).parents[1] / "app_pages").glob("*/page.py"))),
]


def theme(label: str, names: Sequence[str]) -> None:
    """Mount the selection; `names` are the labels for light, dark and system."""
    choices = [list(pair) for pair in zip(("Light", "Dark", "System"), names, strict=True)]
    _COMPONENT(key="theme", data={"label": label, "choices": choices, "paths": _PATHS})
