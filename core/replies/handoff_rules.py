"""Hand-off rules that need no model.

Missing a customer who asks for a person costs more than a needless hand-off, so every rule prefers the hand-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.bots.approved_answers import same_question
from core.bots.settings import BotSettings
from core.replies.sentiment import STRONG_WORDS
from core.text import phrases
from core.types import Role, Turn, burst


class Reason(StrEnum):
    """Reason for a hand-off. Stored with the conversation and counted in reports."""

    KEYWORD = "keyword"
    TURN_CAP = "turn_cap"
    ASKED_TWICE = "asked_twice"
    UNSUPPORTED_CONTENT = "unsupported_content"
    TOPIC = "topic"
    LOW_CONFIDENCE = "low_confidence"
    MODEL_ASKED = "model_asked"
    SENTIMENT = "sentiment"
    LEAK = "leak"  # the reply would have exposed the bot's instructions
    REFUSAL = "refusal"
    EMPTY = "empty"
    FAILURE = "failure"
    NO_MODEL = "no_model"
    QUOTE_CONFIRMED = "quote_confirmed"
    BUDGET = "budget"  # the bot's money budget is spent


@dataclass(frozen=True, slots=True)
class HandoffTrigger:
    """A rule that hands off. `detail` is for the agent: the phrase, the count, the repeated question."""

    reason: Reason
    detail: str


_REPEAT_WINDOW = timedelta(hours=1)


def before_model(settings: BotSettings, turns: Sequence[Turn], replies_in_a_row: int) -> HandoffTrigger | None:
    """Return the first rule that hands off before a model is asked, or None.

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


def asked_for_person(messages: Sequence[str], keywords: tuple[str, ...]) -> HandoffTrigger | None:
    """Return the first keyword phrase that one of the messages contains, as matched by `core.text.phrases`.

    "No puedo cancelar" and "no me devuelven el dinero" are complaints, not negations, and count.
    """
    keyword = phrases.find_phrase(messages, keywords)
    return None if keyword is None else HandoffTrigger(Reason.KEYWORD, keyword)


def upset(messages: Sequence[str]) -> HandoffTrigger | None:
    """Match phrases that only an angry customer writes, in the same way as the keyword phrases."""
    trigger = asked_for_person(messages, STRONG_WORDS)
    return trigger and HandoffTrigger(Reason.SENTIMENT, trigger.detail)


def turn_cap(replies_in_a_row: int, cap: int) -> HandoffTrigger | None:
    """Match when the bot has replied `cap` times in a row without a person."""
    if replies_in_a_row < cap:
        return None
    return HandoffTrigger(Reason.TURN_CAP, f"{replies_in_a_row} replies without a person")


def unsupported(newest: Sequence[Turn]) -> HandoffTrigger | None:
    """Match a burst of which the bot can read nothing (an image without a caption, an unknown type)."""
    if any(turn.readable for turn in newest):
        return None
    return HandoffTrigger(Reason.UNSUPPORTED_CONTENT, newest[-1].text)


def asked_twice(turns: Sequence[Turn]) -> HandoffTrigger | None:
    """Match a question repeated within the hour after the bot answered it: the answer did not help."""
    newest = burst(turns)
    earlier = turns[: len(turns) - len(newest)]
    if not earlier or earlier[-1].role is not Role.BOT:
        return None
    for old in earlier:
        if old.role is not Role.CUSTOMER or newest[-1].at - old.at > _REPEAT_WINDOW:
            continue
        for turn in newest:
            if same_question(old.text, turn.text):
                return HandoffTrigger(Reason.ASKED_TWICE, turn.text)
    return None


def below_threshold(confidence: float, threshold: float) -> HandoffTrigger | None:
    """Match an answer of less confidence, 0 to 1, than the bot needs."""
    if confidence >= threshold:
        return None
    return HandoffTrigger(Reason.LOW_CONFIDENCE, f"{confidence:.2f} is below {threshold:.2f}")
