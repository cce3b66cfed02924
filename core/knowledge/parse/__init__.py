"""Reading documents: bytes in, headed sections of text out, or a `BadFile` that says why not."""

from __future__ import annotations

from core.knowledge.parse.base import BadFile, Document, Fault, Section
from core.knowledge.parse.open import read

__all__ = ["BadFile", "Document", "Fault", "Section", "read"]
