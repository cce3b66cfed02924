"""What kinds of sources there are. Apart from the tables, so that reading a file needs no database library."""

from __future__ import annotations

from enum import StrEnum


class SourceKind(StrEnum):
    TEXT = "text"
    MARKDOWN = "markdown"
    PDF = "pdf"
    DOCX = "docx"
    TABLE = "table"  # CSV or XLSX
    HTML = "html"
    PAGE = "page"  # fetched from the web
