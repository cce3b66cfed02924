"""Page cursors: opaque to callers, a moment and an id to us, or an id alone."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

from core.conversations.queries import Position
from webhook_app.api.problems import Problem, invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN = re.compile(r"([0-9]{1,18})\.([1-9][0-9]{0,17})")
_ID = re.compile(r"[1-9][0-9]{0,17}")
_LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def encode(position: Position | None) -> str | None:
    if position is None:
        return None
    micros = (position.at - _EPOCH) // timedelta(microseconds=1)
    return _wrapped(f"{micros}.{position.id}")


def encode_id(last_id: int | None) -> str | None:
    """The cursor of a list in the order of ids."""
    return None if last_id is None else _wrapped(str(last_id))


def decode(cursor: str | None) -> Position | None:
    """Where a page starts. Raises `Problem` (422) for what `encode` never gave."""
    if cursor is None:
        return None
    match = _WRITTEN.fullmatch(_unwrapped(cursor))
    if match is None or int(match[1]) > _LATEST:
        raise _foreign()
    return Position(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2]))


def decode_id(cursor: str | None) -> int | None:
    """The id after which a page starts. Raises `Problem` (422) for what `encode_id` never gave."""
    if cursor is None:
        return None
    written = _unwrapped(cursor)
    if _ID.fullmatch(written) is None:
        raise _foreign()
    return int(written)


def _wrapped(written: str) -> str:
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def _unwrapped(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        return ""


def _foreign() -> Problem:
    return invalid([{"field": "cursor", "reason": "is not a cursor of this list: use next_cursor as it was given"}])
