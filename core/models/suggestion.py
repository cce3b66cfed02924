"""Questions the bot could not answer, gathered by likeness, each gathering a suggestion for a new answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Stamp, Tenant, one_of


class SuggestionState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class Suggestion(Tenant, Base):
    """A question that customers asked in vain, with a drafted answer for a person to approve.

    `question` and `answer` have personal data masked. `drafted_by` is "team" (what a colleague answered) or "model",
    empty while nobody has an answer. One that is snoozed is open again when `snoozed_until` has passed.
    `settings_version` is the version of the bot's settings that an accepted one became part of.
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
    """One time that a suggestion's question was asked: the run that could not answer it.

    `answer` is what a colleague answered in that conversation, empty where nobody did.
    """

    __tablename__ = "asked_questions"
    __table_args__ = (Index(None, "suggestion_id"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("ai_runs.id", ondelete="CASCADE"), primary_key=True)
    suggestion_id: Mapped[int] = mapped_column(ForeignKey("suggestions.id", ondelete="CASCADE"))
    conversation_id: Mapped[int]
    text: Mapped[str]
    answer: Mapped[str] = mapped_column(server_default="")
    asked_at: Mapped[datetime]
