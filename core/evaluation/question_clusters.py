"""Questions that ask the same, put together one after the other. No database here.

A question joins the group whose first question it is most like, or begins one. Groups never move: what was put
together stays together under one id, whatever comes later. Only groups that share a meaningful word are compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from core.bots.approved_answers import likeness, meaning

ALIKE = 0.7  # of 1; "ship to Spain" and "ship to France" are 0.55 alike


class Groups:
    """Groups by id, each known by its first question."""

    def __init__(self, known: Iterable[tuple[int, str]] = ()) -> None:
        self._first: dict[int, str] = {}
        self._with: defaultdict[str, list[int]] = defaultdict(list)
        for number, question in known:
            self.add(number, question)

    def add(self, number: int, question: str) -> None:
        """A group that begins with this question."""
        self._first[number] = question
        for key in meaning(question):
            self._with[key].append(number)

    def nearest(self, question: str) -> int | None:
        """The group that asks the same, the oldest of several that are equally alike; None when there is none."""
        candidates = {number for key in meaning(question) for number in self._with.get(key, ())}
        scored = [(likeness(question, self._first[number]), -number) for number in candidates]
        score, number = max(scored, default=(0.0, 0))
        return -number if score >= ALIKE else None
