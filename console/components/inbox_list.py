"""The list of conversations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from console.components import load
from core.conversations.listing import Row

_COMPONENT = load("inbox_list", "<div class='list' role='listbox' tabindex='0'></div>")


def inbox_list(
    rows: Sequence[Row],
    selected: int | None,
    *,
    words: dict[str, str],
    language: str,
    timezone: str,
    key: str,
    on_open: Callable[[], None],
) -> None:
    """Mount it. `open` of its state is the id of the conversation that was clicked."""
    data = {
        "rows": [_row(row) for row in rows],
        "selected": selected,
        "words": words,
        "language": language,
        "timezone": timezone,
    }
    _COMPONENT(key=key, data=data, on_open_change=on_open)


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name or row.address,
        "kind": row.kind,
        "closed": row.status == "closed",
        "bot": row.mode == "bot",
        "who": row.assignee,
        "unread": row.unread,
        "waiting": row.waiting_since.isoformat() if row.waiting_since else None,
        "at": row.last_message_at.isoformat(),
        "text": row.last_text,
        "type": row.last_type,
    }
