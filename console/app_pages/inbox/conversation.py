"""Open conversation: header, thread with composer, and customer panel."""

from __future__ import annotations

import streamlit as st

from console import auth, layout
from console.app_pages.inbox import copilot_queries, first_message
from console.app_pages.inbox import queries as inbox_queries
from console.app_pages.people import queries as people_queries
from console.components.customer import customer
from console.components.head import head
from console.components.thread import thread_view
from console.reading import together


@st.fragment(key="opened")
@together()
def pane() -> None:
    """Mount the components of the open conversation, which fetch it, and what is shown while none is open."""
    agent = layout.viewer()
    with st.container(key="opened", horizontal=True, wrap=False, gap=None):
        with st.container(key="pane_thread", width="stretch", gap=None):
            if empty := not inbox_queries.has_conversations():
                first_message.draw(agent)
            head(empty=empty)
            thread_view(
                me=agent,
                saved=inbox_queries.replies(),
                copilot=copilot_queries.can_write(),
            )
        with st.container(key="pane_customer", width=292, gap=None):
            customer(
                colleagues={one.id: one.name for one in inbox_queries.colleagues()},
                teams={one.id: one.name for one in people_queries.teams()},
                tags=inbox_queries.tags(),
                manages=agent.role in auth.MANAGERS,
            )
