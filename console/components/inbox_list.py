"""The list of conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from console.components import load
from core.conversations.listing import Row

_COMPONENT = load("inbox_list", "<div class='bulk' hidden></div><div class='list' role='listbox' tabindex='0'></div>")


def inbox_list(
    rows: Sequence[Row],
    selected: int | None,
    *,
    waiting: int,
    earlier: bool,
    more: bool,
    searching: bool,
    words: dict[str, str],
    language: str,
    timezone: str,
    key: str,
    on_turn: Callable[[], None],
    on_bulk: Callable[[], None],
) -> None:
    """Mount it.

    A click pulls the trigger "open" with the conversation's id. Of its state, `turn` is 1 or -1 for the next page or
    the one before, and `bulk` {action, ids} what shall be done to several: close, take or read.
    """
    data = {
        "rows": [_row(row) for row in rows],
        "selected": selected,
        "waiting": waiting,
        "earlier": earlier,
        "more": more,
        "searching": searching,
        "words": words,
        "language": language,
        "timezone": timezone,
    }
    _COMPONENT(key=key, data=data, on_turn_change=on_turn, on_bulk_change=on_bulk)


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name or row.address,
        "kind": row.kind,
        "status": row.status,
        "bot": row.mode == "bot",
        "who": row.assignee,
        "unread": row.unread,
        "urgent": row.priority,
        "tags": list(row.tags[:3]),
        "waiting": row.waiting_since.isoformat() if row.waiting_since else None,
        "closing": row.window_expires_at.isoformat() if row.window_expires_at else None,
        "at": row.last_message_at.isoformat(),
        "text": row.last_text,
        "type": row.last_type,
    }
