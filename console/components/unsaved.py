"""Browser confirmation before leaving or reloading with unsaved changes."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("unsaved", "<i hidden></i>")


def ask_before_leaving(*, unsaved: bool) -> None:
    """Turn the confirmation on or off, for all pages of the console."""
    _COMPONENT(key="ask_before_leaving", data={"unsaved": unsaved})
