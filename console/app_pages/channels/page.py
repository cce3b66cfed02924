"""Channels page: numbers, state and set-up. Managers view; administrators change."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, layout
from console.app_pages.channels import card, form, queries
from console.i18n import t

state = st.session_state
agent = layout.viewer()
watcher = card.Watcher(ZoneInfo(agent.timezone), agent.role in auth.ADMINISTRATORS)


@st.fragment(key="channels", run_every=30)
def _cards() -> None:
    layout.viewer()
    if error := state.pop("channels_error", None):
        st.error(error, icon=":material/error:")
    found = queries.cards()
    if not found:
        st.info(t("channels.empty"), icon=":material/cell_tower:")
    for one in found:
        card.draw(one, watcher)


with layout.page():
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(t("nav.channels"))
        if watcher.may_edit:
            st.button(
                t("channels.add"), type="primary", icon=":material/add:", key="channel_add_open", width="content",
                on_click=lambda: state.update(channel_form="new"),
            )  # fmt: skip
    st.caption(t("channels.lead"))
    _cards()

opened = state.get("channel_form") if watcher.may_edit else None
if opened == "new":
    form.add()
elif opened is not None and (wanted := next((one for one in queries.cards() if one.id == opened), None)) is not None:
    form.edit(wanted)
