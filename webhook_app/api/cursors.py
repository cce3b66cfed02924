"""Page cursors: opaque to callers, a moment and an id to us."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

from core.conversations.queries import Position
from webhook_app.api.problems import invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN = re.compile(r"([0-9]{1,18})\.([1-9][0-9]{0,17})")
_LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def encode(position: Position | None) -> str | None:
    if position is None:
        return None
    micros = (position.at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros}.{position.id}".encode()).decode().rstrip("=")


def decode(cursor: str | None) -> Position | None:
    """Where a page starts. Raises `Problem` (422) for what `encode` never gave."""
    if cursor is None:
        return None
    try:
        written = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        written = ""
    match = _WRITTEN.fullmatch(written)
    if match is None or int(match[1]) > _LATEST:
        raise invalid([{"field": "cursor", "reason": "is not a cursor of this list: use next_cursor as it was given"}])
    return Position(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2]))
