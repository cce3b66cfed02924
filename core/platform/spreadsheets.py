"""Read and write CSV, in any dialect, and XLSX."""

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

# The last four are full-width, which East Asian spreadsheets accept as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Excel separates columns by semicolons where numbers have decimal commas: what follows one becomes a cell.
_INNER_CELL = r"([;\t\r\n][ \"]*)"
_INNER_FORMULA = r"(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])"
_RUN = re.compile(_INNER_CELL + _INNER_FORMULA)
_NOT_RUN = re.compile(f"{_INNER_CELL}'{_INNER_FORMULA}")
_XLSX = b"PK\x03\x04"
# Declared unpacked size in bytes; the reader takes no more, and about a second per few megabytes.
_LARGEST_UNPACKED = 40_000_000
_SMALL_UNPACKED = 2_000_000
_MAX_RATIO = 100  # tables compress to a tenth, rarely below a fortieth
_MAX_COLUMNS = 200
# openpyxl does not wrap the errors of its ZIP and XML readers, nor its own.
_BROKEN = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, OSError, EOFError, RuntimeError, LookupError,
    ValueError, TypeError, AttributeError,
)  # fmt: skip


class UnreadableSheet(ValueError):
    """The content is not CSV, or not an XLSX file that can be opened."""


def rows(content: bytes) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Yield the rows of a CSV or XLSX file with line numbers from 1. Raises `UnreadableSheet`, possibly midway.

    Numbers of an XLSX file stay numbers: as text, 1.234 could be a Spanish thousand.
    """
    return _of_workbook(content) if content.startswith(_XLSX) else csv_rows(content)


def csv_rows(content: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the rows of a CSV file with the line each ends in. Raises `UnreadableSheet`, possibly midway.

    Separators are commas, semicolons or tabs; what is neither UTF-8 nor marked as UTF-16 is read as Windows-1252, as
    Spanish and Portuguese spreadsheets write it. The apostrophe that `csv_of` adds to cells is removed.
    """
    content_text = _decoded(content)
    heading = content_text.partition("\n")[0]
    reader = csv.reader(io.StringIO(content_text, newline=""), delimiter=max(",;\t", key=heading.count), strict=True)
    try:
        for row in reader:
            yield reader.line_num, [_plain(_NOT_RUN.sub(r"\1", cell)) for cell in row]
    except csv.Error as error:
        raise UnreadableSheet(str(error)) from None


def csv_of(heading: Iterable[str], lines: Iterable[Iterable[str]]) -> bytes:
    """Return a CSV file. An apostrophe precedes cells that a spreadsheet would run as a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heading)
    writer.writerows([_inert(_RUN.sub(r"\1'", cell)) for cell in line] for line in lines)
    return out.getvalue().encode("utf-8-sig")


def xlsx_of(heading: Iterable[str], lines: Iterable[Iterable[Cell]]) -> bytes:
    """Return an XLSX file with one sheet, with texts typed as text so that none is run as a formula.

    Control characters are removed: the format does not allow them.
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
    """Yield the values of the first sheet; a formula has its last result."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            if unpacked > min(_LARGEST_UNPACKED, max(_SMALL_UNPACKED, _MAX_RATIO * len(content))):
                raise UnreadableSheet("It unpacks to more than can be read.")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        for number, row in enumerate(book.worksheets[0].iter_rows(max_col=_MAX_COLUMNS, values_only=True), start=1):
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
    """Remove the apostrophe that was added to a cell."""
    quoted = cell.startswith("'") and cell[1:].startswith((*_FORMULA, "'"))
    return (cell[1:] if quoted else cell).strip()
