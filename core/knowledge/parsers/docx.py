"""Word documents, and the archive checks shared by DOCX and XLSX."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

from core.knowledge.parsers.types import MAX_CHARACTERS, MAX_PAGE_LENGTH, MEGABYTE, BadFile, Document, Fault, Section
from core.models.knowledge_kinds import SourceKind

_MAX_UNPACKED = 300 * MEGABYTE
_MAX_RATIO = 200  # text compresses to a twentieth; a bomb to a thousandth
_MAX_PARTS = 5_000
# Exceptions of zipfile, lxml, openpyxl and python-docx on damaged files. (lxml's error is a SyntaxError.)
DAMAGED = (
    zipfile.BadZipFile, zlib.error, ParseError, SyntaxError, KeyError, ValueError, TypeError, AttributeError,
    IndexError, OverflowError, RecursionError, AssertionError, NotImplementedError, EOFError, OSError,
)  # fmt: skip


def check_archive(content: bytes) -> None:
    """Refuse an archive that would unpack into too much, before anything is unpacked.

    The declared sizes can be trusted for this: zipfile stops reading a part at its declared size.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except DAMAGED as error:
        raise BadFile(Fault.DAMAGED, type(error).__name__) from error
    if any(part.flag_bits & 1 for part in parts):
        raise BadFile(Fault.ENCRYPTED)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > _MAX_UNPACKED or len(parts) > _MAX_PARTS:
        raise BadFile(Fault.ZIP_BOMB, f"{unpacked} bytes in {len(parts)} parts")
    if unpacked > 10 * MEGABYTE and unpacked > _MAX_RATIO * len(content):
        raise BadFile(Fault.ZIP_BOMB, f"{unpacked} bytes out of {len(content)}")


def read_docx(content: bytes) -> Document:
    """Return a section per heading, its tables row by row. Raises `BadFile`."""
    from docx import Document as open_docx  # imported only when needed: it is slow to load

    check_archive(content)
    try:
        body = open_docx(io.BytesIO(content))
    except DAMAGED as error:
        raise BadFile(Fault.DAMAGED, type(error).__name__) from error
    return Document(SourceKind.DOCX, 0, _sections(body))


def _sections(document: Any) -> Iterator[Section]:
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    piece = read = size = 0
    for level, text in _blocks(document):
        if level or size > MAX_PAGE_LENGTH:
            if lines:
                piece += 1
                yield Section(" › ".join(name for _, name in path), "\n\n".join(lines), piece)
            lines, size = [], 0
        if level:
            path = [*(above for above in path if above[0] < level), (level, text)]
            continue
        read += len(text)
        size += len(text)
        if read > MAX_CHARACTERS:
            raise BadFile(Fault.TOO_LARGE, f"more than {MAX_CHARACTERS} characters")
        lines.append(text)
    if lines:
        yield Section(" › ".join(name for _, name in path), "\n\n".join(lines), piece + 1)
    elif not piece:
        raise BadFile(Fault.NO_TEXT)


def _blocks(document: Any) -> Iterator[tuple[int, str]]:
    """Yield (level of a heading or 0, text) of every paragraph, and of every row of a table."""
    from docx.table import Table

    try:
        for block in document.iter_inner_content():
            if isinstance(block, Table):
                yield from ((0, row) for row in _rows(block))
            elif text := " ".join(block.text.split()):
                yield _level(block.style), text
    except DAMAGED as error:
        raise BadFile(Fault.DAMAGED, type(error).__name__) from error


def _rows(table: Any) -> Iterator[str]:
    names: list[str] = []
    for row in table.rows:
        cells = [" ".join(cell.text.split()) for cell in row.cells]
        if not names:
            names = cells
        elif any(cells):
            yield " · ".join(
                f"{name}: {cell}" if name else cell for name, cell in zip(names, cells, strict=False) if cell
            )
    if len(table.rows) == 1:
        yield " · ".join(filter(None, names))


def _level(style: Any) -> int:
    """Return the level of a heading's style, 0 for any other. Built-in names are English in every language of Word."""
    name = (style.name or "") if style is not None else ""
    if name == "Title":
        return 1
    level = name.removeprefix("Heading ")
    return int(level) if name != level and level.isdigit() else 0
