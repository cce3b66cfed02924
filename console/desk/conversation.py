"""The conversation that is open: what was written, the answer, and the customer beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from console import auth, shell
from console.actions import conversations as actions
from console.actions import drafts
from console.components.customer import customer
from console.components.head import head
from console.components.opened import shown
from console.components.thread import thread_view
from console.data import inbox as data
from console.data import people
from console.data.opened import Opened
from console.data.reading import together
from console.desk import copilot, first, listing, merging, refused, selection, undo, why
from console.i18n import current, t
from core.channels.base import InvalidMessage
from core.errors import BotHubError, StoreUnavailable
from core.people.sessions import CurrentAgent

_LONGEST_NAME = 200  # characters of a place's
_KEPT = 200  # tokens of settled sends
state = st.session_state


def _sent() -> None:
    """Deal with everything in the browser's outbox, in order. What the database did not take is sent again."""
    for item in (state["thread"].outbox or {}).get("items", []):
        try:
            _write(item)
            state["settled"] = [*state.get("settled", []), item["token"]][-_KEPT:]
        except StoreUnavailable:
            shell.toast(t("error.database"), icon=":material/cloud_off:")
            break
        except BotHubError as error:
            state["refused"] = {**state.get("refused", {}), item["token"]: shell.say(error)}
        except InvalidMessage as error:
            state["refused"] = {**state.get("refused", {}), item["token"]: refused.said(error)}
    st.rerun(["opened", "list"])


def _write(item: Mapping[str, Any]) -> None:
    conversation_id, words, token = int(item["conversation"]), str(item["text"]), str(item["token"])
    if item.get("note"):
        actions.note(conversation_id, words, token)
    elif item.get("place"):
        actions.send(conversation_id, {"type": "location", "location": _place(item["place"])}, token)
    elif item.get("template"):
        actions.send(conversation_id, {"type": "template", "template": item["template"]}, token)
    elif item.get("file"):
        actions.send_file(conversation_id, int(item["file"]["id"]), words, token)
    else:
        actions.reply(conversation_id, words, token, item.get("replyTo"))


def _place(place: Mapping[str, Any]) -> dict[str, object]:
    named = {"name": str(place["name"])[:_LONGEST_NAME]} if place.get("name") else {}
    return {"latitude": place.get("latitude"), "longitude": place.get("longitude"), **named}


def _settled() -> None:
    """What a person decided about a message that did not go out, or about one that the bot suggests."""
    try:
        _settle(state["thread"].settle or {})
    except BotHubError as error:
        shell.toast(shell.say(error), icon=":material/error:")
    st.rerun(["opened", "list"])


def _settle(asked: Mapping[str, Any]) -> None:
    what, message_id, run_id = asked.get("what"), int(asked.get("message", 0)), int(asked.get("run", 0))
    if what == "send":
        drafts.send(run_id)
    elif what in ("edit", "discard"):
        drafts.set_aside(run_id, edited=what == "edit")
    elif what == "arrived":
        actions.arrived(message_id)
    elif reason := actions.retry(message_id):
        shell.toast(reason, icon=":material/error:")


def _asked() -> None:
    state["why"] = state["thread"].ask
    st.rerun(["opened"])


def _assisted() -> None:
    copilot.asked(state["thread"].assist or {})


def _templates_wanted() -> None:
    state["templates_for"] = state["thread"].templates
    st.rerun(["opened"])


@st.fragment(key="opened")
@together()
def pane() -> None:
    agent = shell.viewer()
    found = _found()
    parts = None if found is None else shown(found, agent, current())
    with st.container(key="opened", horizontal=True, wrap=False, gap=None):
        with st.container(key="pane_thread", width="stretch", gap=None):
            if found is None or parts is None:
                _nothing(agent)
            else:
                head(parts["head"], selection.told())
                _messages(found, agent, parts["thread"])
        with st.container(key="pane_customer", width=292, gap=None):
            if parts is not None:
                _customer(agent, parts["customer"])
    if found is not None:
        _dialogs(found, agent)


def _nothing(agent: CurrentAgent) -> None:
    if not data.has_conversations():
        first.draw(agent)
        return
    with st.container(key="nothing", horizontal_alignment="center", gap="small"):
        st.html(f"<div class='desk-nothing'><b>{t('inbox.nothing')}</b><span>{t('inbox.nothing_lead')}</span></div>")
        st.button(
            t("act.next_waiting"), key="next_waiting", icon=":material/skip_next:", shortcut="Alt+N",
            on_click=_open_next,
        )  # fmt: skip


def _open_next() -> None:
    listing.open_next(None)
    st.rerun(list(undo.PANES))


def _found() -> Opened | None:
    chosen = selection.chosen()
    if chosen is None:
        return None
    templated = state.get("templates_for") == chosen  # they are many: a browser has them when somebody asks
    return data.conversation(chosen, selection.shown(), templated=templated)


def _messages(found: Opened, agent: CurrentAgent, parts: dict[str, Any]) -> None:
    thread_view(
        parts,
        selection.told(),
        me=agent,
        settled=state.get("settled", []),
        refused=state.get("refused", {}),
        saved=data.replies(),
        copilot=copilot.shown(found.thread.id),
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
        selection.told(),
        colleagues={one.id: one.name for one in data.colleagues()},
        teams={one.id: one.name for one in people.teams()},
        tags=data.tags(),
        manages=agent.role in auth.MANAGERS,
    )


def _dialogs(found: Opened, agent: CurrentAgent) -> None:
    if state.get("merging") == found.customer.id:
        merging.show(found.customer, ZoneInfo(agent.timezone))
    if asked := state.pop("why", None):
        message_id, run_id = asked.get("message"), asked.get("run")
        why.show(data.explanation(message_id, run_id), message_id, run_id)
