"""The ear of a page: hears over the live socket what changed, and has it drawn: by the inbox, or in the tab's title."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("bridge", "<i hidden></i>")


def bridge(*, waiting: int, key: str) -> None:
    """Mount it. Its trigger `tick`, which runs the fragment around it, is the list of conversation ids that changed; 0
    stands for all of them.
    """
    _COMPONENT(key=key, data={"waiting": waiting})
