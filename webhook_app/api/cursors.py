"""Page cursors: opaque to callers, a moment and an id to us, or an id alone."""

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
    """The cursor of a list in the order of moments."""
    if position is None:
        return None
    micros = (position.at - _EPOCH) // timedelta(microseconds=1)
    return f"{micros}.{position.id}"


def encode_id(last_id: int | None) -> str | None:
    """The cursor of a list in the order of ids."""
    return None if last_id is None else str(last_id)


def decode(cursor: str | None) -> Position | None:
    """Where a page starts, of a `PositionCursor`."""
    if cursor is None:
        return None
    micros, _, row_id = cursor.partition(".")
    return Position(_EPOCH + timedelta(microseconds=int(micros)), int(row_id))


def decode_id(cursor: str | None) -> int | None:
    """The id after which a page starts, of an `IdCursor`."""
    return None if cursor is None else int(cursor)
