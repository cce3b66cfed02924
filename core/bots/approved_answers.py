"""Retrieval over a bot's approved question-answer pairs, without a model or a database.

`search` finds passages for a prompt and favours recall. `sure_answer` is what the bot sends when no model is available,
so it favours precision: every meaningful word of the customer's question must be in the pair's question and hardly any
may be missing from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from core.bots.settings import QaPair
from core.text.matching import SAME_MEANING, Index, Match, share
from core.text.normalize import stem, words
from core.text.stopwords import EMPTY, INTERROGATIVES
from core.text.synonyms import key
from core.types import Passage

# They define what is asked but are often left out: "¿precio del envío?" for "¿cuánto cuesta el envío?".
_INTERROGATIVES = frozenset(map(stem, INTERROGATIVES))
_GREETINGS = (
    "buenas tardes",
    "buenas noches",
    "buenos dias",
    "buen dia",
    "boa tarde",
    "boa noite",
    "bom dia",
    "good morning",
    "good afternoon",
    "good evening",
)
# Words of a repeated question, which do not change what is asked.
_REPEATING = ("otra vez", "de nuevo", "outra vez", "de novo", "i repeat", "asking again")
# Words that have a meaning together which none has alone. A greeting means nothing here, but "de noche" does.
_PHRASES = dict.fromkeys((*_GREETINGS, *_REPEATING), "") | {
    "por que": "porque",
    "how much": "price",
    "cuanto es": "precio",
    "cuanto sale": "precio",
    "quanto e": "preco",
}
_PHRASES |= dict.fromkeys(
    (
        "a que hora abren", "a que hora abre", "a que hora atienden", "hasta que hora atienden", "a que horas abrem",
        "que horas abrem", "que horas abre", "what time do you open", "when do you open", "opening hours",
        "business hours",
    ),
    "horario",
)  # fmt: skip
_PHRASE = re.compile(rf"\b(?:{'|'.join(sorted(_PHRASES, key=len, reverse=True))})\b")
# Abbreviations typed on phones, where the letter has no other meaning.
_TYPED = {"q": "que", "k": "que", "xq": "porque", "pq": "porque", "x": "por", "d": "de", "u": "you", "ur": "your"}
_PRICE = key("precio")
_ASKS_PRICE = frozenset(stem(word) for word in words("cuanto quanto how much"))
_WEIGHTS = dict.fromkeys(_INTERROGATIVES, 0.25)
_WEIGHTS |= dict.fromkeys((key(word) for word in words("atencion atendimento funcionamiento funcionamento")), 0.1)
_WORDING_SHARE = 0.15
_LISTED = 0.1  # generous: a model judges the listed answers and cannot use an unlisted one
_BY_ANSWER = 0.5  # a match in the answer is weaker evidence than one in the question
# Measured on the questions and traps in tests/unit/ai/test_approved_answers.py: none of the traps is answered.
_SURE = 0.85
_MARGIN = 0.08
_REPEATABLE_WORDS = 2


@dataclass(frozen=True, slots=True)
class _Question:
    """A question reduced to the words that say what it asks."""

    folded: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    passage: Passage
    answers_all: bool  # every meaningful word of the customer's question is matched


def search(pairs: Sequence[QaPair], question: str, limit: int) -> list[Passage]:
    """Return the approved pairs nearest to `question`, best first, at most `limit`. Ids (qa-1 …) are by position."""
    passages = [match.passage for match in _matches(pairs, question) if match.passage.score >= _LISTED]
    ids = {passage.id for passage in passages}
    passages += [passage for passage in _by_answer(pairs, question) if passage.id not in ids]
    return sorted(passages, key=lambda passage: -passage.score)[:limit]


def _by_answer(pairs: Sequence[QaPair], question: str) -> Iterator[Passage]:
    """Yield pairs whose question and answer together cover the question: "tarjeta" occurs in the answer on payment."""
    for match in _index(tuple(f"{pair.question}\n{pair.answer}" for pair in pairs)).matches(_question(question).words):
        pair, score = pairs[match.position], _BY_ANSWER * share(_credits(match.asked), match.asked, _weight)
        if pair.approved and score >= _LISTED:
            yield _passage(match.position, pair, score)


def sure_answer(pairs: Sequence[QaPair], question: str) -> Passage | None:
    """Return the approved pair that asks the same as `question`, if exactly one does; its text is the answer."""
    matches = _matches(pairs, question)
    if not matches or not matches[0].answers_all or matches[0].passage.score < _SURE:
        return None
    best = matches[0].passage
    rivals = (match.passage for match in matches[1:] if match.passage.text != best.text)
    rival = next(rivals, None)
    return best if rival is None or best.score - rival.score >= _MARGIN else None


def same_question(first: str, second: str) -> bool:
    """Return whether two messages ask the same in other words or with a typo. Courtesies never count."""
    index = _index((first,))
    return any(
        match.weakest > 0 and min(len(match.asked), len(match.covered)) >= _REPEATABLE_WORDS
        for match in index.matches(_question(second).words)
        if len(match.covered) == len(index.texts[0])
    )


def subject_of(question: str) -> list[str]:
    """Return the folded words that name the subject of a question, without who asks or how much."""
    return [word for word in _question(question).words if key(word) != _PRICE and key(word) not in _INTERROGATIVES]


def asks_price(question: str) -> bool:
    """Return whether it asks what something costs."""
    return any(key(word) == _PRICE for word in _question(question).words)


def meaning(question: str) -> frozenset[str]:
    """Return what a question asks, as keys shared by the forms of a word. Empty for a greeting or a courtesy."""
    return frozenset(map(key, _question(question).words)) - _INTERROGATIVES


def similarity(first: str, second: str) -> float:
    """Return the similarity of two questions, 0 to 1: mostly what they ask, tolerating a typo, and a little wording."""
    one, other = _question(first), _question(second)
    if not one.words or not other.words:
        return float(one.folded == other.folded)
    index = _index((second,))
    return max((_compare(one, other, match, index)[0] for match in index.matches(one.words)), default=0.0)


def _matches(pairs: Sequence[QaPair], question: str) -> list[_Match]:
    """Return the approved pairs that share a word with the question or are worded like it, best first."""
    asked = _question(question)
    questions = tuple(pair.question for pair in pairs)
    index = _index(questions)
    found = {match.position: match for match in index.matches(asked.words)}
    matches = []
    for position, pair in enumerate(pairs):
        pair_question, match = _question(pair.question), found.get(position)
        if pair.approved and (match or asked.folded == pair_question.folded):
            score, answers_all = _compare(asked, pair_question, match, index)
            matches.append(_Match(_passage(position, pair, score), answers_all))
    return sorted(matches, key=lambda match: -match.passage.score)


def _passage(position: int, pair: QaPair, score: float) -> Passage:
    return Passage(id=f"qa-{position + 1}", title=pair.question, text=pair.answer, score=round(score, 4))


def _compare(asked: _Question, pair: _Question, match: Match | None, index: Index) -> tuple[float, bool]:
    """Return the similarity, 0 to 1, of two questions, and whether the pair's covers all of the other."""
    if asked.folded == pair.folded:
        return 1.0, True
    if match is None or not (credits := _credits(match.covered)):
        return 0.0, False
    covered = share(_credits(match.asked), match.asked, _weight)
    recalled = share(credits, index.texts[match.position], _weight)
    overlap = 2 * covered * recalled / (covered + recalled)
    wording = fuzz.token_sort_ratio(asked.folded, pair.folded) / 100
    # Correct one typo only, and only beside a certain word: "corte" may be meant, not a mistyped "coste".
    certain = {word for word, credit in credits.items() if credit == 1}
    plausible = len(credits) == len(certain) or (len(credits) == len(certain) + 1 and certain - _INTERROGATIVES)
    return (1 - _WORDING_SHARE) * overlap + _WORDING_SHARE * wording, match.weakest > 0 and bool(plausible)


def _credits(found: Mapping[str, float]) -> dict[str, float]:
    """Return the credits with that of every typo alike."""
    return {word: credit if credit in (0, 1) else SAME_MEANING for word, credit in found.items()}


def _weight(word: str) -> float:
    return _WEIGHTS.get(word, 1.0)


@lru_cache(maxsize=4096)
def _index(questions: tuple[str, ...]) -> Index:
    return Index(_question(question).words for question in questions)


@lru_cache(maxsize=4096)
def _question(text: str) -> _Question:
    found = [_TYPED.get(word, word) for word in words(text)]
    folded = " ".join(found)
    spelled = _PHRASE.sub(lambda phrase: _PHRASES[phrase.group()], folded).split()
    kept = [word for word in spelled if word not in EMPTY]
    if any(key(word) == _PRICE for word in kept):
        kept = [word for word in kept if key(word) not in _ASKS_PRICE]
    return _Question(folded, tuple(dict.fromkeys(kept)))
