"""The middle pane: what was written, the answer, and what can be done with the conversation."""

from __future__ import annotations

import html
from collections.abc import Callable

import streamlit as st

from console import shell
from console.actions import conversations as actions
from console.components.back import back_button
from console.components.thread import thread_view
from console.data import inbox as data
from console.desk import selection
from console.i18n import t
from core.channels.base import InvalidMessage
from core.conversations.thread import Thread
from core.errors import BotHubError, StoreUnavailable

_KEPT = 200  # tokens of settled sends
state = st.session_state


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


def _do(action: Callable[[int], None]) -> None:
    try:
        action(state["conversation"])
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
    st.rerun(["list", "thread"])


@st.fragment(key="thread")
def pane() -> None:
    agent = shell.viewer()
    chosen = selection.chosen()
    thread = None if chosen is None else data.thread(chosen, selection.shown())
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
        on_older=selection.show_older,
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
