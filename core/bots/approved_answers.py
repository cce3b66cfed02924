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

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from core.bots.settings import QaPair
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
_TYPO_LENGTH = 5  # in shorter words one letter changes the meaning too often
_TYPO_CREDIT = 0.9
_WORDING_SHARE = 0.15
_LISTED = 0.1  # generous: a model judges the listed answers and cannot use an unlisted one
_BY_ANSWER = 0.5  # a match in the answer is weaker evidence than one in the question
# Measured on the questions and traps in tests/ai/test_approved_answers.py: none of the traps is answered.
_SURE = 0.85
_MARGIN = 0.08
_REPEATABLE_WORDS = 2


@dataclass(frozen=True, slots=True)
class _Question:
    """A question reduced to what it asks: `keys` maps each meaningful word to its stem or group."""

    folded: str
    keys: Mapping[str, str]


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
    keys = _question(question).keys
    for index, pair in enumerate(pairs, start=1):
        if not pair.approved or not keys:
            continue
        pair_keys = _question(f"{pair.question}\n{pair.answer}").keys
        slips = _corrections(_question(question), pair_keys)
        matched = [word for word, key in keys.items() if key in pair_keys.values() or word in slips]
        score = _BY_ANSWER * _weight({keys[word] for word in matched}) / _weight(set(keys.values()))
        if score >= _LISTED:
            yield Passage(id=f"qa-{index}", title=pair.question, text=pair.answer, score=round(score, 4))


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
    one, other = _question(first), _question(second)
    if min(len(set(one.keys.values())), len(set(other.keys.values()))) < _REPEATABLE_WORDS:
        return False
    slips = _corrections(other, one.keys)
    return {slips.get(word, key) for word, key in other.keys.items()} == set(one.keys.values())


def subject_of(question: str) -> Mapping[str, str]:
    """Return the folded words that name the subject of a question, with their stems, without who asks or how much."""
    keys = _question(question).keys
    return {word: key for word, key in keys.items() if key != _PRICE and key not in _INTERROGATIVES}


def asks_price(question: str) -> bool:
    """Return whether it asks what something costs."""
    return _PRICE in _question(question).keys.values()


def meaning(question: str) -> frozenset[str]:
    """Return what a question asks, as keys shared by the forms of a word. Empty for a greeting or a courtesy."""
    return frozenset(_question(question).keys.values()) - _INTERROGATIVES


def similarity(first: str, second: str) -> float:
    """Return the similarity of two questions, 0 to 1: mostly what they ask, tolerating a typo, and a little wording."""
    one, other = _question(first), _question(second)
    if not one.keys or not other.keys:
        return float(one.folded == other.folded)
    slips = _corrections(one, other.keys)
    if {*one.keys.values(), *slips.values()}.isdisjoint(other.keys.values()):
        return 0.0
    return _compare(one, slips, other)[0]


def _matches(pairs: Sequence[QaPair], question: str) -> list[_Match]:
    asked = _question(question)
    known = [(index, pair, _question(pair.question)) for index, pair in enumerate(pairs, start=1) if pair.approved]
    vocabulary: dict[str, str] = {}
    for _, _, pair_question in known:
        vocabulary |= pair_question.keys
    slips = _corrections(asked, vocabulary)
    reach = {*asked.keys.values(), *slips.values()}
    matches = []
    for index, pair, pair_question in known:
        if reach.isdisjoint(pair_question.keys.values()) and asked.folded != pair_question.folded:
            continue
        score, answers_all = _compare(asked, slips, pair_question)
        passage = Passage(id=f"qa-{index}", title=pair.question, text=pair.answer, score=round(score, 4))
        matches.append(_Match(passage, answers_all))
    return sorted(matches, key=lambda match: -match.passage.score)


def _compare(asked: _Question, slips: Mapping[str, str], pair: _Question) -> tuple[float, bool]:
    """Return the similarity, 0 to 1, of two overlapping questions, and whether the pair's covers all of the other."""
    if asked.folded == pair.folded:
        return 1.0, True
    exact = set(asked.keys.values())
    pair_keys = set(pair.keys.values())
    corrected = {slips[word] for word in asked.keys if word in slips} & pair_keys - exact
    common = exact & pair_keys
    unmet = {key for word, key in asked.keys.items() if key not in pair_keys and slips.get(word) not in corrected}
    credit = _weight(common) + _TYPO_CREDIT * _weight(corrected)
    covered = credit / (_weight(common) + _weight(corrected) + _weight(unmet))
    recalled = credit / _weight(pair_keys)
    overlap = 2 * covered * recalled / (covered + recalled)
    wording = fuzz.token_sort_ratio(asked.folded, pair.folded) / 100
    # Correct one typo only, and only beside a certain word: "corte" may be meant, not a mistyped "coste".
    plausible = len(corrected) <= 1 and bool(common - _INTERROGATIVES)
    return (1 - _WORDING_SHARE) * overlap + _WORDING_SHARE * wording, not unmet and (not corrected or plausible)


def _weight(keys: set[str]) -> float:
    return sum(_WEIGHTS.get(key, 1.0) for key in keys)


def _corrections(asked: _Question, vocabulary: Mapping[str, str]) -> dict[str, str]:
    """Return, for each unknown word, the key of the known word one edit away, if there is exactly one."""
    candidates = [word for word in vocabulary if len(word) >= _TYPO_LENGTH and not word.isdigit()]
    slips: dict[str, str] = {}
    for word in asked.keys:
        if word in vocabulary or len(word) < _TYPO_LENGTH or word.isdigit():
            continue
        near = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=1, limit=None)
        keys = {vocabulary[candidate] for candidate, _, _ in near}
        if len(keys) == 1:
            slips[word] = keys.pop()
    return slips


@lru_cache(maxsize=4096)
def _question(text: str) -> _Question:
    found = [_TYPED.get(word, word) for word in words(text)]
    folded = " ".join(found)
    spelled = _PHRASE.sub(lambda phrase: _PHRASES[phrase.group()], folded).split()
    keys = {word: key(word) for word in spelled if word not in EMPTY}
    if _PRICE in keys.values():
        keys = {word: meant for word, meant in keys.items() if meant not in _ASKS_PRICE}
    return _Question(folded, keys)
