"""A file that a provider would not take, with what a page needs to say so in its reader's language."""

from __future__ import annotations

from core.channels.types import InvalidMessage


class FileRefused(InvalidMessage):
    """`limit` is the most bytes such a file may have; None where its type is the fault."""

    def __init__(self, field: str, reason: str, limit: int | None = None) -> None:
        super().__init__(field, reason)
        self.limit = limit
