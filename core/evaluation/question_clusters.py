"""Incremental clustering of questions that ask the same. No database here.

A question joins the group whose first question is most similar, or starts a new one. Groups are never merged or split,
so their ids are stable. Only groups that share a meaningful word are compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from core.bots.approved_answers import meaning, similarity

ALIKE = 0.7  # of 1; "ship to Spain" and "ship to France" have a similarity of 0.55


class Groups:
    """Groups by id, each represented by its first question."""

    def __init__(self, known: Iterable[tuple[int, str]] = ()) -> None:
        self._first: dict[int, str] = {}
        self._with: defaultdict[str, list[int]] = defaultdict(list)
        for number, question in known:
            self.add(number, question)

    def add(self, number: int, question: str) -> None:
        """Add a group with this first question."""
        self._first[number] = question
        for key in meaning(question):
            self._with[key].append(number)

    def nearest(self, question: str) -> int | None:
        """Return the group that asks the same, the oldest of several equally similar; None when there is none."""
        candidates = {number for key in meaning(question) for number in self._with.get(key, ())}
        scored = [(similarity(question, self._first[number]), -number) for number in candidates]
        score, number = max(scored, default=(0.0, 0))
        return -number if score >= ALIKE else None
