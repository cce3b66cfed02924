"""The ear of a page: hears over the live socket what changed, and asks for the fragments that show it."""

from __future__ import annotations

from collections.abc import Callable

from console.components import load

_COMPONENT = load("bridge", "<i hidden></i>")


def bridge(*, waiting: int, key: str, on_tick: Callable[[], None]) -> None:
    """Mount it. `tick` of its state is the list of conversation ids that changed; 0 stands for all of them."""
    _COMPONENT(key=key, data={"waiting": waiting}, on_tick_change=on_tick)
