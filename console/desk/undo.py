"""A few seconds to take back what was just done to a conversation."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from console import shell
from console.actions import conversations as actions
from console.i18n import t
from core.errors import BotHubError

SECONDS = 10  # shell.css takes it from sight after as long
_BACK: dict[str, Callable[[int], None]] = {"closed": actions.reopen, "snoozed": actions.wake}
_NOTHING = ("", 0, float("-inf"))
state = st.session_state


def offer(what: str, conversation_id: int) -> None:
    """Offer to take back that a conversation was "closed" or "snoozed"."""
    state["undo"] = (what, conversation_id, time.monotonic())


def draw(panes: list[str]) -> None:
    """The offer, while it stands. Taking it draws `panes` again."""
    what, conversation_id, at = state.get("undo", _NOTHING)
    place = st.container(key="undo", gap=None)  # there or not, what follows keeps its place
    if time.monotonic() - at > SECONDS:
        state.pop("undo", None)
        return
    with place.container(key=f"undo_{what}_{conversation_id}", horizontal=True, vertical_alignment="center"):
        done = t(f"undo.{what}")
        st.html(f"<span role='status'>{done}</span>", width="content")
        st.button(t("undo.undo"), key="undo_it", type="tertiary", on_click=_take_back, args=(panes,))


def _take_back(panes: list[str]) -> None:
    what, conversation_id, _ = state.pop("undo", _NOTHING)
    try:
        if what:
            _BACK[what](conversation_id)
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
    st.rerun(panes)
