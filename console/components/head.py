"""Above the messages: who writes, who answers, and what can be done with the conversation."""

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


def head(parts: dict[str, Any], told: dict[str, Any]) -> None:
    """Mount it. What is done there is told by `act` of dom.js."""
    _COMPONENT(key="thread_head", data={**parts, **told, "words": i18n.section("act")})


def shown(found: Opened) -> dict[str, Any]:
    """What it shows of a conversation."""
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
    """Where the customer writes, and who answers."""
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
    """An address as people write it. Meta's ids of people who hide their number are none."""
    if is_hidden(address):
        return t("inbox.whatsapp_user")
    return f"+{address}" if address.isdigit() else address


def is_hidden(address: str) -> bool:
    """Whether this is a BSUID, "AR.1A2B": a country and letters or digits (Cloud API, Business-scoped user ids)."""
    return _BSUID.fullmatch(address) is not None
