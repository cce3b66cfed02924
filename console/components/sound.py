"""Whether a customer's message sounds: kept by the browser, as each desk has its own ears."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("sound", "<label><input type='checkbox' role='switch'><span></span></label>")


def sound_switch(label: str) -> None:
    _COMPONENT(key="sound", data={"label": label})
