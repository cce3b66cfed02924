"""Dialogs of the inbox, and the bar with what was done and a button to undo it. Browsers open them."""

from __future__ import annotations

from console.components import load
from console.i18n import t

_COMPONENT = load("dialogs", "<div class='dialogs'></div>")


def dialogs() -> None:
    """Mount it, outside of what a small screen hides."""
    words = {name: t(f"contact.{name}") for name in ("undo", "undo_hide", "shut")}
    _COMPONENT(key="dialogs", data={"words": words, "refused": t("inbox.refused")})
