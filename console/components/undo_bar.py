"""Bar over the inbox with what was done and a button to undo it, and short messages about commands."""

from __future__ import annotations

from typing import Protocol

from console.components import load
from console.i18n import t

_COMPONENT = load("undo_bar", "<i hidden></i>")


class _Offer(Protocol):
    @property
    def token(self) -> str: ...
    @property
    def said(self) -> str: ...


def undo_bar(offered: _Offer | None) -> None:
    """Mount it. It shows an offer of a script run once; those of commands come with their answers."""
    words = {name: t(f"contact.{key}") for name, key in (("undo", "undo"), ("hide", "undo_hide"))}
    data = {"offer": offered and {"token": offered.token, "said": offered.said}, "words": words}
    _COMPONENT(key="undo_bar", data=data)
