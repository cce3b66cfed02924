"""The inbox: on the left who wrote, in the middle what they wrote and the answer, on the right the customer."""

from __future__ import annotations

import streamlit as st

from console import shell
from console.actions import conversations as actions
from console.desk import conversation, customer, listing, selection, undo


def _redraw(changed: set[int]) -> list[str]:
    """What a change elsewhere touches. Whoever has the conversation before them has seen its new messages."""
    chosen = selection.chosen()
    if chosen is None or not changed & {0, chosen}:
        return ["list"]
    actions.mark_seen(chosen)
    return ["thread", "list", "customer"]


selection.follow_address()
with st.container(key="desk", horizontal=True, wrap=False, gap=None):
    with st.container(key="pane_list", width=348, gap=None):
        listing.pane()
    with st.container(key="pane_thread", width="stretch", gap=None):
        conversation.pane()
    with st.container(key="pane_customer", width=292, gap=None):
        customer.pane()
undo.bar()
shell.on_live(_redraw)
