"""Select an agent's message that answers a question, and the most typical of several answers. No database here."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from core.bots.approved_answers import meaning
from core.text.pii import MASK

_MAX_USEFUL_LENGTH = 120  # characters; beyond this a longer message is no better an answer


def best(question: str, messages: Sequence[str]) -> str:
    """Return the message of an agent's first ones that answers: it is about the question, and not a greeting.

    Messages are compared by the meaningful words they share with the question, then by length; ties go to the earlier.
    """
    question_keys = meaning(question)

    def score(words: str) -> tuple[int, int]:
        return len(question_keys & meaning(words)), min(len(words), _MAX_USEFUL_LENGTH)

    return max(messages, key=score)


def most_like_others(answers: Sequence[str]) -> str:
    """Return the answer most similar to the others: the usual one, not an exception. Ties go to the earlier.

    A redacted answer is chosen only if all are redacted.
    """
    unredacted = [one for one in answers if MASK not in one] or answers
    return max(unredacted, key=lambda one: sum(fuzz.token_set_ratio(one, other) for other in answers))
