"""Compare the results of two settings for a question, and check expectations. Pure functions."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.replies.decision import HandOff, Outcome, Reply
from core.text.normalize import fold, words

MAX_PHRASES = 20
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Kind(StrEnum):
    """Outcome of a question."""

    REPLY = "reply"
    DRAFT = "draft"
    HAND_OFF = "hand_off"
    SILENT = "silent"


class ReplayResult(BaseModel):
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

    contains: tuple[Phrase, ...] = Field(default=(), max_length=MAX_PHRASES)
    avoids: tuple[Phrase, ...] = Field(default=(), max_length=MAX_PHRASES)
    hands_off: bool | None = None
    cites: bool = False

    @property
    def asks_anything(self) -> bool:
        return bool(self.contains or self.avoids or self.cites or self.hands_off is not None)


class FailedExpectation(StrEnum):
    """An expectation that an answer does not meet."""

    CONTAINS = "contains"
    AVOIDS = "avoids"
    HANDS_OFF = "hands_off"
    ANSWERS = "answers"
    CITES = "cites"


class Difference(StrEnum):
    """How the answer of other settings differs."""

    SAME = "same"
    WORDS = "words"
    NOW_HANDS_OFF = "now_hands_off"
    NOW_ANSWERS = "now_answers"
    MANNER = "manner"  # the same text, but now a draft, or for another reason


def to_result(outcome: Outcome, confidence: float | None) -> ReplayResult:
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
            return ReplayResult(kind=Kind.DRAFT if outcome.draft else Kind.REPLY, text=outcome.text, **common)
        case HandOff():
            return ReplayResult(kind=Kind.HAND_OFF, text=outcome.text or "", reason=str(outcome.reason), **common)
    return ReplayResult(kind=Kind.SILENT, **common)


def difference(before: ReplayResult, after: ReplayResult) -> Difference:
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


def failed_expectations(expected: Expectation, result: ReplayResult) -> tuple[FailedExpectation, ...]:
    """Return the expectations that an answer does not meet."""
    text = fold(result.text)
    failed = []
    if any(fold(phrase) not in text for phrase in expected.contains):
        failed.append(FailedExpectation.CONTAINS)
    if any(fold(phrase) in text for phrase in expected.avoids):
        failed.append(FailedExpectation.AVOIDS)
    if expected.hands_off is True and result.kind is not Kind.HAND_OFF:
        failed.append(FailedExpectation.HANDS_OFF)
    if expected.hands_off is False and result.kind not in (Kind.REPLY, Kind.DRAFT):
        failed.append(FailedExpectation.ANSWERS)
    if expected.cites and not result.sources:
        failed.append(FailedExpectation.CITES)
    return tuple(failed)
