"""Page cursors, opaque to callers: a time and an id, or an id alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from core.conversations.api_reads import Position
from core.platform.faults import Form

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FOREIGN = "is not a cursor of this list: use next_cursor as it was given"

# 17 digits of microseconds end in the year 5138.
PositionCursor = Annotated[str, Form(r"^[0-9]{1,17}\.[1-9][0-9]{0,17}$", _FOREIGN)]
IdCursor = Annotated[str, Form(r"^[1-9][0-9]{0,17}$", _FOREIGN)]


def encode(position: Position | None) -> str | None:
    """Return the cursor of a list ordered by time."""
    if position is None:
        return None
    micros = (position.at - _EPOCH) // timedelta(microseconds=1)
    return f"{micros}.{position.id}"


def encode_id(last_id: int | None) -> str | None:
    """Return the cursor of a list ordered by id."""
    return None if last_id is None else str(last_id)


def decode(cursor: str | None) -> Position | None:
    """Return the position a `PositionCursor` stands for."""
    if cursor is None:
        return None
    micros, _, row_id = cursor.partition(".")
    return Position(_EPOCH + timedelta(microseconds=int(micros)), int(row_id))


def decode_id(cursor: str | None) -> int | None:
    """Return the id an `IdCursor` stands for."""
    return None if cursor is None else int(cursor)
