"""Component that redirects the browser to the sign-in page."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("leave", "<i hidden></i>")


def leave() -> None:
    """Have the browser leave for the sign-in page."""
    _COMPONENT(key="leave", data={})
