"""What became of the bot's answers, and what each bot learned from it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Stamp, Tenant, one_of


class AnswerVerdict(StrEnum):
    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"  # nothing tells yet, or ever will
    HANDED_OVER = "handed_over"  # there was no answer to judge


class AnswerOutcome(Tenant, Base):
    """What became of one run (`core.evaluation.outcomes` says how it is judged).

    `confidence` is what the answer was worth before calibration. Topics are the run's own, and `sources` the titles of
    what it cited, here so that counting them reads no trace. `cause` says why: of a hand-over, what decided it.
    """

    __tablename__ = "answer_outcomes"
    __table_args__ = (
        one_of("verdict", AnswerVerdict),
        Index(None, "business_id", "at"),
        Index(None, "bot_id", "at"),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("ai_runs.id", ondelete="CASCADE"), primary_key=True)
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    conversation_id: Mapped[int]
    at: Mapped[datetime]
    verdict: Mapped[str]
    cause: Mapped[str]
    confidence: Mapped[float | None]
    topics: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=text("'{}'"))
    sources: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=text("'{}'"))
    judged_at: Mapped[Stamp]


class BotLearning(Tenant, Base):
    """When a bot last learned, and how sure it turned out to be (`core.bots.calibration.Calibration`).

    `points` are pairs of what was claimed and what was observed, over `sample` judged answers; both are empty until
    there are enough.
    """

    __tablename__ = "bot_learning"

    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True)
    learned_at: Mapped[Stamp]
    points: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    sample: Mapped[int] = mapped_column(server_default="0")
