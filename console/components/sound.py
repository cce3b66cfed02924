"""Setting for the new message sound, stored in the browser because it belongs to the device."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("sound", "<label><input type='checkbox' role='switch'><span></span></label>")


def sound_switch(label: str) -> None:
    """Draw the switch of the sound for calls; the browser remembers it."""
    _COMPONENT(key="sound", data={"label": label})
