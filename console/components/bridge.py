"""Websocket client component: receives change events, and refreshes the inbox and the tab's title."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("bridge", "<i hidden></i>")


def bridge(*, waiting: int, key: str) -> None:
    """Mount it. `waiting` is the number of waiting customers."""
    _COMPONENT(key=key, data={"waiting": waiting})
