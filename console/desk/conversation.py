"""The middle pane: what was written, the answer, and what can be done with the conversation."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from console import shell
from console.actions import conversations as actions
from console.actions import drafts
from console.components.back import back_button
from console.components.thread import thread_view
from console.data import inbox as data
from console.data.reading import together
from console.desk import bulk, copilot, listing, selection, switching, undo, why
from console.i18n import t
from core.channels.base import InvalidMessage
from core.channels.whatsapp_cloud.templates import Template
from core.conversations.thread import Thread
from core.errors import BotHubError, StoreUnavailable

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
            st.toast(t("error.database"), icon=":material/cloud_off:")
            break
        except BotHubError as error:
            state["refused"] = {**state.get("refused", {}), item["token"]: shell.say(error)}
        except InvalidMessage as error:
            state["refused"] = {**state.get("refused", {}), item["token"]: str(error)}
    st.rerun(["thread", "list"])


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
        st.toast(shell.say(error), icon=":material/error:")
    st.rerun(["thread", "list"])


def _settle(asked: Mapping[str, Any]) -> None:
    what, message_id, run_id = asked.get("what"), int(asked.get("message", 0)), int(asked.get("run", 0))
    if what == "send":
        drafts.send(run_id)
    elif what in ("edit", "discard"):
        drafts.set_aside(run_id, edited=what == "edit")
    elif what == "arrived":
        actions.arrived(message_id)
    elif reason := actions.retry(message_id):
        st.toast(reason, icon=":material/error:")


def _asked() -> None:
    state["why"] = state["thread"].ask
    st.rerun(["thread"])


def _assisted() -> None:
    copilot.asked(state["thread"].assist or {})


def _templates_wanted() -> None:
    state["templates_for"] = state["thread"].templates
    st.rerun(["thread"])


def _templates(thread: Thread) -> list[Template] | None:
    """They are many: a browser has them when somebody asks, or can send nothing else."""
    if thread.kind != "whatsapp" or (thread.window_open and state.get("templates_for") != thread.id):
        return None
    return data.usable_templates(thread.channel_id)


def do(action: Callable[[int], None], said: str | None = None) -> None:
    """Do something to the conversation that is shown, and draw the panes again."""
    try:
        action(state["conversation"])
    except BotHubError as error:
        st.toast(shell.say(error), icon=":material/error:")
    else:
        if said:
            st.toast(said, icon=":material/check:")
    st.rerun(list(undo.PANES))


@st.fragment(key="thread")
@together()
def pane() -> None:
    agent = shell.viewer()
    chosen = selection.chosen()
    thread = None if chosen is None else data.thread(chosen, selection.shown())
    if thread is None:
        st.html(f"<div class='desk-nothing'><b>{t('inbox.nothing')}</b><span>{t('inbox.nothing_lead')}</span></div>")
        return
    _head(thread, ZoneInfo(agent.timezone))
    thread_view(
        thread,
        me=agent,
        settled=state.get("settled", []),
        refused=state.get("refused", {}),
        saved=data.replies(),
        templates=_templates(thread),
        copilot=copilot.shown(thread.id),
        key="thread",
        on_outbox=_sent,
        on_older=selection.show_older,
        on_settle=_settled,
        on_ask=_asked,
        on_templates=_templates_wanted,
        on_assist=_assisted,
    )
    if asked := state.pop("why", None):
        message_id, run_id = asked.get("message"), asked.get("run")
        why.show(data.explanation(message_id, run_id), message_id, run_id)


def _head(thread: Thread, zone: ZoneInfo) -> None:
    with st.container(key="thread_head", horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
        back_button(t("inbox.back"))
        with st.container(gap=None, width="stretch"):
            st.html(
                f"<div class='desk-name'>{html.escape(thread.name or thread.address)}</div>"
                f"<div class='desk-about'>{html.escape(_about(thread))}</div>"
            )
        _next_button()
        st.button(
            "", icon=":material/person:", key="customer_drawer", help=t("contact.open"), type="tertiary",
            on_click=_customer_asked, args=(thread.id,),
        )  # fmt: skip
        switching.menu(thread)
        if thread.status == "closed":
            st.button(t("act.reopen"), icon=":material/undo:", key="reopen", on_click=do, args=(actions.reopen,))
            return
        if thread.mode == "bot":
            st.button(
                t("act.take_over"), icon=":material/front_hand:", key="take_over", type="primary", shortcut="Alt+T",
                on_click=do, args=(actions.take_over,),
            )  # fmt: skip
        else:
            st.button(
                t("act.hand_back"), icon=":material/smart_toy:", key="hand_back", shortcut="Alt+B",
                on_click=do, args=(actions.hand_back,),
            )  # fmt: skip
        _more(thread, zone)
        st.button(
            t("act.close"), icon=":material/check:", key="close", shortcut="Alt+E", on_click=do,
            args=(bulk.close,),
        )  # fmt: skip


def _customer_asked(conversation_id: int) -> None:
    state["customer_shown"] = conversation_id
    st.rerun(["customer"])


def _next_button() -> None:
    st.button(
        "", icon=":material/skip_next:", key="next_waiting", help=t("act.next_waiting"), shortcut="Alt+N",
        on_click=_next, type="tertiary",
    )  # fmt: skip


def _next() -> None:
    following = data.next_waiting(selection.chosen())
    if following is None:
        st.toast(t("inbox.nobody_waits"), icon=":material/done_all:")
    else:
        listing.open_conversation(following)


def _more(thread: Thread, zone: ZoneInfo) -> None:
    choices: dict[str, Callable[[int], None]] = {"unread": actions.mark_unread}
    if thread.status == "snoozed":
        choices["wake"] = actions.wake
    else:
        choices |= {name: partial(_snooze, until=until) for name, until in _moments(datetime.now(zone)).items()}
    st.menu_button(
        "", list(choices), icon=":material/more_vert:", key="more", help=t("act.more"), type="tertiary",
        format_func=lambda name: t(f"act.{name}"), on_click=lambda: _chosen(choices),
    )  # fmt: skip


def _chosen(choices: dict[str, Callable[[int], None]]) -> None:
    if (name := state.get("more")) in choices:
        do(choices[name])


def _snooze(conversation_id: int, until: datetime) -> None:
    actions.snooze(conversation_id, until)
    undo.offer(t("undo.snoozed"), partial(actions.wake, conversation_id))


def _moments(now: datetime) -> dict[str, datetime]:
    """When one may want to see a conversation again, in the business's own time."""
    morning = now.replace(hour=9, minute=0, second=0, microsecond=0)
    return {
        "snooze_hour": now + timedelta(hours=1),
        "snooze_tomorrow": morning + timedelta(days=1),
        "snooze_week": morning + timedelta(days=7 - now.weekday()),
    }


def _about(thread: Thread) -> str:
    """Where the customer writes, and who answers."""
    address = f"+{thread.address}" if thread.address.isdigit() else thread.address
    if thread.mode == "bot":
        who = t("inbox.has_bot")
    elif thread.assignee:
        who = t("inbox.has_person", who=thread.assignee)
    elif thread.team:
        who = t("inbox.has_team", team=thread.team)
    else:
        who = t("inbox.has_nobody")
    return " · ".join((address, thread.channel, who))
