"""Readable browser and system names from a User-Agent header, which browsers may set freely."""

from __future__ import annotations

# The first match wins: Edge calls itself Chrome, Chrome calls itself Safari, Android calls itself Linux.
_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS", "Linux": "Linux",
}  # fmt: skip


def recognise(user_agent: str) -> tuple[str, str] | None:
    """Return browser and system, such as ("Firefox", "Windows"), each None if unknown."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), None)
    return (browser, system) if browser and system else None
