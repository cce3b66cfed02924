"""What somebody does in the head of a conversation and to its customer, as the browser tells it (`act` of dom.js)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from console import layout
from console.app_pages.inbox import bulk, commands, contact_commands, filters, selection, undo
from console.i18n import t
from core.conversations.triage import UnacceptableTime
from core.platform.errors import BotHubError

state = st.session_state
_PLAIN: dict[str, Callable[[int], object]] = {
    "take_over": commands.take_over, "hand_back": commands.hand_back, "close": bulk.close, "reopen": commands.reopen,
    "wake": commands.wake,
}  # fmt: skip


def dealt_with() -> None:
    """Everything a browser told of, once each and in order. It tells again what was not known to be dealt with."""
    for told in state["trigger_acts"].pulled or []:
        if int(told["n"]) > state.get("acted", 0):
            state["acted"] = int(told["n"])
            _try(told)
    st.rerun(list(undo.PANES))


def _try(told: Mapping[str, Any]) -> None:
    try:
        _do(str(told["what"]), told)
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")


def _do(what: str, told: Mapping[str, Any]) -> None:
    if what in _PLAIN:
        _PLAIN[what](int(told["conversation"]))
    elif "contact" in told:
        _to_contact(what, int(told["contact"]), told.get("value"), told)
    else:
        _to_conversation(what, int(told["conversation"]), told.get("value"), told)


def _to_conversation(what: str, conversation_id: int, value: Any, told: Mapping[str, Any]) -> None:
    match what:
        case "unread":
            commands.mark_unread(conversation_id)
            if selection.chosen() == conversation_id:
                selection.choose(None)  # whoever has it before them would have read it at once
        case "snooze":
            commands.snooze(conversation_id, _moment(str(value)))
            undo.offer(t("undo.snoozed"), partial(commands.wake, conversation_id))
        case "assign":
            commands.assign(conversation_id, None if value is None else int(value))
        case "team":
            commands.give_to_team(conversation_id, None if value is None else int(value))
        case "priority":
            commands.set_priority(conversation_id, int(value))
        case "tags":
            commands.set_tags(conversation_id, [str(tag) for tag in value])
        case "switch":
            there = commands.continue_on(conversation_id, int(told["channel"]), int(told["identity"]))
            filters.open_conversation(there)
        case "next":
            filters.open_next(conversation_id)


def _to_contact(what: str, contact_id: int, value: Any, told: Mapping[str, Any]) -> None:
    match what:
        case "rename":
            contact_commands.rename(contact_id, str(value))
        case "describe":
            contact_commands.describe(contact_id, str(value))
        case "field":
            contact_commands.set_field(contact_id, str(told["name"]), str(value))
        case "silence":
            contact_commands.set_opted_out(contact_id, str(told["kind"]), bool(value))
        case "merge":
            state["merging"] = contact_id


def _moment(name: str) -> datetime:
    """When somebody wants to see a conversation again, in the business's own time. Raises `UnacceptableTime`."""
    now = datetime.now(ZoneInfo(layout.viewer().timezone))
    morning = now.replace(hour=9, minute=0, second=0, microsecond=0)
    known = {
        "hour": now + timedelta(hours=1),
        "tomorrow": morning + timedelta(days=1),
        "week": morning + timedelta(days=7 - now.weekday()),
    }
    return known.get(name) or _own_moment(name, now)


def _own_moment(said: str, now: datetime) -> datetime:
    """A day and a time as browsers write them ("2026-12-01T09:30"). Raises `UnacceptableTime`."""
    try:
        return datetime.fromisoformat(said).replace(tzinfo=now.tzinfo)
    except ValueError as error:
        raise UnacceptableTime("Choose a moment between now and a year from now.") from error
