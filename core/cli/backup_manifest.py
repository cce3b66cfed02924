"""The manifest of a backup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.platform.errors import BotHubError

FORMAT = 1


class BackupError(BotHubError):
    """A backup cannot be written, is damaged, or cannot be restored; the text says which."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table in a backup, without generated columns."""

    columns: list[str]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Contents of a backup. `files` are checksums by name, relative to DATA_DIR.

    `missing`: files that rows name but that could not be read; empty if an object store has them.
    """

    made_at: str
    revision: str
    tables: Mapping[str, TableFacts]
    files: Mapping[str, str]
    format: int = FORMAT
    missing: Sequence[str] = ()

    @property
    def rows(self) -> int:
        """Number of rows of all tables."""
        return sum(table.rows for table in self.tables.values())
