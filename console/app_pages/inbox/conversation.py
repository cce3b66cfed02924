"""Open conversation: header, thread with composer, and customer panel."""

from __future__ import annotations

from typing import Any
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
    undo,
)
from console.app_pages.inbox import queries as inbox_queries
from console.app_pages.inbox.conversation_queries import Opened
from console.app_pages.people import queries as people_queries
from console.components.conversation_json import to_json
from console.components.customer import customer
from console.components.head import head
from console.components.thread import thread_view
from console.i18n import current, t
from console.reading import together
from core.accounts.sessions import CurrentAgent

state = st.session_state


def _asked() -> None:
    state["why"] = state["thread"].ask
    st.rerun(["opened"])


def _assisted() -> None:
    copilot.handle_request(state["thread"].assist or {})


def _templates_wanted() -> None:
    state["templates_for"] = state["thread"].templates
    st.rerun(["opened"])


@st.fragment(key="opened")
@together()
def pane() -> None:
    """Draw the open conversation with the customer beside it."""
    agent = layout.viewer()
    found = _found()
    parts = None if found is None else to_json(found, agent, current())
    with st.container(key="opened", horizontal=True, wrap=False, gap=None):
        with st.container(key="pane_thread", width="stretch", gap=None):
            if found is None or parts is None:
                _nothing(agent)
            else:
                head(parts["head"], selection.client_state())
                _messages(found, agent, parts["thread"])
        with st.container(key="pane_customer", width=292, gap=None):
            if parts is not None:
                _customer(agent, parts["customer"])
    if found is not None:
        _dialogs(found, agent)


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
    filters.open_next(None)
    st.rerun(list(undo.PANES))


def _found() -> Opened | None:
    chosen = selection.chosen()
    if chosen is None:
        return None
    templated = state.get("templates_for") == chosen  # templates are many: sent only on request
    return inbox_queries.conversation(chosen, selection.message_limit(), templated=templated)


def _messages(found: Opened, agent: CurrentAgent, parts: dict[str, Any]) -> None:
    thread_view(
        parts,
        selection.client_state(),
        me=agent,
        saved=inbox_queries.replies(),
        copilot=copilot.client_state(found.thread.id),
        key="thread",
        on_older=selection.show_older,
        on_ask=_asked,
        on_templates=_templates_wanted,
        on_assist=_assisted,
    )


def _customer(agent: CurrentAgent, parts: dict[str, Any]) -> None:
    customer(
        parts,
        selection.client_state(),
        colleagues={one.id: one.name for one in inbox_queries.colleagues()},
        teams={one.id: one.name for one in people_queries.teams()},
        tags=inbox_queries.tags(),
        manages=agent.role in auth.MANAGERS,
    )


def _dialogs(found: Opened, agent: CurrentAgent) -> None:
    if state.get("merging") == found.customer.id:
        merge_dialog.show(found.customer, ZoneInfo(agent.timezone))
    if asked := state.pop("why", None):
        message_id, run_id = asked.get("message"), asked.get("run")
        explanation_dialog.show(inbox_queries.explanation(message_id, run_id), message_id, run_id)
