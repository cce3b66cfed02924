"""Cutting sections into passages: at headings, paragraphs and sentences first, within a number of tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from semantic_text_splitter import TextSplitter

from core.knowledge.parsers.types import LONGEST_HEADING, Section

# Short enough to be about one thing and for six of them in a prompt, long enough to hold an answer with its conditions.
_FEWEST_TOKENS = 120
_MOST_TOKENS = 300
_LONGEST_ROW = 900


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to be. `position` counts from 0 within the document, `piece` is its section's.

    The same document always gives the same chunks, so that a reading which was broken off can go on.
    """

    position: int
    heading: str
    text: str
    tokens: int
    content_hash: str
    piece: int


def tokens(text: str) -> int:
    """About one token for each four bytes of UTF-8: an estimate, as in the prompt's budget."""
    return len(text.encode()) // 4 + 1


_splitter = TextSplitter.from_callback(tokens, (_FEWEST_TOKENS, _MOST_TOKENS))
_row_splitter = TextSplitter.from_callback(tokens, _LONGEST_ROW)


def split(sections: Iterable[Section]) -> Iterator[Chunk]:
    """The passages of a document, in order; reads no further ahead than one section."""
    position = 0
    for section in sections:
        heading = section.heading[:LONGEST_HEADING]
        for part in (_row_splitter if section.whole else _splitter).chunks(section.text):
            if not part.strip():  # the splitter takes separators like U+001F for words
                continue
            yield Chunk(position, heading, part, tokens(part), _hash(heading, part), section.piece)
            position += 1


def _hash(heading: str, text: str) -> str:
    return hashlib.sha256(f"{heading}\0{text}".encode()).hexdigest()
