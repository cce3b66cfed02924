"""Inbox page: conversation list, open conversation and customer panel."""

from __future__ import annotations

import streamlit as st

from console import layout
from console.app_pages.inbox import conversation
from console.app_pages.inbox import queries as inbox_queries
from console.app_pages.people import queries as people_queries
from console.components.dialogs import dialogs
from console.components.inbox_list import inbox_list
from console.reading import together


@st.fragment(key="desk")
@together()
def _desk() -> None:
    agent = layout.viewer()
    with st.container(key="desk", horizontal=True, wrap=False, gap=None):
        left = st.container(key="pane_list", width=348, gap=None)
        conversation.pane()  # draw the conversation before everything else
        with left:
            teams = {one.id: one.name for one in people_queries.teams()}
            inbox_list(teams=teams, tags=inbox_queries.tags(), timezone=agent.timezone)


_desk()
dialogs()
