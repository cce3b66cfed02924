"""A trigger that scripts elsewhere on the page pull.

Streamlit runs the fragment in which a component stands: one whose click concerns another fragment would make two runs,
the second asked for by the first. With a trigger in that other fragment it is one.
"""

from __future__ import annotations

from collections.abc import Callable

from console.components import load

_COMPONENT = load("trigger", "<i hidden></i>")


def trigger(name: str, on_pull: Callable[[], None] | None = None) -> None:
    """Mount it. `pull(name, value)` of dom.js runs the fragment around it; its state's `pulled` is that value."""
    _COMPONENT(key=f"trigger_{name}", data={"name": name}, **({"on_pulled_change": on_pull} if on_pull else {}))
