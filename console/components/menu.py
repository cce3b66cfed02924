"""Highlights the menu that contains the open page."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("menu", "<i hidden></i>")


def menu(group: str) -> None:
    """Mount it. `group` is the menu's title; "" for a page in the bar itself."""
    _COMPONENT(key="menu", data={"group": group})
