"""The mark on the menu in which the open page is."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("menu", "<i hidden></i>")


def menu(group: str) -> None:
    """Mount it. `group` is the menu's title; "" for a page that stands in the bar itself."""
    _COMPONENT(key="menu", data={"group": group})
