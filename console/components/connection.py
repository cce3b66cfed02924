"""What the page says by itself: that it has no connection, and that an address leads nowhere.

Streamlit's own dialogs for both are English, written for developers, and take the page away from whoever is writing.
"""

from __future__ import annotations

from console.components import load

_COMPONENT = load("connection", "<i hidden></i>")


def connection(words: dict[str, str]) -> None:
    """Mount it with the words of the section `connection`. What it shows outlives redraws and the connection."""
    _COMPONENT(key="connection", data={"words": words})
