"""Outcomes of the bot's answers, and each bot's calibration."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Stamp, Tenant, one_of


class AnswerVerdict(StrEnum):
    """Verdict on an answer."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"  # no evidence yet, or ever
    HANDED_OVER = "handed_over"  # there was no answer to judge


class AnswerOutcome(Tenant, Base):
    """The outcome of one run (`core.evaluation.outcomes` defines how it is judged).

    `confidence` is the value before calibration. `topics` and `sources` (titles of what it cited) are copied from the
    run so that counting them reads no trace. `cause` is the reason; for a hand-off, what triggered it.
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


class BotCalibration(Tenant, Base):
    """The calibration of a bot (`core.bots.calibration.Calibration`) and when it was last computed.

    `points` are pairs of claimed and observed confidence, over `sample` judged answers; both are empty until there are
    enough.
    """

    __tablename__ = "bot_calibrations"

    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True)
    computed_at: Mapped[Stamp]
    points: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    sample: Mapped[int] = mapped_column(Integer, server_default="0")
