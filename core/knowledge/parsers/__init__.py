"""Parse documents: bytes in, headed sections of text out, or a `BadFile` with the reason."""

from __future__ import annotations

from core.knowledge.parsers.detect import read
from core.knowledge.parsers.types import BadFile, Document, Fault, Section

__all__ = ["BadFile", "Document", "Fault", "Section", "read"]
