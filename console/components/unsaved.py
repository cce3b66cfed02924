"""Has the browser ask before it leaves or reloads the console while something is not saved."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("unsaved", "<i hidden></i>")


def ask_before_leaving(unsaved: bool) -> None:
    """Hold until told otherwise, on whichever page of the console somebody looks meanwhile."""
    _COMPONENT(key="ask_before_leaving", data={"unsaved": unsaved})
