"""Conversation list component."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console.components import load
from console.components.head import is_hidden
from core.conversations.inbox_list import Row, View

_COMPONENT = load("inbox_list", "<div class='bulk' hidden></div><div class='list' role='listbox' tabindex='0'></div>")


def inbox_list(  # noqa: PLR0913 - its data and events, by name
    rows: Sequence[Row],
    *,
    view: View,
    read_at: float,
    counts: Mapping[str, float],
    earlier: bool,
    more: bool,
    searching: bool,
    words: dict[str, str],
    language: str,
    timezone: str,
    key: str,
    on_turn: Callable[[], None],
) -> None:
    """Mount it.

    It applies change events (`console.http.change_feed`) by itself, and requests a redraw where it cannot: in a
    filtered list, and on later pages. `read_at` is when the rows were read, in unix seconds, `counts` the
    conversations per view, with its own `read_at`.

    A click opens the conversation (desk.js). In its state, `turn` is 1 or -1 for the next or the previous page.
    """
    data = {
        "rows": [row_data(row) for row in rows],
        "view": view,
        "read_at": read_at,
        "counts": dict(counts),
        "earlier": earlier,
        "more": more,
        "searching": searching,
        "words": words,
        "language": language,
        "timezone": timezone,
    }
    _COMPONENT(key=key, data=data, on_turn_change=on_turn)


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
