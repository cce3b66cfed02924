"""Split a long text into messages at natural breaks."""

from __future__ import annotations

import re
import unicodedata

# Best break first: between paragraphs, lines, sentences, words. Each matches where the whitespace to drop begins.
_PAUSES = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…:;。！？])\s"),
    re.compile(r"\s"),
)
_JOINER = "\u200d"


def split_text(text: str, limit: int) -> list[str]:
    """Split `text` into ordered, non-empty pieces of at most `limit` Unicode code points.

    Only whitespace at a cut is dropped. A better break is preferred if it fills at least half a piece; a word longer
    than a piece is cut, but not within an emoji or between a letter and its accent where avoidable.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    if len(text) <= limit:
        return [text] if text.strip() else []
    pieces = []
    start = 0
    while len(text) - start > limit:
        end, following = _cut(text, start, limit)
        if text[start:end].strip():
            pieces.append(text[start:end])
        start = following
    if text[start:].strip():
        pieces.append(text[start:])
    return pieces


def _cut(text: str, start: int, limit: int) -> tuple[int, int]:
    """Return where the piece that begins at `start` ends, and where the next begins."""
    furthest = start + limit
    for pause in _PAUSES:
        least = start if pause is _PAUSES[-1] else start + limit // 2
        pauses = [match.start() for match in pause.finditer(text, start, furthest + 1)]
        if pauses and pauses[-1] >= least:
            return start + len(text[start : pauses[-1]].rstrip()), _skip_space(text, pauses[-1])
    end = furthest
    while end > start + 1 and _continues_grapheme(text, end):
        end -= 1
    return (end, end) if not _continues_grapheme(text, end) else (furthest, furthest)


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _continues_grapheme(text: str, position: int) -> bool:
    """Return whether the character at `position` belongs to the one before it."""
    if position >= len(text):
        return False
    following = text[position]
    return (
        unicodedata.combining(following) != 0
        or unicodedata.category(following) in ("Mn", "Me")
        or following == _JOINER
        or text[position - 1] == _JOINER
        or "\U0001f3fb" <= following <= "\U0001f3ff"  # skin tones
    )
