"""When a person must take over, as far as rules can tell: no model is asked here.

Missing a customer who asks for a person costs more than bringing one in too often, so every rule leans that way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from core.ai.knowledge import same_question
from core.ai.mood import STRONG_WORDS
from core.ai.prompt import Role, Turn, burst
from core.ai.settings import BotSettings
from core.ai.text import sentences, stem, words


class Reason(StrEnum):
    """Why a person takes over. Stored with the conversation and counted in the figures."""

    KEYWORD = "keyword"
    TURN_CAP = "turn_cap"
    ASKED_TWICE = "asked_twice"
    UNSUPPORTED_CONTENT = "unsupported_content"
    TOPIC = "topic"
    LOW_CONFIDENCE = "low_confidence"
    MODEL_ASKED = "model_asked"
    SENTIMENT = "sentiment"
    LEAK = "leak"  # the reply would have shown the bot's instructions
    REFUSAL = "refusal"
    EMPTY = "empty"
    FAILURE = "failure"
    NO_MODEL = "no_model"
    QUOTE_CONFIRMED = "quote_confirmed"


@dataclass(frozen=True, slots=True)
class Trigger:
    """A rule that calls for a person. `detail` is for the agent: the phrase, the count, the repeated question."""

    reason: Reason
    detail: str


# Words a phrase may contain or leave out: "quiero hablar con una persona" says "hablar con persona".
_FILLERS = frozenset(
    words(
        "a al algun alguna con de del el en favor la las le les lo los me mi mis nos por que se su sus te ti tu un una "
        "unos unas y ya muy tan "
        "o os as da do das dos na com em meu minha para pra pro um uma umas eu voces "
        "an and for i in it my of on our please so some that the this to us very with you your"
    )
)
# Ways to want something count as one word, whichever the phrase was written with.
_WISHES = frozenset(
    words(
        "quiero queremos quisiera quisieramos deseo deseamos necesito necesitamos voy vamos pretendo pienso "
        "quero queremos queria gostaria desejo preciso precisamos vou "
        "want wanna need wish would like going"
    )
)
# With "no" before them these say that the phrase does not apply: "no es una emergencia", "no need to cancel".
_DENIABLE = _WISHES | frozenset(
    words(
        "es era fue sea son estoy estamos estaba hace falta necesario hay tengo creo busco "
        "e foi seja sou estou estamos estava necessario ha tenho acho "
        "is its it's was be am im i'm are do did does think"
    )
)
_NEGATORS = frozenset(
    words("no not nunca tampoco never não nem don't doesn't didn't isn't wasn't aren't ain't wouldn't without")
)
_SELF_DENYING = frozenset(words("isn't wasn't aren't ain't"))
_WISH = "<wish>"
_LARGEST_GAP = 2
_REPEAT_WINDOW = timedelta(hours=1)


def before_model(settings: BotSettings, turns: Sequence[Turn], replies_in_a_row: int) -> Trigger | None:
    """The first rule that takes the conversation from the bot before a model is asked, or None.

    `replies_in_a_row` counts the bot's replies since a person last took part, however far back that is.
    """
    newest = burst(turns)
    return (
        asked_for_person([turn.text for turn in newest], settings.handoff_keywords.all())
        or (upset([turn.text for turn in newest]) if settings.handoff_on_anger else None)
        or turn_cap(replies_in_a_row, settings.turn_cap)
        or unsupported(newest)
        or asked_twice(turns)
    )


def asked_for_person(messages: Sequence[str], keywords: tuple[str, ...]) -> Trigger | None:
    """The first keyword phrase that one of the messages says.

    A phrase is said when its words come in order within one sentence, whatever their inflection, with fillers
    and at most two other words between each. A denial before it ("no quiero cancelar", "it is not an
    emergency") or inside it ("el problema no es urgente") disarms it; "no puedo cancelar" and "no me devuelven
    el dinero" are complaints, not denials, and count.
    """
    for message in messages:
        for sentence in sentences(message):
            stems = [_key(word) for word in sentence]
            for keyword, phrase in _compile(keywords):
                if _says(sentence, stems, phrase):
                    return Trigger(Reason.KEYWORD, keyword)
    return None


def upset(messages: Sequence[str]) -> Trigger | None:
    """Words that only an angry customer writes. They are looked for as the keyword phrases are."""
    found = asked_for_person(messages, STRONG_WORDS)
    return found and Trigger(Reason.SENTIMENT, found.detail)


def turn_cap(replies_in_a_row: int, cap: int) -> Trigger | None:
    if replies_in_a_row < cap:
        return None
    return Trigger(Reason.TURN_CAP, f"{replies_in_a_row} replies without a person")


def unsupported(newest: Sequence[Turn]) -> Trigger | None:
    """Nothing in the burst can be read by the bot (an image without a caption, an unknown type)."""
    if any(turn.readable for turn in newest):
        return None
    return Trigger(Reason.UNSUPPORTED_CONTENT, newest[-1].text)


def asked_twice(turns: Sequence[Turn]) -> Trigger | None:
    """The customer repeats, within the hour, a question that the bot has answered: the answer did not help."""
    newest = burst(turns)
    earlier = turns[: len(turns) - len(newest)]
    if not earlier or earlier[-1].role is not Role.BOT:
        return None
    for old in earlier:
        if old.role is not Role.CUSTOMER or newest[-1].at - old.at > _REPEAT_WINDOW:
            continue
        for turn in newest:
            if same_question(old.text, turn.text):
                return Trigger(Reason.ASKED_TWICE, turn.text)
    return None


def below_threshold(confidence: float, threshold: float) -> Trigger | None:
    if confidence >= threshold:
        return None
    return Trigger(Reason.LOW_CONFIDENCE, f"{confidence:.2f} is below {threshold:.2f}")


@lru_cache(maxsize=64)
def _compile(keywords: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    phrases = ((keyword, words(keyword)) for keyword in keywords)
    return tuple(
        (keyword, tuple(_key(word) for word in found if word not in _FILLERS) or tuple(map(_key, found)))
        for keyword, found in phrases
        if found
    )


def _key(word: str) -> str:
    return _WISH if word in _WISHES else stem(word)


def _says(sentence: list[str], stems: list[str], phrase: tuple[str, ...]) -> bool:
    starts = (index for index, key in enumerate(stems) if key == phrase[0])
    return any(_follows(sentence, stems, phrase, start) and not _denied(sentence, start) for start in starts)


def _follows(sentence: list[str], stems: list[str], phrase: tuple[str, ...], start: int) -> bool:
    position = start
    for key in phrase[1:]:
        found = _next(sentence, stems, key, position + 1)
        if found is None:
            return False
        position = found
    return True


def _next(sentence: list[str], stems: list[str], key: str, start: int) -> int | None:
    """Where `key` comes next, unless a negator or too many other words stand between."""
    gap = 0
    for index in range(start, len(stems)):
        if stems[index] == key:
            return index
        gap += sentence[index] not in _FILLERS
        if sentence[index] in _NEGATORS or gap > _LARGEST_GAP:
            return None
    return None


def _denied(sentence: list[str], start: int) -> bool:
    """Whether the words before `start` deny it: a negator, then a wish or "is", then the phrase."""
    deniable = sentence[start] in _DENIABLE
    for index in range(start - 1, -1, -1):
        word = sentence[index]
        if word in _NEGATORS:
            # English puts the negator after its verb: "it is not an emergency".
            after_verb = word == "not" and index > 0 and sentence[index - 1] in _DENIABLE
            return deniable or after_verb or word in _SELF_DENYING
        if word in _DENIABLE:
            deniable = True
        elif word not in _FILLERS:
            return False
    return False
