"""Conversation list component: views, search, filters and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from console import i18n
from console.components import load
from console.components.head import is_hidden
from console.i18n import t
from core.channels.types import Kind
from core.conversations.inbox_list import STATUSES, Page, Row, View

_COMPONENT = load(
    "inbox_list",
    """<div class='pane'>
<div class='top'></div>
<div class='failed' role='alert' hidden></div>
<div class='body'><div class='bulk' hidden></div><div class='list' role='listbox' tabindex='0'></div></div>
</div>""",
)


def inbox_list(*, teams: Mapping[int, str], tags: Sequence[str], timezone: str) -> None:
    """Mount it. It fetches its rows, which change events (`console.http.change_feed`) keep up to date.

    A click opens the conversation (desk.js). Its trigger `redraw` reruns the fragment that it is in.
    """
    choices = {
        "view": [(view, t(f"inbox.{view}")) for view in View],
        "status": [(status, t(f"inbox.status_{status}")) for status in STATUSES],
        "channel": [(kind, t(f"list.{kind}")) for kind in Kind],
        "team": [(str(number), name) for number, name in teams.items()],
        "unassigned": [("true", t("list.nobody"))],
        "closing": [("true", t("list.closing"))],
    }
    data = {
        "choices": choices,
        "tags": list(tags),
        "words": i18n.section("list"),
        "language": i18n.current(),
        "timezone": timezone,
    }
    _COMPONENT(key="list", data=data)


def to_json(page: Page, counts: Mapping[View, int]) -> dict[str, Any]:
    """Return rows as JSON: whether others follow, and the conversations of each view."""
    return {"rows": [row_data(row) for row in page.rows], "more": page.next is not None, "counts": counts}


def row_data(row: Row) -> dict[str, Any]:
    """Return a list row as JSON."""
    return {
        "id": row.id,
        "name": row.name or ("WhatsApp" if is_hidden(row.address) else row.address),
        "kind": row.kind,
        "status": row.status,
        "bot": row.mode == "bot",
        "agent": row.assignee_id,
        "who": row.assignee,
        "group": row.team,
        "unread": row.unread,
        "urgent": row.priority,
        "tags": list(row.tags[:3]),
        "waiting": row.waiting_since.isoformat() if row.waiting_since else None,
        "unsent": row.unsent,
        "closing": row.window_expires_at.isoformat() if row.window_expires_at else None,
        "until": row.snoozed_until.isoformat() if row.snoozed_until else None,
        "at": row.last_message_at.isoformat(),
        "text": row.last_text,
        "type": row.last_type,
    }
