"""Compare the results of two settings for a question, and check expectations. Pure functions."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.replies.decision import HandOff, Outcome, Reply
from core.text.normalize import fold, words

MOST_PHRASES = 20
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Kind(StrEnum):
    """Outcome of a question."""

    REPLY = "reply"
    DRAFT = "draft"
    HAND_OFF = "hand_off"
    SILENT = "silent"


class Made(BaseModel):
    """Result of one set of settings for a question. `cost` is in USD, None when unknown or no model was asked."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Kind
    text: str = ""
    reason: str = ""
    confidence: float | None = None
    sources: tuple[str, ...] = ()
    model: str | None = None
    tokens: int = 0
    cost: Decimal | None = None
    error: str | None = None


class Expectation(BaseModel):
    """Expectations of a good answer. Phrases ignore case and accents. `hands_off` None: either."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contains: tuple[Phrase, ...] = Field(default=(), max_length=MOST_PHRASES)
    avoids: tuple[Phrase, ...] = Field(default=(), max_length=MOST_PHRASES)
    hands_off: bool | None = None
    cites: bool = False

    @property
    def asks_anything(self) -> bool:
        return bool(self.contains or self.avoids or self.cites or self.hands_off is not None)


class Miss(StrEnum):
    """An expectation that an answer does not meet."""

    CONTAINS = "contains"
    AVOIDS = "avoids"
    HANDS_OFF = "hands_off"
    ANSWERS = "answers"
    CITES = "cites"


class Difference(StrEnum):
    SAME = "same"
    WORDS = "words"
    NOW_HANDS_OFF = "now_hands_off"
    NOW_ANSWERS = "now_answers"
    MANNER = "manner"  # the same text, but now a draft, or for another reason


def made(outcome: Outcome, confidence: float | None) -> Made:
    """Convert an outcome to a result."""
    trace = outcome.trace
    common = {
        "confidence": confidence,
        "sources": trace.sources,
        "model": trace.model,
        "tokens": trace.usage.input + trace.usage.output if trace.usage else 0,
        "cost": trace.cost,
        "error": trace.error,
    }
    match outcome:
        case Reply():
            return Made(kind=Kind.DRAFT if outcome.draft else Kind.REPLY, text=outcome.text, **common)
        case HandOff():
            return Made(kind=Kind.HAND_OFF, text=outcome.text or "", reason=str(outcome.reason), **common)
    return Made(kind=Kind.SILENT, **common)


def difference(before: Made, after: Made) -> Difference:
    """Return what the new settings change for the customer. Accents, case and punctuation alone change nothing."""
    if before.kind != after.kind:
        if after.kind is Kind.HAND_OFF:
            return Difference.NOW_HANDS_OFF
        if before.kind is Kind.HAND_OFF:
            return Difference.NOW_ANSWERS
        return Difference.MANNER
    if words(before.text) != words(after.text):
        return Difference.WORDS
    return Difference.SAME if before.reason == after.reason else Difference.MANNER


def misses(expected: Expectation, got: Made) -> tuple[Miss, ...]:
    """Return the expectations that an answer does not meet."""
    said = fold(got.text)
    found = []
    if any(fold(phrase) not in said for phrase in expected.contains):
        found.append(Miss.CONTAINS)
    if any(fold(phrase) in said for phrase in expected.avoids):
        found.append(Miss.AVOIDS)
    if expected.hands_off is True and got.kind is not Kind.HAND_OFF:
        found.append(Miss.HANDS_OFF)
    if expected.hands_off is False and got.kind not in (Kind.REPLY, Kind.DRAFT):
        found.append(Miss.ANSWERS)
    if expected.cites and not got.sources:
        found.append(Miss.CITES)
    return tuple(found)
