"""Kinds of knowledge sources, in a module of their own so that parsers need no database library."""

from __future__ import annotations

from enum import StrEnum


class SourceKind(StrEnum):
    """Format of a source."""

    TEXT = "text"
    MARKDOWN = "markdown"
    PDF = "pdf"
    DOCX = "docx"
    TABLE = "table"  # CSV or XLSX
    HTML = "html"
    PAGE = "page"  # fetched from the web
