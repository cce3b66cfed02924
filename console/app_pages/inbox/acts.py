"""Commands from the conversation header and customer panel, sent by the browser (`act` in dom.js)."""

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


def run_pending() -> None:
    """Run the browser's pending commands once each, in order. The browser resends those not yet acknowledged."""
    for pending in state["trigger_acts"].pulled or []:
        if int(pending["n"]) > state.get("acted", 0):
            state["acted"] = int(pending["n"])
            _try(pending)
    st.rerun(list(undo.PANES))


def _try(pending: Mapping[str, Any]) -> None:
    try:
        _do(str(pending["what"]), pending)
    except BotHubError as error:
        layout.toast(layout.say(error), icon=":material/error:")


def _do(what: str, pending: Mapping[str, Any]) -> None:
    if what in _PLAIN:
        _PLAIN[what](int(pending["conversation"]))
    elif "contact" in pending:
        _to_contact(what, int(pending["contact"]), pending.get("value"), pending)
    else:
        _to_conversation(what, int(pending["conversation"]), pending.get("value"), pending)


def _to_conversation(what: str, conversation_id: int, value: Any, pending: Mapping[str, Any]) -> None:
    match what:
        case "unread":
            commands.mark_unread(conversation_id)
            if selection.chosen() == conversation_id:
                selection.choose(None)  # while open it would be marked as read again immediately
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
            there = commands.continue_on(conversation_id, int(pending["channel"]), int(pending["identity"]))
            filters.open_conversation(there)
        case "next":
            filters.open_next(conversation_id)


def _to_contact(what: str, contact_id: int, value: Any, pending: Mapping[str, Any]) -> None:
    match what:
        case "rename":
            contact_commands.rename(contact_id, str(value))
        case "describe":
            contact_commands.describe(contact_id, str(value))
        case "field":
            contact_commands.set_field(contact_id, str(pending["name"]), str(value))
        case "silence":
            contact_commands.set_opted_out(contact_id, str(pending["kind"]), opted_out=bool(value))
        case "merge":
            state["merging"] = contact_id


def _moment(name: str) -> datetime:
    """Return the snooze time for a preset or custom value, in the business's time zone. Raises `UnacceptableTime`."""
    now = datetime.now(ZoneInfo(layout.viewer().timezone))
    morning = now.replace(hour=9, minute=0, second=0, microsecond=0)
    known = {
        "hour": now + timedelta(hours=1),
        "tomorrow": morning + timedelta(days=1),
        "week": morning + timedelta(days=7 - now.weekday()),
    }
    return known.get(name) or _own_moment(name, now)


def _own_moment(said: str, now: datetime) -> datetime:
    """Parse a browser's local date and time ("2026-12-01T09:30"). Raises `UnacceptableTime`."""
    try:
        return datetime.fromisoformat(said).replace(tzinfo=now.tzinfo)
    except ValueError as error:
        raise UnacceptableTime("Choose a moment between now and a year from now.") from error
