"""Conversation header: customer, assignee and actions."""

from __future__ import annotations

import re
from typing import Any

from console import i18n
from console.app_pages.inbox.conversation_queries import Opened
from console.components import load
from console.i18n import t
from core.conversations.channel_switch import AlternativeAddress
from core.conversations.thread import Thread

_BSUID = re.compile(r"[A-Z]{2}(\.ENT)?\.[A-Za-z0-9]{1,128}")
_COMPONENT = load("head", "<div class='head'></div>")


def head(*, empty: bool) -> None:
    """Mount it. It fetches what it shows, and sends commands (desk.js). `empty`: there is nothing to choose yet."""
    nothing = None if empty else [t("inbox.nothing"), t("inbox.nothing_lead")]
    _COMPONENT(key="thread_head", data={"words": i18n.section("act"), "nothing": nothing})


def to_json(found: Opened) -> dict[str, Any]:
    """Return the header's JSON."""
    thread = found.thread
    return {
        "name": thread.name or written(thread.address),
        "about": _about(thread),
        "status": thread.status,
        "unread": thread.unread,
        "bot": thread.mode == "bot",
        "ways": [{"channel": one.channel_id, "identity": one.identity_id, "words": _way(one)} for one in found.ways],
    }


def _about(thread: Thread) -> str:
    """Return the channel and who answers."""
    if thread.mode == "bot":
        who = t("inbox.has_bot")
    elif thread.assignee:
        who = t("inbox.has_person", who=thread.assignee)
    elif thread.team:
        who = t("inbox.has_team", team=thread.team)
    else:
        who = t("inbox.has_nobody")
    return " · ".join((written(thread.address), thread.channel, who))


def _way(way: AlternativeAddress) -> str:
    return t("act.switch_to", kind=t(f"list.{way.kind}"), address=written(way.address), channel=way.channel)


def written(address: str) -> str:
    """Return a readable address, "WhatsApp user" for a hidden number."""
    if is_hidden(address):
        return t("inbox.whatsapp_user")
    return f"+{address}" if address.isdigit() else address


def is_hidden(address: str) -> bool:
    """Return whether this is a BSUID, "AR.1A2B": country, letters, digits (Cloud API, Business-scoped user ids)."""
    return _BSUID.fullmatch(address) is not None
