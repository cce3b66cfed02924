"""Rank a business's own texts by similarity to a question, by words alone: no model, no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log

from core.text.normalize import stem, words

_MIN_LENGTH = 3  # letters: below that it is an article or a preposition
_NEAR = 0.3


def nearest(asked: str, texts: Sequence[str], limit: int) -> list[tuple[int, float]]:
    """Return the positions of the texts most similar to `asked`, best first, with the share of it they cover, 0 to 1.

    A word that occurs in most of the texts has little weight.
    """
    stems_by_text = [_stems(text) for text in texts]
    frequency = Counter(one for stems in stems_by_text for one in stems)
    weights = {one: log(1 + len(texts) / frequency[one]) for one in _stems(asked) if one in frequency}
    total = sum(weights.values())
    if not total:
        return []
    scored = [
        (position, sum(weight for one, weight in weights.items() if one in stems) / total)
        for position, stems in enumerate(stems_by_text)
    ]
    return sorted(
        ((position, round(score, 4)) for position, score in scored if score >= _NEAR), key=lambda one: -one[1]
    )[:limit]


def named_in(asked: str, names: Sequence[str], limit: int) -> list[str]:
    """Return the names all of whose words occur in `asked`, in any inflection, in the order of `names`."""
    stems_asked = _stems(asked)
    return [name for name in names if (stems := _stems(name)) and stems <= stems_asked][:limit]


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words(text) if len(word) >= _MIN_LENGTH}
