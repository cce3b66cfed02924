"""The inbox: on the left who wrote, on the right what they wrote and the answer."""

from __future__ import annotations

import html
from collections.abc import Callable

import streamlit as st

from console import actions, data, shell
from console.components.back import back_button
from console.components.inbox_list import inbox_list
from console.components.thread import thread_view
from console.i18n import current, section, t
from core.channels.base import InvalidMessage
from core.conversations.thread import Thread, View
from core.errors import BotHubError, StoreUnavailable

_PAGE = 60  # messages
_KEPT = 200  # tokens of settled sends
state = st.session_state


# Callbacks: what people do.


def _opened() -> None:
    state["conversation"] = int(state["list"].open)
    state["shown"] = _PAGE
    st.query_params["c"] = str(state["conversation"])
    _do(actions.mark_seen)


def _sent() -> None:
    """Deal with everything in the browser's outbox, in order. What the database did not take is sent again."""
    for item in (state["thread"].outbox or {}).get("items", []):
        try:
            actions.reply(int(item["conversation"]), str(item["text"]), str(item["token"]))
            state["settled"] = [*state.get("settled", []), item["token"]][-_KEPT:]
        except StoreUnavailable:
            st.toast(t("error.database"), icon=":material/cloud_off:")
            break
        except BotHubError as error:
            state["refused"] = {**state.get("refused", {}), item["token"]: shell.say(error)}
        except InvalidMessage as error:
            state["refused"] = {**state.get("refused", {}), item["token"]: str(error)}
    st.rerun(["list", "thread"])


def _older() -> None:
    state["shown"] = state.get("shown", _PAGE) + _PAGE


def _do(action: Callable[[int], None]) -> None:
    try:
        action(state["conversation"])
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
    st.rerun(["list", "thread"])


def _redraw(changed: set[int]) -> list[str]:
    """What a change elsewhere touches. Whoever has the conversation before them has seen its new messages."""
    shown = state.get("conversation")
    if shown is None or not changed & {0, shown}:
        return ["list"]
    actions.mark_seen(shown)
    return ["list", "thread"]


# Fragments: what is read and drawn.


@st.fragment(key="list")
def _list() -> None:
    agent = shell.viewer()
    counts = data.counts()
    with st.container(key="list_head"):
        view = st.segmented_control(
            t("inbox.view"), list(View), default=View.ALL, key="view", required=True, label_visibility="collapsed",
            format_func=lambda one: _view_name(one, counts), width="stretch",
        )  # fmt: skip
    inbox_list(
        data.rows(View(view)),
        state.get("conversation"),
        words=section("list"),
        language=current(),
        timezone=agent.timezone,
        key="list",
        on_open=_opened,
    )


def _view_name(view: View, counts: dict[View, int]) -> str:
    number = counts.get(view)
    return t(f"inbox.{view}") if not number else t("inbox.count", view=t(f"inbox.{view}"), number=number)


@st.fragment(key="thread")
def _thread() -> None:
    agent = shell.viewer()
    chosen = state.get("conversation")
    thread = None if chosen is None else data.thread(chosen, state.get("shown", _PAGE))
    if thread is None:
        st.html(f"<div class='desk-nothing'><b>{t('inbox.nothing')}</b><span>{t('inbox.nothing_lead')}</span></div>")
        return
    _head(thread)
    thread_view(
        thread,
        me=agent,
        settled=state.get("settled", []),
        refused=state.get("refused", {}),
        key="thread",
        on_outbox=_sent,
        on_older=_older,
    )


def _head(thread: Thread) -> None:
    with st.container(key="thread_head", horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
        back_button(t("inbox.back"))
        with st.container(gap=None, width="stretch"):
            st.html(
                f"<div class='desk-name'>{html.escape(thread.name or thread.address)}</div>"
                f"<div class='desk-about'>{html.escape(_about(thread))}</div>"
            )
        if thread.status == "closed":
            st.button(t("act.reopen"), icon=":material/undo:", key="reopen", on_click=_do, args=(actions.reopen,))
            return
        if thread.mode == "bot":
            st.button(
                t("act.take_over"), icon=":material/front_hand:", key="take_over", type="primary", shortcut="Alt+T",
                on_click=_do, args=(actions.take_over,),
            )  # fmt: skip
        else:
            st.button(
                t("act.hand_back"), icon=":material/smart_toy:", key="hand_back", shortcut="Alt+B",
                on_click=_do, args=(actions.hand_back,),
            )  # fmt: skip
        st.button(
            t("act.close"), icon=":material/check:", key="close", shortcut="Alt+E", on_click=_do, args=(actions.close,)
        )


def _about(thread: Thread) -> str:
    """Where the customer writes, and who answers."""
    address = thread.address if thread.kind == "email" else f"+{thread.address.lstrip('+')}"
    if thread.mode == "bot":
        who = t("inbox.has_bot")
    elif thread.assignee:
        who = t("inbox.has_person", who=thread.assignee)
    else:
        who = t("inbox.has_nobody")
    return " · ".join((address, thread.channel, who))


if "conversation" not in state and str(st.query_params.get("c", "")).isdigit():
    state["conversation"] = int(st.query_params["c"])
with st.container(key="desk", horizontal=True, wrap=False, gap=None):
    with st.container(key="pane_list", width=348, gap=None):
        _list()
    with st.container(key="pane_thread", width="stretch", gap=None):
        _thread()
shell.on_live(_redraw)
