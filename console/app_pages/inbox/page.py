"""Inbox page: conversation list, open conversation and customer panel."""

from __future__ import annotations

import streamlit as st

from console import layout
from console.app_pages.inbox import conversation, filters, merge_dialog, undo
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


@st.fragment(key="told")
def _browser_triggers() -> None:
    """Triggers for what the browser already shows: their run draws nothing else."""
    layout.viewer()
    trigger("merge", merge_dialog.ask)


_browser_triggers()
_desk()
undo.bar()
