"""Short-lived undo offer for the last action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from console import layout
from console.i18n import t
from core.platform.errors import BotHubError

PANES = ("opened", "list", "undo")  # in draw order
state = st.session_state


@dataclass(frozen=True, slots=True)
class _Offer:
    """An undo offer. `number` makes each one distinct, so that each is shown for its full time."""

    number: int
    said: str
    act: Callable[[], None]


def offer(said: str, act: Callable[[], None]) -> None:
    """Show what was done with an undo button. Rerun the fragment "undo" afterwards."""
    last: _Offer | None = state.get("undo_offer")
    state["undo_offer"] = _Offer(1 if last is None else last.number + 1, said, act)


@st.fragment(key="undo")
def bar() -> None:
    """Draw the offer to undo the last action until it is used, hidden or replaced."""
    offered: _Offer | None = state.get("undo_offer")
    if offered is None or state.get("undo_gone") == offered.number:
        return
    with st.container(key=f"undo_bar_{offered.number}", horizontal=True, vertical_alignment="center", gap="small"):
        st.text(offered.said)
        st.button(t("contact.undo"), key="undo", type="primary", icon=":material/undo:", on_click=_undo,
                  args=(offered,))  # fmt: skip
        st.button("", key="undo_hide", type="tertiary", icon=":material/close:", help=t("contact.undo_hide"),
                  on_click=_hide, args=(offered,))  # fmt: skip


def _undo(offered: _Offer) -> None:
    state["undo_gone"] = offered.number
    try:
        offered.act()
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")
    else:
        layout.toast(t("contact.undone"), icon=":material/undo:")
    st.rerun(list(PANES))


def _hide(offered: _Offer) -> None:
    state["undo_gone"] = offered.number
    st.rerun(["undo"])
