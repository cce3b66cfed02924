"""The button that signs out: a real form, so that the answer can take the cookie back."""

from __future__ import annotations

from console.components import load

_COMPONENT = load("logout", "<form method='post' action='/auth/logout'><button></button></form>")


def logout_button(label: str) -> None:
    _COMPONENT(key="logout", data={"label": label})
