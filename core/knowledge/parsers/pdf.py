"""PDF, page by page."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator

from pypdf import PasswordType, PdfReader
from pypdf.errors import PyPdfError

from core.knowledge.parsers.types import MAX_CHARACTERS, MAX_PAGE_LENGTH, MAX_PAGES, BadFile, Document, Fault, Section
from core.models.knowledge_kinds import SourceKind

_MAX_SECONDS = 300.0
# Exceptions of pypdf on damaged files, besides its own. Memory errors are handled by the process limits.
_DAMAGED = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, ArithmeticError,
            RecursionError, AssertionError, NotImplementedError, EOFError, OSError)  # fmt: skip
_HYPHENATED = re.compile(r"(\w)-\n(?=[a-záéíóúñçãõâêô])")
_WRAPPED = re.compile(r"(?<=[^.:;!?\n])\n(?=[a-záéíóúñçãõâêô(])")
_SPACES = re.compile(r"[ \t\xa0]+")
_GAPS = re.compile(r"\n{3,}")


def read_pdf(content: bytes) -> Document:
    """Return a section per page, headed by its number. Raises `BadFile`; a file without any text raises at its end."""
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise BadFile(Fault.ENCRYPTED)
        pages = len(reader.pages)
    except _DAMAGED as error:
        raise BadFile(Fault.DAMAGED, type(error).__name__) from error
    if pages > MAX_PAGES:
        raise BadFile(Fault.TOO_LARGE, f"{pages} pages")
    if not pages:
        raise BadFile(Fault.EMPTY)
    return Document(SourceKind.PDF, pages, _sections(reader, pages))


def _sections(reader: PdfReader, pages: int) -> Iterator[Section]:
    deadline = time.monotonic() + _MAX_SECONDS
    read = unreadable = 0
    for number in range(1, pages + 1):
        if time.monotonic() > deadline:
            raise BadFile(Fault.TIMED_OUT, f"at page {number}")
        try:
            text = _tidy(reader.pages[number - 1].extract_text()[:MAX_PAGE_LENGTH])
        except _DAMAGED:
            unreadable += 1
            continue
        read += len(text)
        if read > MAX_CHARACTERS:
            raise BadFile(Fault.TOO_LARGE, f"{read} characters by page {number}")
        if text:
            yield Section(f"p. {number}", text, number)
    if not read:
        raise BadFile(Fault.DAMAGED if unreadable == pages else Fault.NO_TEXT)


def _tidy(text: str) -> str:
    """Join words and sentences split at the end of a line; reduce space to what separates paragraphs."""
    text = text.replace("\x00", "").encode(errors="ignore").decode()  # lone surrogates, from broken fonts
    text = _HYPHENATED.sub(r"\1", text.replace("\r\n", "\n"))
    return _GAPS.sub("\n\n", _SPACES.sub(" ", _WRAPPED.sub(" ", text))).strip()
