"""Which of the prompt's facts answers a question best, by the words and subjects that they share."""

from __future__ import annotations

import re
from collections import Counter
from math import log

from rapidfuzz import fuzz

from sandbox.openai_facts import Fact
from sandbox.words import SUBJECT_NAMES, fold, language_of, tokens

_OFF_SUBJECT = 0.6  # it shares words with the question and speaks of something else, or of half of what is asked
_OWN_LANGUAGE = 0.35  # more than a label that fits is worth
# They tell who the business is and what it is about, and answer no question.
_NAMES = re.compile(r"(?:name|nombre|nome|sector|tags|etiquetas|currency of prices)", re.I)
_MONEY = re.compile(r"[$€£]\s?\d|\b[A-Z]{3}\s?\d|\d\s?€")
_LINK = re.compile(r"https?://\S+|www\.\S+")  # an address says nothing by its words
_PRICE, _ORDER = "@price", "@order"


def _speaks_of(fact: Fact) -> set[str]:
    """What a fact is about. One that states an amount of money tells a price, whether it says so or not."""
    priced = {_PRICE} if _MONEY.search(fact.text) else set()
    return priced | set(tokens(f"{fact.label} {fact.question} {_LINK.sub(' ', fact.text)}"))


class Index:
    """Facts with their tokens; rare tokens weigh more."""

    def __init__(self, facts: list[Fact]) -> None:
        told = [fact for fact in facts if not _NAMES.fullmatch(fact.label)]
        self._facts = [(fact, _speaks_of(fact)) for fact in told]
        self._often = Counter(token for _, given in self._facts for token in given)

    def _weight(self, token: str) -> float:
        if not self._often[token]:
            return 1.0
        rarity = 1.0 + log((1 + len(self._facts)) / (1 + self._often[token]))
        return 2 * rarity if token in SUBJECT_NAMES else rarity

    def best(self, question: str, about: list[str], language: str) -> tuple[float, Fact | None]:
        """The fact that answers best, 0 to 1. Where two answer alike, the one in the customer's language."""
        subjects = {token for token in about if token in SUBJECT_NAMES}
        if len(subjects) > 1:  # "an order" only says what the rest is about
            subjects.discard(_ORDER)
        wanted = {token: self._weight(token) for token in about if token != _ORDER or token in subjects}
        total = sum(wanted.values())
        unknown = [token for token in wanted if not self._often[token]]
        best: tuple[float, float, Fact | None] = (0.0, 0.0, None)  # the rank, the score, the fact
        for fact, told in self._facts:
            given = told
            # The catalogue finds a product by other names than it tells: the one strange word is such a name.
            if fact.id.startswith("product") and len(unknown) == 1 and told.intersection(wanted) <= {_PRICE}:
                given = told | set(unknown)
            score = sum(weight for token, weight in wanted.items() if token in given) / total
            if score and fact.label and set(tokens(fact.label)) & set(wanted):
                score += 0.3
            if score and fact.question:
                alike = fuzz.token_set_ratio(fold(question), fold(fact.question)) / 100
                score = max(score + 0.2 * alike, alike if alike > 0.8 else 0.0)
            score *= _on_subject(subjects, given, set(wanted))
            own = set(tokens(fact.question)) & set(wanted) and language_of(fact.question) == language
            rank = score + _OWN_LANGUAGE if score and own else score
            if rank > best[0]:
                best = (rank, score, fact)
        return min(best[1], 1.0), best[2]


def _on_subject(subjects: set[str], given: set[str], wanted: set[str]) -> float:
    """What a fact loses that leaves out a subject of the question or, sharing but things with it, its other words."""
    if subjects:
        left_out = bool(subjects - given)
    else:
        met = given.intersection(wanted)
        left_out = all(token[0] == "~" for token in met) and any(not token.isdigit() for token in wanted - met)
    return _OFF_SUBJECT if left_out else 1.0
