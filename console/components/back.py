"""On a telephone: from the conversation back to the list."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("back", "<button></button>")


def back_button(label: str) -> None:
    _COMPONENT(key="back", data={"label": label}, width="content")
