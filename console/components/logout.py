"""Sign-out button: a real form, so that the response can delete the cookie."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("logout", "<form method='post' action='/auth/logout'><button></button></form>")


def logout_button(label: str, me: int) -> None:
    """Mount it. Signing out also deletes the unsent drafts of the agent `me` in this browser."""
    _COMPONENT(key="logout", data={"label": label, "me": me})
