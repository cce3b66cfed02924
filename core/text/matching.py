"""Match the words of a message to known texts: in any inflection, by synonyms and with a typo, without a model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from rapidfuzz import process
from rapidfuzz.distance import OSA

from core.text.normalize import singular, words
from core.text.stopwords import PARTICLES
from core.text.synonyms import key

SAME_MEANING = 0.9  # the credit of another inflection or a synonym, and of a typo in a word of six letters
SHORT_TYPO = 0.6
_SHORTEST_TYPO = 4  # a shorter word is another word with another letter
_MAX_CORRECTIONS = 40  # unknown words of a message that are compared with every known one
_NEAR = 0.3


@dataclass(frozen=True, slots=True)
class Match:
    """How the text at `position` matches what was asked.

    `asked` has each asked word with its credit: 1 if the text has it, less for another form or a typo, 0 if it is
    missing. `covered` has the words of the text that were asked for, with theirs.
    """

    position: int
    asked: Mapping[str, float]
    covered: Mapping[str, float]

    @property
    def weakest(self) -> float:
        """The least credit of an asked word."""
        return min(self.asked.values())


class Index:
    """Index of texts, each a few words, folded. `form` reduces words: two of the same form are the same word here."""

    def __init__(self, texts: Iterable[Sequence[str]], form: Callable[[str], str] = key) -> None:
        self.texts: list[tuple[str, ...]] = []
        self._form = form
        self._with_form: defaultdict[str, list[int]] = defaultdict(list)
        self._with_meaning: defaultdict[str, set[str]] = defaultdict(set)
        self._forms: dict[str, str] = {}  # of each word as written
        for position, text in enumerate(texts):
            for word in text:
                self._add(word)
            self.texts.append(tuple(dict.fromkeys(self._forms[word] for word in text)))
            for found in self.texts[-1]:
                self._with_form[found].append(position)

    def _add(self, word: str) -> None:
        if word not in self._forms:
            self._forms[word] = self._form(word)
            for meaning in _meanings(word):
                self._with_meaning[meaning].add(self._forms[word])

    def rarity(self, form: str) -> float:
        """Weigh a word by its rarity; one that no text has weighs as much as the rarest."""
        return log(1 + len(self.texts) / max(1, len(self._with_form.get(form, ()))))

    def matches(self, asked: Iterable[str]) -> list[Match]:
        """Return how each text that has one of the asked words matches them all, in the order of the texts."""
        readings: dict[str, Mapping[str, float]] = {}
        corrections = 0
        for word in asked:
            form = self._form(word)
            if form in readings:
                continue
            readings[form] = self._known(word)
            if not readings[form] and corrections < _MAX_CORRECTIONS:
                readings[form] = self._corrected(word)
                corrections += 1
        positions = {at for reading in readings.values() for form in reading for at in self._with_form[form]}
        return [self._match(at, readings) for at in sorted(positions)]

    def _match(self, position: int, readings: Mapping[str, Mapping[str, float]]) -> Match:
        text = frozenset(self.texts[position])
        credits, covered = dict.fromkeys(readings, 0.0), dict[str, float]()
        for word, reading in readings.items():
            for form, credit in reading.items():
                if form in text:
                    credits[word] = max(credits[word], credit)
                    covered[form] = max(covered.get(form, 0.0), credit)
        return Match(position, credits, covered)

    def _known(self, word: str) -> dict[str, float]:
        form = self._form(word)
        alike = {other for meaning in _meanings(word) for other in self._with_meaning.get(meaning, ())}
        return dict.fromkeys(alike, SAME_MEANING) | ({form: 1.0} if form in self._with_form else {})

    def _corrected(self, word: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for other, credit in corrections(word, self._forms).items():
            form = self._forms[other]
            found[form] = max(found.get(form, 0.0), credit)
        return found


def share(credits: Mapping[str, float], words: Iterable[str], weigh: Callable[[str], float]) -> float:
    """Return the share, by weight, of `words` that have credit."""
    weighed = [(word, weigh(word)) for word in words]
    total = sum(weight for _, weight in weighed)
    return sum(weight * credits.get(word, 0.0) for word, weight in weighed) / total if total else 0.0


def corrections(word: str, known: Iterable[str]) -> dict[str, float]:
    """Return the known words that `word` may be a typo of, with their credit. A code with digits is never corrected."""
    if not _is_correctable(word):
        return {}
    candidates = [other for other in known if _is_correctable(other)]
    near = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=2, limit=None)
    credits = {other: _credit(word, other, int(distance)) for other, distance, _ in near}
    return {other: credit for other, credit in credits.items() if credit}


def _is_correctable(word: str) -> bool:
    return len(word) >= _SHORTEST_TYPO and word.isalpha()


def _credit(word: str, other: str, distance: int) -> float:
    """Return the credit of a typo. Two letters off a short word are another word: camisa, camiseta."""
    longest = max(len(word), len(other))
    # The plural of a typo counts its "s" only once: "camizas" for "camisa".
    if distance == 2 and singular(word) != word and OSA.distance(singular(word), singular(other)) == 1:
        distance, longest = 1, max(len(singular(word)), len(singular(other)))
    if distance == 1:
        return SAME_MEANING if longest >= 6 else SHORT_TYPO
    return 0.8 if longest >= 9 and abs(len(word) - len(other)) <= 1 else 0.0


def _meanings(word: str) -> set[str]:
    return {key(word), key(singular(word))}


def nearest(asked: str, texts: Sequence[str], limit: int) -> list[tuple[int, float]]:
    """Return the positions of the texts most similar to `asked`, best first, with the share of it they cover, 0 to 1.

    A word that occurs in most of the texts has little weight, one that occurs in none has no weight.
    """
    index = Index(map(_content, texts))
    matches = index.matches(_content(asked))
    known = sorted({word for match in matches for word, credit in match.asked.items() if credit})
    scored = [(match.position, round(share(match.asked, known, index.rarity), 4)) for match in matches]
    return sorted((one for one in scored if one[1] >= _NEAR), key=lambda one: -one[1])[:limit]


def named_in(asked: str, names: Sequence[str], limit: int) -> list[str]:
    """Return the names all of whose words occur in `asked`, in any form, in the order of `names`."""
    index = Index(map(_content, names))
    whole = (
        match for match in index.matches(_content(asked)) if len(match.covered) == len(index.texts[match.position])
    )
    return [names[match.position] for match in whole][:limit]


def _content(text: str) -> list[str]:
    return [word for word in words(text) if word not in PARTICLES]
