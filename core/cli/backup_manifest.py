"""What a backup says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.platform.errors import BotHubError

FORMAT = 1


class BackupError(BotHubError):
    """A backup cannot be made, is not whole, or cannot be put where it shall go; the text says which."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table in a backup. Columns that the database computes are not in it."""

    columns: list[str]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup. `files` are checksums by name, relative to DATA_DIR.

    `missing`: files that its rows name and that could not be read; empty where an object store has them.
    """

    made_at: str
    revision: str
    tables: Mapping[str, TableFacts]
    files: Mapping[str, str]
    format: int = FORMAT
    missing: Sequence[str] = ()

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())
