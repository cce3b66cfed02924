"""Select the parser of a file: by its content, or by its name where the content is ambiguous."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from core.knowledge.parsers.docx import read_docx
from core.knowledge.parsers.table import read_csv, read_xlsx
from core.knowledge.parsers.text import read_html, read_markdown, read_text
from core.knowledge.parsers.types import LARGEST_FILE, BadFile, Document, Fault

ACCEPTED = (".pdf", ".docx", ".xlsx", ".csv", ".tsv", ".md", ".markdown", ".txt", ".html", ".htm")

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # also wraps an encrypted DOCX or XLSX
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")
_HTML_STARTS = (b"<!doctype html", b"<html")
_TEXTS: dict[str, Callable[[bytes], Document]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".txt": read_text,
    "": read_text,
}


def read(content: bytes, name: str) -> Document:
    """Start to parse a file. Raises `BadFile`, and so may the sections.

    A bad file can take much time and memory: servers must parse in a separate process.
    """
    if not content.strip():
        raise BadFile(Fault.EMPTY)
    if len(content) > LARGEST_FILE:
        raise BadFile(Fault.TOO_LARGE, f"{len(content)} bytes")
    return _reader(content, PurePath(name).suffix.lower())(content)


def _reader(content: bytes, suffix: str) -> Callable[[bytes], Document]:
    head = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"%pdf-" in head:
        from core.knowledge.parsers.pdf import read_pdf  # imported only when needed: it is slow to load

        return read_pdf
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    if content.startswith(_OLD_OFFICE):
        raise BadFile(Fault.ENCRYPTED if _ENCRYPTED_PART in content else Fault.WRONG_TYPE, "an older Office format")
    if head.startswith(_HTML_STARTS):
        return read_html
    reader = _TEXTS.get(suffix)
    if reader is None:
        raise BadFile(Fault.WRONG_TYPE, suffix)
    return reader


def _office(content: bytes) -> Callable[[bytes], Document]:
    """Detect by the names in the archive's directory, which are not compressed."""
    if b"word/document.xml" in content:
        return read_docx
    if b"xl/workbook.xml" in content:
        return read_xlsx
    raise BadFile(Fault.WRONG_TYPE, "an archive")
