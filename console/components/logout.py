"""The button that signs out: a real form, so that the answer can take the cookie back."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("logout", "<form method='post' action='/auth/logout'><button></button></form>")


def logout_button(label: str, me: int) -> None:
    """Mount it. What this browser keeps of the agent `me`'s unsent words goes as well."""
    _COMPONENT(key="logout", data={"label": label, "me": me})
