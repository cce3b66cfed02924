"""Which browser a session is in, in words a person recognises. A guess: browsers say what they like."""

from __future__ import annotations

# The first that is named wins: Edge calls itself Chrome, Chrome calls itself Safari, Android calls itself Linux.
_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS", "Linux": "Linux",
}  # fmt: skip


def recognise(user_agent: str) -> tuple[str, str] | None:
    """Browser and system, such as ("Firefox", "Windows"); None when they are not known ones."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), None)
    return (browser, system) if browser and system else None
