"""Messages the browser shows without the server: connection lost, page not found.

Streamlit's own dialogs for both are English, written for developers, and interrupt typing.
"""

from __future__ import annotations

from console.components import load

_COMPONENT = load("connection", "<i hidden></i>")


def connection(words: dict[str, str]) -> None:
    """Mount it with the texts of the section `connection`. Its message survives redraws and lost connections."""
    _COMPONENT(key="connection", data={"words": words})
