"""Trigger that scripts in other components can fire.

Streamlit reruns the fragment that contains a component: a click that concerns another fragment would need two runs.
With a trigger in that other fragment it needs one.
"""

from __future__ import annotations

from collections.abc import Callable

from console.components import load

_COMPONENT = load("trigger", "<i hidden></i>")


def trigger(name: str, on_pull: Callable[[], None] | None = None) -> None:
    """Mount it. `pull(name, value)` in triggers.js reruns its fragment; `pulled` in its state is that value."""
    _COMPONENT(key=f"trigger_{name}", data={"name": name}, **({"on_pulled_change": on_pull} if on_pull else {}))
