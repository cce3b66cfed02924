"""Open conversation: header, thread with composer, and customer panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, layout
from console.app_pages.inbox import (
    commands,
    copilot,
    draft_commands,
    errors,
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
from core.channels.types import InvalidMessage
from core.platform.errors import BotHubError, StoreUnavailable

_LONGEST_NAME = 200  # characters of a location's name or address
_KEPT = 200  # number of settled tokens to remember
state = st.session_state


def _sent() -> None:
    """Process the browser's outbox in order. Items that the database did not accept stay for a retry."""
    for item in (state["thread"].outbox or {}).get("items", []):
        try:
            _write(item)
            state["settled"] = [*state.get("settled", []), item["token"]][-_KEPT:]
        except StoreUnavailable:
            layout.toast(t("error.database"), icon=":material/cloud_off:")
            break
        except BotHubError as error:
            state["refused"] = {**state.get("refused", {}), item["token"]: layout.say(error)}
        except InvalidMessage as error:
            state["refused"] = {**state.get("refused", {}), item["token"]: errors.message(error)}
    st.rerun(["opened", "list"])


def _write(item: Mapping[str, Any]) -> None:
    conversation_id, words, token = int(item["conversation"]), str(item["text"]), str(item["token"])
    if item.get("note"):
        commands.note(conversation_id, words, token)
    elif item.get("place"):
        commands.send(conversation_id, {"type": "location", "location": _place(item["place"])}, token)
    elif item.get("template"):
        commands.send(conversation_id, {"type": "template", "template": item["template"]}, token)
    elif item.get("file"):
        commands.send_file(conversation_id, int(item["file"]["id"]), words, token)
    else:
        commands.reply(conversation_id, words, token, item.get("replyTo"))


def _place(place: Mapping[str, Any]) -> dict[str, object]:
    named = {"name": str(place["name"])[:_LONGEST_NAME]} if place.get("name") else {}
    return {"latitude": place.get("latitude"), "longitude": place.get("longitude"), **named}


def _settled() -> None:
    """Apply an agent's decision on a failed or uncertain message, or on a bot draft."""
    try:
        _settle(state["thread"].settle or {})
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")
    st.rerun(["opened", "list"])


def _settle(asked: Mapping[str, Any]) -> None:
    what, message_id, run_id = asked.get("what"), int(asked.get("message", 0)), int(asked.get("run", 0))
    if what == "send":
        draft_commands.send(run_id)
    elif what in ("edit", "discard"):
        draft_commands.set_aside(run_id, edited=what == "edit")
    elif what == "arrived":
        commands.arrived(message_id)
    elif reason := commands.retry(message_id):
        layout.toast(reason, icon=":material/error:")


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
        settled=state.get("settled", []),
        refused=state.get("refused", {}),
        saved=inbox_queries.replies(),
        copilot=copilot.client_state(found.thread.id),
        key="thread",
        on_outbox=_sent,
        on_older=selection.show_older,
        on_settle=_settled,
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
