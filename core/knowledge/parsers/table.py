"""Tables: each row is a passage that names its columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any

from core.knowledge.parsers.docx import DAMAGED, check_archive
from core.knowledge.parsers.text import text_of
from core.knowledge.parsers.types import (
    MAX_CELL_LENGTH,
    MAX_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROWS,
    BadFile,
    Document,
    Fault,
    Section,
)
from core.models.knowledge_kinds import SourceKind

_SAMPLE = 20_000
_SEPARATORS = ",;\t|"
_MAX_EMPTY = 1_000  # consecutive rows: what follows is formatting applied to empty rows


def read_csv(content: bytes) -> Document:
    """Parse CSV. Raises `BadFile`."""
    text = text_of(content)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    return Document(SourceKind.TABLE, min(text.count("\n"), MAX_ROWS), _sections("", _readable(rows)))


def read_xlsx(content: bytes) -> Document:
    """Parse every sheet, in order. Raises `BadFile`."""
    from openpyxl import load_workbook  # imported only when needed: it is slow to load

    check_archive(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        # The size is None in a file that does not declare the size of its sheets.
        pieces = sum(min(sheet.max_row or 0, MAX_ROWS) for sheet in sheets)
    except DAMAGED as error:
        raise BadFile(Fault.DAMAGED, type(error).__name__) from error
    return Document(SourceKind.TABLE, pieces, _sheets(sheets))


def _sheets(sheets: Sequence[Any]) -> Iterator[Section]:
    several = len(sheets) > 1
    read = 0
    for sheet in sheets:
        rows = (row[:MAX_COLUMNS] for row in sheet.iter_rows(values_only=True, max_row=MAX_ROWS + 2))
        for section in _sections(sheet.title if several else "", _readable(rows), read):
            yield section
            read = section.piece
    if not read:
        raise BadFile(Fault.EMPTY)


def _readable(rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    """Yield rows as text. Raises `BadFile` if the file turns out to be damaged."""
    try:
        yield from ([_words(cell) for cell in row[:MAX_COLUMNS]] for row in rows)
    except (*DAMAGED, csv.Error) as error:
        raise BadFile(Fault.DAMAGED, type(error).__name__) from error


def _sections(sheet: str, rows: Iterator[list[str]], before: int = 0) -> Iterator[Section]:
    """Yield sections; the first row that is not empty names the columns. A lone row is content."""
    empty = characters = count = 0
    names: list[str] = []
    for row in rows:
        if not any(row):
            empty += 1
            if empty > _MAX_EMPTY:
                break
            continue
        empty = 0
        if not names:
            names = row
            continue
        count += 1
        if count > MAX_ROWS:
            raise BadFile(Fault.TOO_LARGE, f"more than {MAX_ROWS} rows")
        text = "\n".join(_labelled(names, row))
        characters += len(text)
        if characters > MAX_CHARACTERS:
            raise BadFile(Fault.TOO_LARGE, f"more than {MAX_CHARACTERS} characters")
        yield Section(sheet, text, before + count, whole=True)
    if names and not count:
        yield Section(sheet, "\n".join(filter(None, names)), before + 1, whole=True)
    elif not names and not sheet and not before:
        raise BadFile(Fault.EMPTY)


def _labelled(names: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    for name, cell in zip(chain(names, [""] * len(row)), row, strict=False):
        if cell:
            yield f"{name}: {cell}" if name else cell


def _words(cell: Any) -> str:
    """Format a cell as displayed."""
    match cell:
        case None:
            return ""
        case bool():
            return "sí / yes / sim" if cell else "no / não"
        case float():
            return f"{cell:.10g}"
        case datetime():
            return cell.isoformat(" ", "minutes") if cell.time().isoformat() != "00:00:00" else cell.date().isoformat()
        case date():
            return cell.isoformat()
    return " ".join(str(cell).split())[:MAX_CELL_LENGTH]


def _separator(text: str) -> str:
    """Detect the separator that the lines have in common; a comma inside prices is rarer than the one between cells."""
    try:
        return csv.Sniffer().sniff(text[:_SAMPLE], _SEPARATORS).delimiter
    except csv.Error:
        return max(_SEPARATORS, key=text.split("\n", 1)[0].count)
