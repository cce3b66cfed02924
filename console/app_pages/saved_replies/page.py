"""Saved replies page: texts the composer offers after a slash."""

from __future__ import annotations

import streamlit as st

from console import auth, layout
from console.app_pages.inbox import commands, queries
from console.i18n import t
from core.conversations.canned_responses import LONGEST_TEXT
from core.platform.errors import BotHubError

state = st.session_state
agent = layout.viewer()
may_edit = agent.role in auth.MANAGERS


def _save() -> None:
    try:
        commands.save_reply(state["shortcut"], state["words"])
    except BotHubError as error:
        state["reply_error"] = layout.say(error)
    else:
        state["shortcut"] = state["words"] = ""


def _edit(shortcut: str, words: str) -> None:
    state["shortcut"], state["words"] = shortcut, words


with layout.page():
    st.title(t("nav.saved_replies"))
    st.caption(t("saved.lead"))
    if may_edit:
        with st.form("saved_reply", clear_on_submit=False):
            st.text_input(t("saved.shortcut"), key="shortcut", max_chars=31, placeholder="saludo")
            st.text_area(t("saved.text"), key="words", max_chars=LONGEST_TEXT, help=t("saved.variables"), height=110)
            st.form_submit_button(t("saved.save"), type="primary", on_click=_save)
        if error := state.pop("reply_error", None):
            st.error(error, icon=":material/error:")
    replies = queries.replies()
    if not replies:
        st.info(t("saved.empty"), icon=":material/quickreply:")
    for one in replies:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(gap=None, width="stretch"):
                st.markdown(f"**/{one.shortcut}**")
                st.text(one.text)
            if may_edit:
                st.button(
                    "", icon=":material/edit:", key=f"edit_{one.id}", help=t("saved.edit"), type="tertiary",
                    on_click=_edit, args=(one.shortcut, one.text),
                )  # fmt: skip
                with st.popover("", icon=":material/delete:", help=t("saved.remove"), type="tertiary"):
                    st.button(
                        t("saved.remove_sure"), key=f"remove_{one.id}", on_click=commands.remove_reply, args=(one.id,)
                    )
