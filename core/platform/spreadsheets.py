"""Tables as spreadsheets write and read them: CSV in any of its dialects, and XLSX."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.exceptions import InvalidFileException

Cell = str | Decimal

# The last four are full-width, which spreadsheets in East Asian languages obey as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Excel parts columns by semicolons where numbers have decimal commas: what follows one becomes a cell of its own.
_INNER_CELL = r"([;\t\r\n][ \"]*)"
_INNER_FORMULA = r"(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])"
_RUN = re.compile(_INNER_CELL + _INNER_FORMULA)
_NOT_RUN = re.compile(f"{_INNER_CELL}'{_INNER_FORMULA}")
_XLSX = b"PK\x03\x04"
# Bytes that a file says it unpacks to; the reader takes no more than it says, and a second for each few megabytes.
_LARGEST_UNPACKED = 40_000_000
_SMALL_UNPACKED = 2_000_000
_MOST_RATIO = 100  # tables are packed to a tenth, seldom to less than a fortieth
_MOST_COLUMNS = 200
# openpyxl lets through whatever its ZIP or XML reader, or its own look-ups, stumble over.
_BROKEN = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, OSError, EOFError, RuntimeError, LookupError,
    ValueError, TypeError, AttributeError,
)  # fmt: skip


class UnreadableSheet(ValueError):
    """The content is not CSV, or not an XLSX file that can be opened."""


def rows(content: bytes) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The rows of a CSV or XLSX file with their line numbers, from 1. Raises `UnreadableSheet`, perhaps midway.

    Numbers of an XLSX file stay numbers: as text, nobody could tell its 1.234 from a Spanish thousand.
    """
    return _of_workbook(content) if content.startswith(_XLSX) else csv_rows(content)


def csv_rows(content: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows of a CSV file with the lines they end in. Raises `UnreadableSheet`, perhaps midway.

    Commas, semicolons and tabs part the columns; what is neither UTF-8 nor marked as UTF-16 is taken for Windows-1252,
    as spreadsheets in Spanish and Portuguese write it. Cells lose the apostrophe that `csv_of` put before them.
    """
    words = _decoded(content)
    heading = words.partition("\n")[0]
    reader = csv.reader(io.StringIO(words, newline=""), delimiter=max(",;\t", key=heading.count), strict=True)
    try:
        for row in reader:
            yield reader.line_num, [_plain(_NOT_RUN.sub(r"\1", cell)) for cell in row]
    except csv.Error as error:
        raise UnreadableSheet(str(error)) from None


def csv_of(heading: Iterable[str], lines: Iterable[Iterable[str]]) -> bytes:
    """A CSV file. What a spreadsheet would run as a formula has an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heading)
    writer.writerows([_inert(_RUN.sub(r"\1'", cell)) for cell in line] for line in lines)
    return out.getvalue().encode("utf-8-sig")


def xlsx_of(heading: Iterable[str], lines: Iterable[Iterable[Cell]]) -> bytes:
    """An XLSX file with one sheet, whose texts are marked as texts: none of them is run as a formula.

    Control characters are left out: the format has no place for them.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(heading))
    for line in lines:
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", _inert(cell)) if isinstance(cell, str) else cell for cell in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _of_workbook(content: bytes) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The first sheet's values. Formulas count as what they last came to."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            if unpacked > min(_LARGEST_UNPACKED, max(_SMALL_UNPACKED, _MOST_RATIO * len(content))):
                raise UnreadableSheet("It unpacks to more than can be read.")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        for number, row in enumerate(book.worksheets[0].iter_rows(max_col=_MOST_COLUMNS, values_only=True), start=1):
            yield number, [_cell(value) for value in row]
    except UnreadableSheet:
        raise
    except _BROKEN as error:
        raise UnreadableSheet(f"{type(error).__name__}: {error}") from None


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return Decimal(repr(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return _plain(str(value))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # the "Unicode text" of spreadsheets
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell


def _plain(cell: str) -> str:
    """A cell without the apostrophe that was put before it."""
    quoted = cell.startswith("'") and cell[1:].startswith((*_FORMULA, "'"))
    return (cell[1:] if quoted else cell).strip()
