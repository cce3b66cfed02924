"""The inbox: on the left who wrote, in the middle what they wrote and the answer, on the right the customer."""

from __future__ import annotations

import streamlit as st

from console import layout
from console.app_pages.inbox import acts, conversation, filters, selection, undo
from console.components.trigger import trigger
from console.reading import together


@st.fragment(key="desk")
@together()
def _desk() -> None:
    layout.viewer()
    with st.container(key="desk", horizontal=True, wrap=False, gap=None):
        left = st.container(key="pane_list", width=348, gap=None)
        conversation.pane()  # what somebody reads comes before what else there is
        with left:
            trigger("desk", filters.seen_again)
            filters.pane()


@st.fragment(key="told")
def _told() -> None:
    """What a browser shows by itself and only tells of: its run draws nothing else."""
    layout.viewer()
    trigger("open", filters.opened)
    trigger("acts", acts.dealt_with)


selection.follow_address()
_told()
_desk()
undo.bar()
