"""Replay of new bot settings on past conversations and test cases."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Id, Json, Stamp, Tenant, one_of


class ReplaySource(StrEnum):
    """What is replayed."""

    CONVERSATIONS = "conversations"
    CASES = "cases"


class SavedTestCase(Tenant, Base):
    """A test case: messages, and what a good answer must and must not do.

    `turns` are the messages. A case created from a conversation is deleted with it when customer data is erased.
    """

    __tablename__ = "test_cases"
    __table_args__ = (Index(None, "bot_id"), Index(None, "conversation_id"))

    id: Mapped[Id]
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    name: Mapped[str]
    turns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    expected: Mapped[Json]
    created_by: Mapped[str]
    created_at: Mapped[Stamp]


class Replay(Tenant, Base):
    """A replay that compares `settings` with those of `base_version`.

    `spend_limit` is in USD, null if a price is unknown: then the number of items is the only limit. `spent` is the sum
    of the calls' costs, with the maximum cost of a call if the server did not report it. `ended` is why it ended
    early: "spend" (its own limit), "budget" (the bot's), or null.
    """

    __tablename__ = "replays"
    __table_args__ = (one_of("source", ReplaySource), Index(None, "bot_id", "id"))

    id: Mapped[Id]
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    base_version: Mapped[int] = mapped_column(Integer)
    settings: Mapped[dict[str, Any]]
    source: Mapped[str]
    spend_limit: Mapped[Decimal | None] = mapped_column(Numeric(10, 4))
    spent: Mapped[Decimal] = mapped_column(Numeric(14, 8), server_default="0")
    ended: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[Stamp]


class ReplayItem(Tenant, Base):
    """One question of a replay, copied at its start. `before` and `after` are the results of the two settings."""

    __tablename__ = "replay_items"
    __table_args__ = (
        UniqueConstraint("replay_id", "position"),
        Index(None, "conversation_id"),
        Index(None, "case_id"),
    )

    id: Mapped[Id]
    replay_id: Mapped[int] = mapped_column(ForeignKey("replays.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("test_cases.id", ondelete="SET NULL"))
    name: Mapped[str]
    turns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    replies_in_a_row: Mapped[int] = mapped_column(Integer, server_default="0")
    expected: Mapped[Json]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    done_at: Mapped[datetime | None]
