"""Open conversation: header, thread with composer, and customer panel."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, layout
from console.app_pages.inbox import (
    copilot,
    explanation_dialog,
    filters,
    first_message,
    merge_dialog,
    selection,
)
from console.app_pages.inbox import queries as inbox_queries
from console.app_pages.people import queries as people_queries
from console.components.customer import customer
from console.components.head import head
from console.components.thread import thread_view
from console.i18n import t
from console.reading import together
from core.accounts.sessions import CurrentAgent

state = st.session_state


def _asked() -> None:
    state["why"] = state["thread"].ask
    st.rerun(["opened"])


def _assisted() -> None:
    copilot.handle_request(state["thread"].assist or {})


@st.fragment(key="opened")
@together()
def pane() -> None:
    """Mount the components of the open conversation, which fetch it, and what is shown while none is open."""
    agent = layout.viewer()
    with st.container(key="opened", horizontal=True, wrap=False, gap=None):
        with st.container(key="pane_thread", width="stretch", gap=None):
            _nothing(agent)
            head()
            thread_view(
                selection.order(),
                me=agent,
                saved=inbox_queries.replies(),
                copilot=copilot.client_state(selection.chosen()),
                key="thread",
                on_ask=_asked,
                on_assist=_assisted,
            )
        with st.container(key="pane_customer", width=292, gap=None):
            customer(
                colleagues={one.id: one.name for one in inbox_queries.colleagues()},
                teams={one.id: one.name for one in people_queries.teams()},
                tags=inbox_queries.tags(),
                manages=agent.role in auth.MANAGERS,
            )
    _dialogs(agent)


def _nothing(agent: CurrentAgent) -> None:
    if not inbox_queries.has_conversations():
        first_message.draw(agent)
        return
    with st.container(key="nothing", horizontal_alignment="center", gap="small"):
        st.html(f"<div class='desk-nothing'><b>{t('inbox.nothing')}</b><span>{t('inbox.nothing_lead')}</span></div>")
        st.button(
            t("act.next_waiting"), key="next_waiting", icon=":material/skip_next:", shortcut="Alt+N",
            on_click=_open_next,
        )  # fmt: skip


def _open_next() -> None:
    filters.open_next()
    st.rerun(["opened"])


def _dialogs(agent: CurrentAgent) -> None:
    if (merging := state.get("merging")) and (profile := inbox_queries.contact(merging)):
        merge_dialog.show(profile, ZoneInfo(agent.timezone))
    if asked := state.pop("why", None):
        message_id, run_id = asked.get("message"), asked.get("run")
        explanation_dialog.show(inbox_queries.explanation(message_id, run_id), message_id, run_id)
