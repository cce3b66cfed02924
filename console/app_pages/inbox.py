"""The inbox: on the left who wrote, in the middle what they wrote and the answer, on the right the customer."""

from __future__ import annotations

import streamlit as st

from console import shell
from console.components.trigger import trigger
from console.data.reading import together
from console.desk import conversation, customer, listing, selection, undo


@st.fragment(key="desk")
@together()
def _desk() -> None:
    shell.viewer()
    with st.container(key="desk", horizontal=True, wrap=False, gap=None):
        left = st.container(key="pane_list", width=348, gap=None)
        _opened()  # what somebody reads comes before what else there is
        with left:
            trigger("desk", listing.seen_again)
            listing.pane()


@st.fragment(key="opened")
@together()
def _opened() -> None:
    """What changes with a click in the list."""
    shell.viewer()
    with st.container(key="opened", horizontal=True, wrap=False, gap=None):
        with st.container(key="pane_thread", width="stretch", gap=None):
            trigger("open", listing.opened)
            conversation.pane()
        with st.container(key="pane_customer", width=292, gap=None):
            customer.pane()


selection.follow_address()
_desk()
undo.bar()
