"""Which of a person's words are the answer, and which of several answers to take. No database here."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from core.bots.approved_answers import meaning
from core.text.pii import MASK

_LONG_ENOUGH = 120  # characters, above which a longer message is no better an answer


def best(question: str, said: Sequence[str]) -> str:
    """Of a person's first messages, the one that answers: it speaks of what was asked, and is not a greeting.

    Messages are compared by the meaningful words they share with the question, then by length; the earlier wins.
    """
    asked = meaning(question)

    def worth(words: str) -> tuple[int, int]:
        return len(asked & meaning(words)), min(len(words), _LONG_ENOUGH)

    return max(said, key=worth)


def most_like_others(answers: Sequence[str]) -> str:
    """The answer that the others are most like: the usual one, not an exception. The earlier of two wins.

    One with a gap where personal data stood is taken only if all have one.
    """
    whole = [one for one in answers if MASK not in one] or answers
    return max(whole, key=lambda one: sum(fuzz.token_set_ratio(one, other) for other in answers))
