"""The left pane: who wrote, by view."""

from __future__ import annotations

import streamlit as st

from console import shell
from console.actions import conversations as actions
from console.components.inbox_list import inbox_list
from console.data import inbox as data
from console.desk import selection
from console.i18n import current, section, t
from core.conversations.listing import View
from core.errors import BotHubError

state = st.session_state


def _opened() -> None:
    selection.choose(int(state["list"].open))
    try:
        actions.mark_seen(int(state["list"].open))
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
    st.rerun(["list", "thread"])


@st.fragment(key="list")
def pane() -> None:
    agent = shell.viewer()
    counts = data.counts()
    with st.container(key="list_head"):
        view = st.segmented_control(
            t("inbox.view"), list(View), default=View.ALL, key="view", required=True, label_visibility="collapsed",
            format_func=lambda one: _view_name(one, counts), width="stretch",
        )  # fmt: skip
    inbox_list(
        data.rows(View(view)),
        selection.chosen(),
        words=section("list"),
        language=current(),
        timezone=agent.timezone,
        key="list",
        on_open=_opened,
    )


def _view_name(view: View, counts: dict[View, int]) -> str:
    number = counts.get(view)
    return t(f"inbox.{view}") if not number else t("inbox.count", view=t(f"inbox.{view}"), number=number)
