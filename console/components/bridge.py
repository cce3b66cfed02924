"""Websocket client component: receives change events and refreshes the inbox or the tab's title."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("bridge", "<i hidden></i>")


def bridge(*, waiting: int, key: str) -> None:
    """Mount it. Its trigger `tick` reruns the fragment with the list of changed conversation ids; 0 means all."""
    _COMPONENT(key=key, data={"waiting": waiting})
