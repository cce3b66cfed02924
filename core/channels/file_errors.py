"""Error for a file that a provider would refuse, with what the console needs to translate it."""

from __future__ import annotations

from core.channels.types import InvalidMessage


class FileRefused(InvalidMessage):
    """A refused file. `limit` is the maximum size in bytes; None where its type is refused."""

    def __init__(self, field: str, reason: str, limit: int | None = None) -> None:
        super().__init__(field, reason)
        self.limit = limit
