"""Suggested answers for clusters of questions that the bot could not answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp, Tenant, one_of


class SuggestionState(StrEnum):
    """State of a suggestion."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class Suggestion(Tenant, Base):
    """An unanswered question with a drafted answer to approve.

    `question` and `answer` have personal data masked. `drafted_by` is "team" (from an agent's answer) or "model",
    empty without an answer. A snoozed suggestion reopens at `snoozed_until`.
    `settings_version` is the version of the bot's settings that an accepted one was added in.
    """

    __tablename__ = "suggestions"
    __table_args__ = (one_of("state", SuggestionState), Index(None, "bot_id", "state", text("last_asked_at DESC")))

    id: Mapped[Id]
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    question: Mapped[str]
    language: Mapped[str]
    answer: Mapped[str] = mapped_column(server_default="")
    drafted_by: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default=SuggestionState.OPEN)
    snoozed_until: Mapped[datetime | None]
    first_asked_at: Mapped[datetime]
    last_asked_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    settings_version: Mapped[int | None]
    created_at: Mapped[Stamp]


class AskedQuestion(Tenant, Base):
    """One occurrence of a suggestion's question: the run that could not answer it.

    `answer` is an agent's answer in that conversation, empty if there is none.
    """

    __tablename__ = "asked_questions"
    __table_args__ = (Index(None, "suggestion_id"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("ai_runs.id", ondelete="CASCADE"), primary_key=True)
    suggestion_id: Mapped[int] = mapped_column(ForeignKey("suggestions.id", ondelete="CASCADE"))
    conversation_id: Mapped[int]
    text: Mapped[str]
    answer: Mapped[str] = mapped_column(server_default="")
    asked_at: Mapped[datetime]
