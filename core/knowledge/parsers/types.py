"""Result, limits and errors shared by all document parsers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from core.models.knowledge_kinds import SourceKind

MEGABYTE = 1 << 20
LARGEST_FILE = 30 * MEGABYTE
MAX_PAGES = 2_000
MAX_ROWS = 20_000  # of a table, each of which becomes a passage
MAX_COLUMNS = 60
MAX_CHARACTERS = 5_000_000  # of one document: some 2,500 printed pages
MAX_PAGE_LENGTH = 100_000  # characters; the rest of a page is omitted
MAX_CELL_LENGTH = 2_000
MAX_HEADING_LENGTH = 200


class Fault(StrEnum):
    """Why a source could not be parsed. The message for people is in the console's locales."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    ZIP_BOMB = "zip_bomb"
    NO_TEXT = "no_text"  # images only, as from a scanner
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    FORBIDDEN_ADDRESS = "forbidden_address"
    REFUSED = "refused"  # the web server answered with an error


class BadFile(Exception):
    """A source that can never be parsed: a retry helps only after the source has changed."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Section:
    """The text under one heading, or on one page. `piece` counts the pages, rows or sections parsed up to its end.

    `whole`: a row of a table, which stays one passage.
    """

    heading: str
    text: str
    piece: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A file being parsed. `sections` is lazy, and may raise `BadFile` at any point.

    `pieces` is the number of pages, rows or sections, 0 when it is known only at the end.
    """

    kind: SourceKind
    pieces: int
    sections: Iterator[Section]
