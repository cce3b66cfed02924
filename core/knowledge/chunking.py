"""Split sections into passages: first at headings, paragraphs and sentences, within a number of tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from semantic_text_splitter import TextSplitter

from core.knowledge.parsers.types import MAX_HEADING_LENGTH, Section

# Short enough for one topic and for six in a prompt, long enough for an answer with its conditions.
_MIN_TOKENS = 120
_MAX_TOKENS = 300
_MAX_ROW_LENGTH = 900


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage before it is stored. `position` counts from 0 within the document, `piece` is its section's.

    Chunking is deterministic, so that an interrupted ingest can resume.
    """

    position: int
    heading: str
    text: str
    tokens: int
    content_hash: str
    piece: int


def tokens(text: str) -> int:
    """Estimate tokens as one per four bytes of UTF-8, as the prompt does."""
    return len(text.encode()) // 4 + 1


_splitter = TextSplitter.from_callback(tokens, (_MIN_TOKENS, _MAX_TOKENS))
_row_splitter = TextSplitter.from_callback(tokens, _MAX_ROW_LENGTH)


def split(sections: Iterable[Section]) -> Iterator[Chunk]:
    """Yield the passages of a document, in order; reads at most one section ahead."""
    position = 0
    for section in sections:
        heading = section.heading[:MAX_HEADING_LENGTH]
        for part in (_row_splitter if section.whole else _splitter).chunks(section.text):
            if not part.strip():  # the splitter treats separators such as U+001F as words
                continue
            yield Chunk(position, heading, part, tokens(part), _hash(heading, part), section.piece)
            position += 1


def _hash(heading: str, text: str) -> str:
    return hashlib.sha256(f"{heading}\0{text}".encode()).hexdigest()
