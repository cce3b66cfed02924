"""Inbox page: conversation list, open conversation and customer panel."""

from __future__ import annotations

import streamlit as st

from console import layout
from console.app_pages.inbox import conversation, filters
from console.components.dialogs import dialogs
from console.components.trigger import trigger
from console.reading import together


@st.fragment(key="desk")
@together()
def _desk() -> None:
    layout.viewer()
    with st.container(key="desk", horizontal=True, wrap=False, gap=None):
        left = st.container(key="pane_list", width=348, gap=None)
        conversation.pane()  # draw the conversation before everything else
        with left:
            trigger("desk")
            filters.pane()


_desk()
dialogs()
